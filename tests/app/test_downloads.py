"""What is taken away: the table as Parquet, a trace as a zip."""

import io
import zipfile

import pandas as pd
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.expert.downloads import download_routes
from svc_core.traces.catalogue import CATALOGUE, read_catalogue
from svc_core.traces.trace import open_trace
from tests.app.conftest import NAMES


@pytest.fixture
def client(own_traces) -> TestClient:
    return TestClient(Starlette(routes=download_routes()))


def test_table_has_what_fits(client, own_traces):
    answer = client.get("/table.parquet?source=alto")
    table = pd.read_parquet(io.BytesIO(answer.content))
    assert table["id"].tolist() == [NAMES[2]]
    assert list(table.columns) == list(read_catalogue(own_traces).table.columns)
    assert "attachment" in answer.headers["content-disposition"]


def test_missing_catalogue_is_said(client, own_traces):
    (own_traces / CATALOGUE).unlink()
    answer = client.get("/table.parquet")
    assert answer.status_code == 503
    assert "There are no traces here" in answer.text


def test_packed_trace_is_a_trace_again(client, own_traces, tmp_path):
    answer = client.get(f"/packed/{NAMES[0]}.zip")
    assert f'filename="{NAMES[0]}.zip"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        packed.extractall(tmp_path / "away")
    again = open_trace(tmp_path / "away" / NAMES[0])
    assert again.manifest == open_trace(own_traces / NAMES[0]).manifest
    assert (again.predicted_levels() == open_trace(own_traces / NAMES[0]).predicted_levels()).all()


@pytest.mark.parametrize("name", ["nobody", "..%2F..%2Fetc", "%00"])
def test_what_is_not_listed_is_not_there(client, name):
    assert client.get(f"/packed/{name}.zip").status_code == 404


def test_damaged_trace_is_said(client, own_traces):
    (own_traces / NAMES[0] / "predicted.npy.gz").write_bytes(b"")
    answer = client.get(f"/packed/{NAMES[0]}.zip")
    assert answer.status_code == 503
    assert "predicted.npy.gz" in answer.text

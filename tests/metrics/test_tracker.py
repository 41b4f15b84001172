"""Trackers by name, and what is said where one is not installed."""

import sys
from importlib.util import find_spec

import pytest

from svc_core.metrics.alignment import MetricError
from svc_core.metrics.crepe import load_network
from svc_core.metrics.tracker import HARVEST, TRACKERS, open_tracker
from tests.conftest import is_sentence


def test_a_missing_package_is_named_with_the_line_that_installs_it(monkeypatch):
    load_network.cache_clear()
    monkeypatch.setitem(sys.modules, "torchcrepe", None)
    with pytest.raises(MetricError, match="pip install torchcrepe") as caught:
        open_tracker("crepe")
    assert is_sentence(str(caught.value))
    assert open_tracker("harvest") is HARVEST


@pytest.mark.skipif(find_spec("torchcrepe") is None, reason="the package torchcrepe is not installed")
def test_a_tracker_carries_its_name():
    assert [open_tracker(choice).name.split()[0] for choice in TRACKERS] == ["CREPE", "Harvest"]

"""Other people's files of weights: what is no file of tensors is refused by one sentence, whatever torch says of it."""

import io
import zipfile

import pytest
import torch

from svc_core.vocoders.checkpoints import fill_network, load_tensors
from svc_core.vocoders.vocoder import VocoderError
from tests.conftest import is_sentence

WEIGHTS = {"weight": torch.ones(2, 3), "bias": torch.zeros(2)}


def stored(value) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream)
    return stream.getvalue()


def refusal(path) -> str:
    with pytest.raises(VocoderError) as caught:
        load_tensors(path)
    assert is_sentence(str(caught.value))
    return str(caught.value)


def test_what_was_saved_is_loaded(tmp_path):
    (tmp_path / "weights.pt").write_bytes(stored(WEIGHTS))
    torch.testing.assert_close(load_tensors(tmp_path / "weights.pt"), WEIGHTS)


def test_an_archive_that_unpacks_into_more_is_refused(tmp_path):
    """300 MB of zeros in 300 kB, where torch looks for the names of the tensors."""
    with zipfile.ZipFile(io.BytesIO(stored(WEIGHTS))) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "weights.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, bytes(300 << 20) if name.endswith("data.pkl") else data)
    assert (tmp_path / "weights.pt").stat().st_size < 1 << 20
    assert "weights.pt" in refusal(tmp_path / "weights.pt")


@pytest.mark.parametrize("value", [7, "text", None, [torch.zeros(3)], torch.zeros(3)])
def test_what_has_no_names_is_refused(tmp_path, value):
    (tmp_path / "weights.pt").write_bytes(stored(value))
    refusal(tmp_path / "weights.pt")


@pytest.mark.parametrize("where", ["new", "old"])
def test_a_name_longer_than_any_never_comes_to_torch(tmp_path, monkeypatch, where):
    """Torch searches such a name for minutes, to say what is wrong with it."""
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("torch is asked"))
    pickled = b"\x80\x02c" + b"collections" * 2_000 + b"\nOrderedDict\n."
    path = tmp_path / "weights.pt"
    if where == "old":
        path.write_bytes(b"\x80\x02K\x01." + pickled)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", pickled)
    refusal(path)


@pytest.mark.parametrize("data", [b"", b"\x80\x02}q\x00(X\x10\x00\x00\x00proto\x86", b"PK\x03\x04", b"\x80\x02."])
def test_what_torch_stumbles_over_is_refused(tmp_path, data):
    (tmp_path / "weights.pt").write_bytes(data)
    refusal(tmp_path / "weights.pt")


@pytest.mark.parametrize("tensors", [{3: torch.zeros(2)}, {"weight": "text", "bias": None}, {}])
def test_weights_that_are_none_do_not_fit(tmp_path, tensors):
    with pytest.raises(VocoderError, match="do not fit"):
        fill_network(torch.nn.Linear(3, 2), tensors, tmp_path / "weights.pt")

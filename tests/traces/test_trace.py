"""The trace format: what is written comes back, and one sentence for each way to be broken."""

import gzip
import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from svc_core.traces import trace as trace_module
from svc_core.traces.trace import (
    MANIFEST,
    NEEDED,
    Trace,
    TraceError,
    open_trace,
    pack_array,
    pack_predicted,
    write_trace,
)
from tests.conftest import is_sentence
from tests.traces.conftest import hand_files, hand_manifest, predictions


def refusal(folder: Path) -> str:
    """What an unreadable trace is refused with: a sentence that names it."""
    with pytest.raises(TraceError) as caught:
        open_trace(folder)
    message = str(caught.value)
    assert is_sentence(message)
    assert folder.name in message
    return message


def change_manifest(trace: Trace, **fields) -> None:
    """Overwrite fields of the manifest; None takes one away."""
    manifest = json.loads((trace.folder / MANIFEST).read_text(encoding="utf-8")) | fields
    manifest = {name: value for name, value in manifest.items() if value is not None}
    (trace.folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


# what is written comes back


def test_a_trace_survives_its_folder(hand_trace):
    again = open_trace(str(hand_trace.folder))
    assert again.id == "amen--bass--alto"
    assert again.manifest == hand_trace.manifest
    assert {name: again.manifest[name] for name in hand_manifest()} == hand_manifest()
    np.testing.assert_array_equal(again.predicted_levels(), predictions())
    assert (again.folder / "sound/source.flac").read_bytes() == hand_files()["sound/source.flac"]
    again.verify()


def test_every_file_is_listed_with_size_and_checksum(hand_trace):
    for name, data in hand_files().items():
        assert hand_trace.manifest["files"][name] == {
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
    present = {str(p.relative_to(hand_trace.folder)) for p in hand_trace.folder.rglob("*") if p.is_file()}
    assert present == {MANIFEST, *hand_files()}


def test_contours_have_names_and_a_tenth_of_a_hertz(hand_trace):
    contours = hand_trace.f0_hz()
    assert list(contours) == ["source", "asked"]
    np.testing.assert_allclose(contours["source"], 220.5)
    np.testing.assert_allclose(contours["asked"], 441.0)


def test_names_beyond_ascii_are_kept_readable(tmp_path):
    name = "şarkı--ağır"
    trace = write_trace(tmp_path, hand_manifest(name), hand_files())
    assert open_trace(tmp_path / name).id == trace.id == name
    assert name in (tmp_path / name / MANIFEST).read_text(encoding="utf-8")


def test_packing_is_deterministic_and_has_no_time_stamp():
    packed = pack_array(predictions())
    assert packed == pack_array(predictions().copy())
    assert packed[4:8] == b"\0\0\0\0"  # gzip's field for the time of writing


def test_a_packed_array_is_plain_numpy():
    array = np.arange(12, dtype=np.uint16).reshape(3, 4)
    np.testing.assert_array_equal(np.load(io.BytesIO(gzip.decompress(pack_array(array)))), array)


def test_predictions_are_stored_as_differences_modulo_256():
    levels = np.array([250, 3, 3, 0], np.uint8).reshape(4, 1, 1)
    stored = np.load(io.BytesIO(gzip.decompress(pack_predicted(levels))))
    assert stored.ravel().tolist() == [250, 9, 0, 253]
    assert stored.dtype == np.uint8


@pytest.mark.parametrize("kept", [1, 2, 9])
def test_any_levels_survive_being_packed(tmp_path, kept):
    levels = np.random.default_rng(kept).integers(0, 256, (kept, 4, 6)).astype(np.uint8)
    trace = write_trace(tmp_path, hand_manifest(), {"predicted.npy.gz": pack_predicted(levels)})
    np.testing.assert_array_equal(trace.predicted_levels(), levels)


def test_writing_again_replaces_the_old_trace_wholly(hand_trace):
    parent = hand_trace.folder.parent
    files = {"predicted.npy.gz": pack_predicted(predictions()[:3])}
    replaced = write_trace(parent, hand_manifest(vocoder="another"), files)
    assert replaced.manifest["vocoder"] == "another"
    assert {p.name for p in replaced.folder.rglob("*")} == {MANIFEST, "predicted.npy.gz"}
    assert [p.name for p in parent.iterdir()] == ["amen--bass--alto"]


def test_writing_leaves_no_hidden_folder(hand_trace):
    assert [p.name for p in hand_trace.folder.parent.iterdir()] == ["amen--bass--alto"]


def test_parents_are_made(tmp_path):
    assert write_trace(tmp_path / "a" / "b", hand_manifest(), hand_files()).folder.is_dir()


def test_reading_needs_neither_torch_nor_streamlit():
    code = (
        "import sys; from svc_core.traces import catalogue, recorder, replay, trace;"
        "print(sorted({'torch', 'streamlit', 'librosa', 'pyworld', 'soundfile'} & set(sys.modules)))"
    )
    root = Path(trace_module.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# what is refused when it is opened


def test_a_missing_folder_is_refused(tmp_path):
    assert "is not a trace" in refusal(tmp_path / "nowhere")


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "photo.jpg").touch()
    assert "is not a trace" in refusal(tmp_path / "holiday")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b'{"format": "singsteps-trace-1"'])
def test_a_damaged_manifest_is_refused(hand_trace, content):
    (hand_trace.folder / MANIFEST).write_bytes(content)
    assert "is damaged" in refusal(hand_trace.folder)


@pytest.mark.parametrize("content", ["[]", "null", '"trace"', "7", "{}"])
def test_a_manifest_that_is_no_table_of_fields_is_refused(hand_trace, content):
    (hand_trace.folder / MANIFEST).write_text(content)
    assert "is of format None" in refusal(hand_trace.folder)


def test_a_later_format_is_refused_with_what_to_do(hand_trace):
    change_manifest(hand_trace, format="singsteps-trace-2")
    message = refusal(hand_trace.folder)
    assert "'singsteps-trace-2'" in message
    assert "update SingSteps" in message


@pytest.mark.parametrize("field", sorted(NEEDED))
def test_a_missing_or_malformed_field_is_named(hand_trace, field):
    change_manifest(hand_trace, **{field: None})
    assert f"'{field}' is missing" in refusal(hand_trace.folder)
    change_manifest(hand_trace, **{field: 1.5})
    assert f"'{field}' is missing from trace.json or malformed" in refusal(hand_trace.folder)


def test_a_folder_under_another_name_is_refused(hand_trace):
    moved = hand_trace.folder.rename(hand_trace.folder.parent / "renamed")
    assert "amen--bass--alto" in refusal(moved)


def test_a_missing_file_is_named(hand_trace):
    (hand_trace.folder / "f0.npy.gz").unlink()
    assert "f0.npy.gz is missing" in refusal(hand_trace.folder)


def test_a_truncated_file_is_named_with_both_sizes(hand_trace):
    path = hand_trace.folder / "predicted.npy.gz"
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:100])
    assert f"predicted.npy.gz has 100 bytes, not {size}" in refusal(hand_trace.folder)


@pytest.mark.parametrize("name", ["../escape", "sound/../../escape", "/etc/hostname"])
def test_a_file_name_that_leads_out_is_refused(hand_trace, name):
    (hand_trace.folder.parent / "escape").write_bytes(b"12345")
    change_manifest(hand_trace, files={name: {"bytes": 5, "sha256": ""}})
    assert "leads out of its folder" in refusal(hand_trace.folder)


def test_a_link_that_leads_out_is_refused(hand_trace):
    (hand_trace.folder.parent / "elsewhere").write_bytes(b"12345")
    (hand_trace.folder / "inside").symlink_to(hand_trace.folder.parent / "elsewhere")
    change_manifest(hand_trace, files={"inside": {"bytes": 5, "sha256": ""}})
    assert "leads out of its folder" in refusal(hand_trace.folder)


@pytest.mark.parametrize("facts", [None, 5, [], {}, {"bytes": "many"}])
def test_a_file_without_its_facts_is_refused(hand_trace, facts):
    change_manifest(hand_trace, files={"predicted.npy.gz": facts})
    assert "predicted.npy.gz" in refusal(hand_trace.folder)


# what is refused when it is read


def broken_array(trace: Trace, data: bytes) -> str:
    """What reading predicted.npy.gz says after its bytes were replaced."""
    (trace.folder / "predicted.npy.gz").write_bytes(data)
    with pytest.raises(TraceError) as caught:
        trace.predicted_levels()
    message = str(caught.value)
    assert is_sentence(message)
    assert "predicted.npy.gz" in message
    return message


def test_a_flipped_byte_is_found_by_verifying(hand_trace):
    path = hand_trace.folder / "sound/source.flac"
    data = bytearray(path.read_bytes())
    data[7] ^= 1
    path.write_bytes(data)
    again = open_trace(hand_trace.folder)  # its size has not changed
    with pytest.raises(TraceError, match=r"sound/source\.flac is not what was written") as caught:
        again.verify()
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize("name", ["notes.txt", "sound/other.mp3"])
def test_a_file_that_is_no_part_of_it_is_found_by_verifying(hand_trace, name):
    (hand_trace.folder / name).touch()
    with pytest.raises(TraceError, match=name) as caught:
        hand_trace.verify()
    assert is_sentence(str(caught.value))


def test_every_flipped_byte_of_an_array_is_refused_or_harmless(hand_trace):
    """Whatever the damage, no other error than the trace's own comes out."""
    data = (hand_trace.folder / "predicted.npy.gz").read_bytes()
    refused = 0
    for place in range(0, len(data), 5):
        flipped = bytearray(data)
        flipped[place] ^= 0xFF
        (hand_trace.folder / "predicted.npy.gz").write_bytes(flipped)
        try:
            hand_trace.predicted_levels()
        except TraceError:
            refused += 1
    assert refused > len(data) / 5 * 0.9


def test_an_array_cut_off_is_refused(hand_trace):
    data = (hand_trace.folder / "predicted.npy.gz").read_bytes()
    broken_array(hand_trace, data[: len(data) // 2])


@pytest.mark.parametrize("data", [b"", b"plain text", gzip.compress(b"no array"), gzip.compress(b"")])
def test_what_is_no_array_is_refused(hand_trace, data):
    broken_array(hand_trace, data)


def test_an_array_of_objects_is_refused(hand_trace):
    """It would be a pickle: code of a stranger."""
    plain = io.BytesIO()
    np.save(plain, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    broken_array(hand_trace, gzip.compress(plain.getvalue()))


def test_a_file_that_has_gone_since_is_refused(hand_trace):
    (hand_trace.folder / "f0.npy.gz").unlink()
    with pytest.raises(TraceError, match=r"f0\.npy\.gz"):
        hand_trace.f0_hz()
    with pytest.raises(TraceError, match=r"f0\.npy\.gz"):
        hand_trace.verify()


def test_a_file_without_a_checksum_cannot_be_verified(hand_trace):
    facts = dict(hand_trace.manifest["files"])
    facts["f0.npy.gz"] = {"bytes": facts["f0.npy.gz"]["bytes"]}
    change_manifest(hand_trace, files=facts)
    with pytest.raises(TraceError, match=r"f0\.npy\.gz"):
        open_trace(hand_trace.folder).verify()


@pytest.mark.parametrize("rows", [None, [], ["source"], ["a", "b", "c"]])
def test_contours_whose_names_do_not_fit_are_refused(hand_trace, rows):
    change_manifest(hand_trace, f0_rows=rows)
    with pytest.raises(TraceError):
        open_trace(hand_trace.folder).f0_hz()

"""Reading a trace: what was written comes back, here and from far, and one sentence for each way to be broken."""

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from svc_core.diffusion.walk import COLUMNS
from svc_core.traces import trace as trace_module
from svc_core.traces.arrays import pack_array
from svc_core.traces.manifest import MANIFEST, Contours, FileFacts, Manifest
from svc_core.traces.place import place_of
from svc_core.traces.trace import Trace, TraceError, open_trace
from svc_core.traces.writing import write_trace
from tests.conftest import is_sentence
from tests.support.hand_traces import hand_files, hand_manifest, hand_pictures, hand_walk, listed
from tests.traces.conftest import BAD

SAMPLERS = ("ddpm", "ddim", "euler", "heun", "consistency")


def refusal(act, *named: str) -> str:
    """What ``act`` is refused with: a sentence with these words in it."""
    with pytest.raises(TraceError) as caught:
        act()
    message = str(caught.value)
    assert is_sentence(message)
    assert len(message) < 600
    for name in named:
        assert name in message
    return message


def opening(trace: Trace, *named: str) -> str:
    return refusal(lambda: open_trace(trace.folder), trace.folder.name[:80], *named)


def change_manifest(trace: Trace, **changes) -> None:
    """Write fields of the manifest anew, the files left as they are."""
    value = json.loads((trace.folder / MANIFEST).read_text(encoding="utf-8")) | changes
    (trace.folder / MANIFEST).write_text(json.dumps(value), encoding="utf-8")


def put(trace: Trace, name: str, data: bytes) -> Trace:
    """The trace with other bytes in a file, which its manifest owns to."""
    (trace.folder / name).write_bytes(data)
    files = trace.manifest.files | {name: FileFacts(len(data), hashlib.sha256(data).hexdigest())}
    manifest = replace(trace.manifest, files=files)
    (trace.folder / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
    return open_trace(trace.folder)


def everything(trace: Trace) -> dict[str, object]:
    """All that a trace says of itself."""
    said = {
        "walk": np.stack([getattr(trace.walk(), column) for column in COLUMNS]),
        "predicted": trace.predicted_levels(),
        "second": trace.second_levels(),
        "result": trace.result_levels(),
        "source": trace.source_levels(),
        "reference": trace.reference_levels(),
        "metrics": trace.metrics().to_csv(),
        **{f"f0 {name}": contour for name, contour in trace.f0_hz().items()},
        **{f"sound {name}": trace.read(name) for name in trace.manifest.files if name.startswith("sound/")},
    }
    if trace.manifest.hidden is not None:
        said["places"] = trace.hidden_places()
        said |= {f"vectors {name}": vectors for name, vectors in trace.hidden_vectors().items()}
        said |= {f"{kind} {name}": at for name, maps in trace.hidden_maps().items() for kind, at in maps.items()}
    return said


def assert_same(one: dict[str, object], other: dict[str, object]) -> None:
    assert list(one) == list(other)
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


# what is written comes back


@pytest.mark.parametrize("detail", ["full", "light"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_trace_of_each_sampler_comes_back(tmp_path, sampler, detail):
    manifest = hand_manifest(sampler=sampler, detail=detail, steps=9)
    trace = write_trace(tmp_path, manifest, hand_files(manifest))
    assert replace(trace.manifest, files={}) == manifest
    levels, quantum = hand_pictures(manifest), manifest.pictures.quantum
    predicted = trace.predicted_levels()
    assert np.abs(predicted.astype(int) - levels).max() <= quantum / 2
    np.testing.assert_array_equal(trace.result_levels(), levels[-1])
    np.testing.assert_array_equal(trace.result_levels(), predicted[-1])
    np.testing.assert_array_equal(trace.source_levels(), levels[-1])
    np.testing.assert_array_equal(trace.reference_levels(), np.full((5, 16), 90))
    assert (trace.second_levels() is not None) == (sampler == "heun")
    if sampler == "heun":
        assert np.abs(trace.second_levels().astype(int) - np.minimum(levels, 250) - 5).max() <= quantum / 2
    trace.verify()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_walk_comes_back_in_single_precision(tmp_path, sampler):
    manifest = hand_manifest(sampler=sampler, steps=9)
    again, walk = write_trace(tmp_path, manifest, hand_files(manifest)).walk(), hand_walk(sampler, 9)
    for column in COLUMNS:
        np.testing.assert_allclose(getattr(again, column), getattr(walk, column), rtol=1e-7)
    np.testing.assert_array_equal(again.step, walk.step)
    np.testing.assert_array_equal(again.address, walk.address)
    assert again.step.dtype.kind == again.address.dtype.kind == "i"
    assert (again.start_weight, again.start_address) == (walk.start_weight, walk.start_address)


def test_a_trace_survives_its_folder(hand_trace):
    again = open_trace(str(hand_trace.folder))
    assert again == hand_trace
    assert again.id == "amen--bass--alto"
    assert_same(everything(again), everything(hand_trace))
    for name, data in hand_files(hand_manifest()).items():
        assert again.read(name) == data


def test_every_file_is_listed_with_size_and_checksum(hand_trace):
    files = hand_files(hand_manifest())
    for name, data in files.items():
        assert hand_trace.manifest.files[name] == FileFacts(len(data), hashlib.sha256(data).hexdigest())
    present = {str(p.relative_to(hand_trace.folder)) for p in hand_trace.folder.rglob("*") if p.is_file()}
    assert present == {MANIFEST, *files}


def test_contours_have_names_and_a_tenth_of_a_hertz(hand_trace):
    """220.5 Hz and a hertz more in each row; the first two frames are unvoiced."""
    contours = hand_trace.f0_hz()
    places = hand_trace.manifest.contours
    names = [f"predicted_{place:04d}" for place in places.predicted] + [f"state_{place:04d}" for place in places.state]
    assert list(contours) == ["source", "asked", *names, "target"]
    assert contours["source"].tolist() == [0, 0, *[220.5] * 10]
    assert contours["asked"].tolist() == [0, 0, *[221.5] * 10]
    assert contours["predicted_0000"][2] == 222.5
    assert contours[names[-1]][2] == pytest.approx(220.5 + len(names) + 1)
    assert contours["target"].tolist() == [440.0] * 16
    assert {contour.dtype for contour in contours.values()} == {np.dtype(np.float32)}


def test_a_trace_without_a_recording_of_its_target(tmp_path):
    manifest = hand_manifest(reference=None, reference_frames=0)
    trace = write_trace(tmp_path, manifest, hand_files(manifest))
    assert trace.reference_levels() is None
    assert "target" not in trace.f0_hz()


def test_a_trace_without_hidden_features_says_so(tmp_path):
    manifest = hand_manifest(hidden=None)
    trace = write_trace(tmp_path, manifest, hand_files(manifest))
    for ask in (trace.hidden_places, trace.hidden_vectors, trace.hidden_maps):
        refusal(ask, "keeps no hidden features")


def test_hidden_features_by_hand(hand_trace):
    """Every second of eight places, the last among them; whole numbers times their scale, as running sums."""
    assert hand_trace.hidden_places().tolist() == [1, 3, 5, 7]
    changes = np.zeros((2, 3, 4), "<i2")
    changes[0, 1] = [32_000, 32_000, -32_000, 1]  # wraps around on its way
    trace = put(hand_trace, "hidden.npy.gz", pack_array(changes))
    vectors = trace.hidden_vectors()
    assert list(vectors) == ["block_1", "block_2"]
    assert vectors["block_1"].shape == (4, 3)
    np.testing.assert_allclose(vectors["block_1"][:, 1], [320.0, -15.36, 320.0, 320.01], rtol=1e-5)
    assert not vectors["block_2"].any()
    maps = trace.hidden_maps()
    assert {kind: at.shape for kind, at in maps["block_1"].items()} == {"pca": (4, 2), "tsne": (4, 2)}
    assert all(np.abs(at).max() <= 1 for both in maps.values() for at in both.values())


def test_metrics_larger_than_any_are_refused_unread(hand_trace):
    manifest = hand_trace.manifest
    facts = manifest.files | {"metrics.csv": FileFacts((8 << 20) + 1, "0" * 64)}
    refusal(replace(hand_trace, manifest=replace(manifest, files=facts)).metrics, "larger than 8 MiB")


def test_metrics_are_a_table(hand_trace):
    table = hand_trace.metrics()
    assert set(table.kind) == {"predicted", "state"}
    places = hand_trace.manifest.contours.predicted
    assert table.place[table.kind == "predicted"].tolist() == places
    walk = hand_trace.walk()
    for row in table.itertuples():
        assert row.step == walk.step[row.place]
        assert row.snr_db == pytest.approx(walk.snr_db[row.place], abs=1e-3)


def test_the_result_needs_no_more_than_the_beginning_of_its_file(hand_trace):
    """It is the first picture to come, and the rest is not even unpacked."""
    rng = np.random.default_rng(0)
    places = hand_trace.manifest.pictures.places
    packed = pack_array(rng.integers(0, 256, (len(places), 5, 12)).astype(np.uint8))
    damaged = packed[:-20] + bytes(20)
    assert put(hand_trace, "predicted.npy.gz", damaged).result_levels().shape == (5, 12)
    refusal(put(hand_trace, "predicted.npy.gz", damaged).predicted_levels, "predicted.npy.gz")


def test_reading_needs_neither_torch_nor_streamlit():
    modules = "arrays, catalogue, coding, manifest, parsing, place, recorder, replay, scale, steps, trace, writing"
    code = (
        f"import sys; from svc_core.traces import {modules};"
        "heavy = {'torch', 'streamlit', 'librosa', 'pyworld', 'soundfile', 'fsspec', 'sklearn'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(trace_module.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# from far


def test_a_remote_trace_says_the_same(hand_trace, serve_folder):
    far = open_trace(f"{serve_folder(hand_trace.folder.parent)}/{hand_trace.id}")
    assert far.manifest == hand_trace.manifest
    assert_same(everything(far), everything(hand_trace))
    far.verify()
    refusal(lambda: far.folder, far.place.address, "copy it")


def test_a_remote_trace_is_broken_in_the_same_sentences(hand_trace, serve_folder):
    pytest.importorskip("aiohttp")
    address = serve_folder(hand_trace.folder.parent)
    far = open_trace(place_of(address).child(hand_trace.id))
    data = bytearray((hand_trace.folder / "metrics.csv").read_bytes())
    data[7] ^= 1
    (hand_trace.folder / "metrics.csv").write_bytes(data)
    refusal(far.verify, "metrics.csv is not what was written")
    (hand_trace.folder / "metrics.csv").write_bytes(data[:-1])
    refusal(far.metrics, f"metrics.csv has {len(data) - 1} bytes, not {len(data)}")
    (hand_trace.folder / "metrics.csv").write_bytes(data + b"\n")
    refusal(far.metrics, "metrics.csv", "longer than")
    (hand_trace.folder / "metrics.csv").unlink()
    refusal(far.metrics, "metrics.csv is missing")
    refusal(lambda: open_trace(f"{address}/nowhere"), "nowhere", MANIFEST)
    hand_trace.folder.rename(hand_trace.folder.with_name("renamed"))
    refusal(lambda: open_trace(f"{address}/renamed"), "renamed", hand_trace.id)


@pytest.mark.parametrize("handler", BAD)
def test_a_bad_server_holds_no_trace(serve, handler):
    refusal(lambda: open_trace(f"{serve(handler)}/amen"), "amen", MANIFEST)


# what is refused when it is opened


def test_a_missing_folder_is_refused(tmp_path):
    refusal(lambda: open_trace(tmp_path / "nowhere"), "'nowhere' is not a trace")


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "photo.jpg").touch()
    refusal(lambda: open_trace(tmp_path / "holiday"), "'holiday' is not a trace")
    refusal(lambda: open_trace(tmp_path / "holiday" / "photo.jpg"), "'photo.jpg' is not a trace")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\0", b"[" * 100_000, b'{"format": "singsteps-trace-2"'])
def test_a_damaged_manifest_is_refused(hand_trace, content):
    (hand_trace.folder / MANIFEST).write_bytes(content)
    opening(hand_trace, "is damaged", "svc_core.precompute")


def test_a_manifest_of_three_megabytes_is_not_even_parsed(hand_trace):
    (hand_trace.folder / MANIFEST).write_bytes(b" " * (3 << 20))
    opening(hand_trace, "longer than")


@pytest.mark.parametrize("content", ["[]", "null", '"trace"', "7"])
def test_a_manifest_that_is_no_object_is_refused(hand_trace, content):
    (hand_trace.folder / MANIFEST).write_text(content)
    opening(hand_trace, "it is no object")


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ("singsteps-trace-4", "update SingSteps"),
        ("singsteps-trace-1", "record it again"),
        ("other", "none of SingSteps"),
        ("singsteps-trace-" + "9" * 5_000, "none of SingSteps"),
    ],
    ids=["later", "earlier", "foreign", "absurd"],
)
def test_another_version_is_refused_with_what_to_do(hand_trace, found, says):
    change_manifest(hand_trace, format=found)
    opening(hand_trace, says)


def test_a_wrong_field_is_named(hand_trace):
    change_manifest(hand_trace, frames=1.5)
    opening(hand_trace, "'frames' must be a whole number")


def test_a_folder_under_another_name_is_refused(hand_trace):
    moved = hand_trace.folder.rename(hand_trace.folder.parent / "renamed")
    refusal(lambda: open_trace(moved), "renamed", "amen--bass--alto")


def test_a_missing_file_is_named(hand_trace):
    (hand_trace.folder / "f0.npy.gz").unlink()
    opening(hand_trace, "f0.npy.gz is missing")


def test_a_file_that_is_a_folder_is_missing(hand_trace):
    (hand_trace.folder / "f0.npy.gz").unlink()
    (hand_trace.folder / "f0.npy.gz").mkdir()
    opening(hand_trace, "f0.npy.gz is missing")


@pytest.mark.parametrize("change", [-100, -1, 1, 1_000])
def test_a_file_of_another_length_is_named_with_both(hand_trace, change):
    path = hand_trace.folder / "sound/source.flac"
    data = path.read_bytes()
    path.write_bytes((data + bytes(1_000))[: len(data) + change])
    opening(hand_trace, f"sound/source.flac has {len(data) + change} bytes, not {len(data)}")


@pytest.mark.parametrize("name", ["../escape.txt", "sound/../../escape.txt", "/etc/hostname", "..\\escape.txt"])
def test_a_file_name_that_leads_out_is_refused(hand_trace, name):
    (hand_trace.folder.parent / "escape.txt").write_bytes(b"12345")
    facts = {name: {"bytes": 5, "sha256": ""}}
    change_manifest(hand_trace, files=json.loads(hand_trace.manifest.to_json())["files"] | facts)
    opening(hand_trace, "is no part of a trace")


def test_a_link_that_leads_out_is_refused(hand_trace):
    path = hand_trace.folder / "metrics.csv"
    path.rename(hand_trace.folder.parent / "elsewhere.csv")
    path.symlink_to(hand_trace.folder.parent / "elsewhere.csv")
    opening(hand_trace, "metrics.csv", "leads out of its folder")


def test_a_folder_of_sounds_that_leads_out_is_refused(hand_trace):
    (hand_trace.folder / "sound").rename(hand_trace.folder.parent / "elsewhere")
    (hand_trace.folder / "sound").symlink_to(hand_trace.folder.parent / "elsewhere")
    opening(hand_trace, "leads out of its folder")


def test_a_link_to_nowhere_and_a_ring_of_links_are_missing(hand_trace):
    path = hand_trace.folder / "metrics.csv"
    path.unlink()
    path.symlink_to(hand_trace.folder / "nowhere")
    opening(hand_trace, "metrics.csv is missing")
    path.unlink()
    path.symlink_to(path)
    opening(hand_trace, "metrics.csv")


def test_a_trace_may_be_reached_by_a_link(hand_trace, tmp_path):
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / hand_trace.id).symlink_to(hand_trace.folder)
    assert_same(everything(open_trace(tmp_path / "links" / hand_trace.id)), everything(hand_trace))


# what is refused when it is read


def test_a_flipped_byte_is_found_by_verifying(hand_trace):
    path = hand_trace.folder / "sound/source.flac"
    data = bytearray(path.read_bytes())
    data[7] ^= 1
    path.write_bytes(data)
    again = open_trace(hand_trace.folder)  # its size has not changed
    refusal(again.verify, "sound/source.flac is not what was written")


@pytest.mark.parametrize("name", ["notes.txt", "sound/other.mp3", ".hidden", "deep/er/file"])
def test_a_file_that_is_no_part_of_it_is_found_by_verifying(hand_trace, name):
    (hand_trace.folder / name).parent.mkdir(parents=True, exist_ok=True)
    (hand_trace.folder / name).touch()
    refusal(hand_trace.verify, name)


def test_a_file_that_is_not_listed_is_not_read(hand_trace):
    (hand_trace.folder / "notes.txt").write_text("secret")
    refusal(lambda: hand_trace.read("notes.txt"), "notes.txt")
    refusal(lambda: hand_trace.read("../" + "x" * 5_000), "it has no file")
    refusal(lambda: hand_trace.read(MANIFEST), MANIFEST)


def test_a_file_that_has_gone_since_is_refused(hand_trace):
    (hand_trace.folder / "f0.npy.gz").unlink()
    refusal(hand_trace.f0_hz, "f0.npy.gz is missing")
    refusal(hand_trace.verify, "f0.npy.gz is missing")


READERS = {
    "walk.npy.gz": "walk",
    "predicted.npy.gz": "predicted_levels",
    "source.npy.gz": "source_levels",
    "target.npy.gz": "reference_levels",
    "f0.npy.gz": "f0_hz",
    "target_f0.npy.gz": "f0_hz",
    "metrics.csv": "metrics",
    "hidden.npy.gz": "hidden_vectors",
    "maps.npy.gz": "hidden_maps",
}


@pytest.mark.parametrize(("name", "reader"), READERS.items())
def test_a_file_of_another_shape_or_of_nothing_is_refused(hand_trace, name, reader):
    pickled = io.BytesIO()
    np.save(pickled, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    bad = [b"", b"plain text", gzip.compress(b""), gzip.compress(b"no array"), gzip.compress(pickled.getvalue())]
    bad += [pack_array(np.zeros(shape, kind)) for shape in [(1,), (3, 4, 5, 6)] for kind in ("u1", "<u2", "<f4")]
    for data in bad:
        refusal(getattr(put(hand_trace, name, data), reader), name)


@pytest.mark.parametrize("name", READERS)
def test_every_flipped_byte_is_refused_or_harmless(hand_trace, name):
    """Whatever the damage, no other error than the trace's own comes out."""
    data, refused = (hand_trace.folder / name).read_bytes(), 0
    places = range(0, len(data), max(1, len(data) // 40))
    for place in places:
        flipped = bytearray(data)
        flipped[place] ^= 0xFF
        (hand_trace.folder / name).write_bytes(flipped)
        try:
            getattr(hand_trace, READERS[name])()
        except TraceError as error:
            assert is_sentence(str(error))
            refused += 1
    if name.endswith(".gz"):
        assert refused > 0.8 * len(places)


@pytest.mark.parametrize("change", [-1, 1])
def test_contours_whose_number_does_not_fit_are_refused(hand_trace, change):
    kept = hand_trace.manifest.contours
    places = kept.predicted[:-1] if change < 0 else [0, 1, 2, 3, 4, 5, 6, 7]
    assert places != kept.predicted
    fewer = replace(hand_trace, manifest=replace(hand_trace.manifest, contours=Contours(places, kept.state)))
    refusal(fewer.f0_hz, "f0.npy.gz", "of shape")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *[("sigma", 0.0), ("sigma", -1.0), ("sigma", np.nan), ("predicted", np.inf), ("noise", np.nan)],
        *[("address", -1.0), ("address", 2.0**32), ("address", np.nan), ("step", -1.0), ("step", 3e38)],
    ],
)
def test_a_walk_of_impossible_numbers_is_refused(hand_trace, column, value):
    walk = hand_walk("ddpm", 8)
    table = np.stack([getattr(walk, name) for name in COLUMNS]).astype(np.float32)
    table[COLUMNS.index(column), 3] = value
    refusal(put(hand_trace, "walk.npy.gz", pack_array(table)).walk, "walk.npy.gz")


@pytest.mark.filterwarnings("ignore::pandas.errors.ParserWarning")
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\0\0\0",
        b"\xff\xfe\xfd",
        b"la la la\n",
        b"place,step,sigma,snr_db\n0,1,2,3\n",
        b"place,step,sigma,snr_db,kind\n0,1,2,3,predicted,5,6,7\n0,1\n",
        b'place,step,sigma,snr_db,kind\n0,1,2,3,"predicted\n',
        b"place,step,sigma,snr_db,kind\nzero,1,2,3,predicted\n",
        b"place,step,sigma,snr_db,kind\n0,1,2,loud,predicted\n",
        b"place,step,sigma,snr_db,kind\n0.5,1,2,3,predicted\n",
        b"place,step,sigma,snr_db,kind\n8,1,2,3,predicted\n",
        b"place,step,sigma,snr_db,kind\n-1,1,2,3,predicted\n",
        b"place,step,sigma,snr_db,kind\n,1,2,3,predicted\n",
        b"place,step,sigma,snr_db,kind,rpa\n0,1,2,3,predicted,high\n",
    ],
    ids=range(15),
)
def test_damaged_metrics_are_refused(hand_trace, data):
    refusal(put(hand_trace, "metrics.csv", data).metrics, "metrics.csv")


def test_metrics_of_a_hundred_columns_are_read_and_of_more_refused(hand_trace):
    header, *rows = (hand_trace.folder / "metrics.csv").read_text().splitlines()
    for columns, refused in ((100, False), (101, True)):
        more = range(columns - header.count(",") - 1)
        lines = [header + "".join(f",m{n}" for n in more), *(row + ",0.5" * len(more) for row in rows)]
        trace = put(hand_trace, "metrics.csv", "\n".join(lines).encode() + b"\n")
        if refused:
            refusal(trace.metrics, "metrics.csv", "too many columns")
        else:
            assert trace.metrics().shape[1] == 100


def test_metrics_may_have_holes_and_columns_of_later_versions(hand_trace):
    data = b"place,step,sigma,snr_db,kind,rpa,invented\n0,7,2,3,predicted,,1\n7,0,1,4,state,0.5,2\n"
    table = put(hand_trace, "metrics.csv", data).metrics()
    assert np.isnan(table.rpa[0])
    assert table.rpa[1] == 0.5


def test_a_manifest_that_claims_much_costs_nothing(hand_trace):
    """Shapes are checked against what the files hold, which is checked against its size."""
    manifest: Manifest = replace(hand_trace.manifest, frames=8_192)
    claiming = replace(hand_trace, manifest=manifest)
    for reader in ("predicted_levels", "source_levels", "f0_hz"):
        refusal(getattr(claiming, reader), "of shape")
    assert listed("a.txt", 5)["a.txt"].bytes == 5


def test_a_copied_folder_is_the_same_trace(hand_trace, tmp_path):
    copied = shutil.copytree(hand_trace.folder, tmp_path / "copy" / hand_trace.id)
    assert_same(everything(open_trace(copied)), everything(hand_trace))
    open_trace(copied).verify()

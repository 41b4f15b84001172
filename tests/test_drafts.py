"""The command that makes drafts: what it checks, writes and leaves; and the shipped ones fit their traces."""

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svc_core import drafts
from svc_core.config import GridConfig
from svc_core.drafts import FORMAT, INDEX, Draft, DraftError, main, make_draft, write_drafts
from svc_core.traces.arrays import unpack_array
from svc_core.traces.coding import decode_pictures
from svc_core.traces.scale import to_db
from svc_core.traces.trace import Trace, open_trace
from svc_core.traces.writing import write_trace
from tests.support.hand_traces import hand_files, hand_manifest

SHIPPED = Path(__file__).resolve().parents[1] / "precomputed"
DRAFTS = SHIPPED / "lessons" / "draft"
FRAMES = 40


class Silence:
    name = "silence"

    def synthesize(self, mel: np.ndarray) -> np.ndarray:
        return np.zeros(mel.shape[1] * 256, np.float32)


class Model:
    """What make_draft asks of a model."""

    class config:
        grid = GridConfig()


def hand_trace(folder: Path, **changes) -> Trace:
    manifest = hand_manifest("hand", "euler", 8, bands=100, frames=FRAMES, **changes)
    return write_trace(folder, manifest, hand_files(manifest))


def predicted(trace: Trace) -> np.ndarray:
    """The trace's own first prediction, normalised."""
    scale = trace.manifest.scale
    return (to_db(trace.predicted_levels())[0] - scale.mel_mean_db) / scale.mel_std_db


def entry(trace: str) -> Draft:
    return Draft(trace, f"{trace}.npy.gz", "0", f"{trace}.mp3", "0", 0.4, "silence", "CC0", ["Made for tests"])


def test_a_draft_is_kept_as_the_traces_pictures_are(tmp_path, monkeypatch):
    trace = hand_trace(tmp_path)
    draft = np.linspace(-2, 2, 100 * FRAMES, dtype=np.float32).reshape(100, FRAMES)
    monkeypatch.setattr(drafts, "draft_and_first", lambda *_: (draft, predicted(trace)))
    made, files = make_draft(trace, Model, None, Silence())
    assert made.trace == "hand"
    assert made.first_prediction_error_db == 0
    kept = decode_pictures(unpack_array(files[made.picture], "|u1", (1, 100, FRAMES)), [0], 1)
    scale = trace.manifest.scale
    assert np.abs(to_db(kept)[0] - (draft * scale.mel_std_db + scale.mel_mean_db)).max() <= 0.2501
    assert made.picture_sha256 == hashlib.sha256(files[made.picture]).hexdigest()
    samples, rate_hz = soundfile.read(io.BytesIO(files[made.sound]))
    assert rate_hz == 24_000
    assert len(samples) / rate_hz == pytest.approx(FRAMES * 256 / 24_000, abs=0.06)


def test_another_recording_is_noticed_by_its_first_prediction(tmp_path, monkeypatch):
    trace = hand_trace(tmp_path)
    off = predicted(trace) + np.float32(3 / trace.manifest.scale.mel_std_db)  # 3 dB everywhere
    monkeypatch.setattr(drafts, "draft_and_first", lambda *_: (off, off))
    with pytest.raises(DraftError, match=r"'hand'.* dB off"):
        make_draft(trace, Model, None, Silence())
    longer = np.zeros((100, FRAMES + 1), np.float32)
    monkeypatch.setattr(drafts, "draft_and_first", lambda *_: (longer, longer))
    with pytest.raises(DraftError, match="inf dB off"):
        make_draft(trace, Model, None, Silence())


@pytest.mark.parametrize("change", [{"name": "ddpm"}, {"without": ["melody"]}, {"defect": "sigma-max"}])
def test_what_is_no_plain_conversion_of_the_teachers_is_refused(tmp_path, change):
    trace = hand_trace(tmp_path)
    manifest = replace(trace.manifest, sampler=replace(trace.manifest.sampler, **change))
    with pytest.raises(DraftError, match="no plain conversion"):
        make_draft(replace(trace, manifest=manifest), Model, None, Silence())


def test_what_no_entry_names_is_removed(tmp_path):
    write_drafts(tmp_path, [entry("old")], {"old.npy.gz": b"1", "old.mp3": b"2"})
    write_drafts(tmp_path, [entry("new")], {"new.npy.gz": b"3", "new.mp3": b"4"})
    assert {path.name for path in tmp_path.iterdir()} == {INDEX, "new.npy.gz", "new.mp3"}
    index = json.loads((tmp_path / INDEX).read_text(encoding="utf-8"))
    assert index["format"] == FORMAT
    assert [one["trace"] for one in index["drafts"]] == ["new"]


def test_what_is_missing_is_said_in_a_sentence(tmp_path, capsys):
    options = ["--trace", str(tmp_path), "--model", str(tmp_path / "none"), "--corpus", str(tmp_path)]
    assert main(options) == 2
    assert capsys.readouterr().err.startswith("drafts: ")


def test_the_shipped_drafts_are_those_of_the_index_and_fit_their_traces():
    index = json.loads((DRAFTS / INDEX).read_text(encoding="utf-8"))
    assert index["format"] == FORMAT
    named = {one[kind] for one in index["drafts"] for kind in ("picture", "sound")}
    assert {path.name for path in DRAFTS.iterdir()} == {INDEX, *named}
    assert len(index["drafts"]) == 4
    for one in index["drafts"]:
        trace = open_trace(SHIPPED / one["trace"])
        manifest = trace.manifest
        picture, sound = ((DRAFTS / one[kind]).read_bytes() for kind in ("picture", "sound"))
        assert one["picture_sha256"] == hashlib.sha256(picture).hexdigest()
        assert one["sound_sha256"] == hashlib.sha256(sound).hexdigest()
        assert (one["licence"], one["attribution"]) == (manifest.licence, manifest.attribution)
        assert one["first_prediction_error_db"] < 0.5  # a light trace's rounding alone is .43 dB
        levels = decode_pictures(unpack_array(picture, "|u1", (1, manifest.grid.n_mels, manifest.frames)), [0], 1)[0]
        result, draft = to_db(trace.result_levels()), to_db(levels)
        assert 2 < np.sqrt(np.mean((draft - result) ** 2)) < 6
        assert np.abs(np.diff(draft, axis=1)).mean() < 0.8 * np.abs(np.diff(result, axis=1)).mean()  # too smooth
        samples, _ = soundfile.read(io.BytesIO(sound))
        assert len(samples) / 24_000 == pytest.approx(manifest.seconds, abs=0.06)

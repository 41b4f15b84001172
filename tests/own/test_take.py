"""A take's folder: what is kept of a recording, to the byte, and what another worker reads of it."""

import json

import numpy as np
import pytest
import soundfile

from svc_core.conversion.hearing import PEAK
from svc_core.conversion.job import Credit
from svc_core.conversion.material import Source
from svc_core.own.take import FEATURES, SAMPLES, Origin, Take, write_pictures
from svc_core.sound.audio import AudioError
from tests.conftest import is_sentence
from tests.own.conftest import FRAMES, GRID, made_features, sung

LN_PER_DB = np.log(10) / 20


@pytest.fixture
def kept(tmp_path) -> tuple[Take, Source]:
    source = Source(3 * sung(), made_features(np.linspace(100, 300, FRAMES), gain_db=9.5))
    take = Take(tmp_path)
    take.keep(source, Origin(), GRID)
    return take, source


def test_what_is_kept_is_read_again(kept):
    take, source = kept
    again = take.source()
    np.testing.assert_array_equal(again.samples, source.samples)
    assert again.samples.dtype == np.float32
    for name in ("mel", "f0_hz", "loudness_db", "content"):
        np.testing.assert_array_equal(getattr(again.features, name), getattr(source.features, name))
    assert again.features.gain_db == 9.5


def test_its_files_are_all_that_is_there(kept):
    take, _ = kept
    assert sorted(path.name for path in take.folder.iterdir()) == [
        "f0.bin",
        "features.npz",
        "mel.bin",
        "origin.json",
        "recording.flac",
        "samples.npy",
    ]
    assert take.sent == take.folder / "sent"


def test_the_recording_is_heard_at_the_projects_level(kept):
    """As every sound of a trace: as loud as measured, turned down where it would overshoot; and no claim that it was
    made."""
    take, source = kept
    with soundfile.SoundFile(take.folder / "recording.flac") as file:
        assert (file.samplerate, file.channels, file.format, file.comment) == (24_000, 1, "FLAC", "")
        heard = file.read()
    assert np.abs(source.samples).max() == pytest.approx(0.9, abs=1e-5)
    np.testing.assert_allclose(heard, source.samples, atol=1 / 32_768)
    take.keep(Source(2 * source.samples, source.features), Origin(), GRID)
    louder, _ = soundfile.read(take.folder / "recording.flac")
    np.testing.assert_allclose(louder, source.samples * PEAK / 0.9, atol=2 / 32_768)


def test_pictures_are_bytes_of_the_fixed_scale(tmp_path):
    """-110 dB is 0, two levels a decibel, and 17.5 dB the highest; tenths of hertz, the low byte first."""
    mel = np.array([[-110.0, 0.0, -10.2], [17.5, 40.0, -300.0]]) * LN_PER_DB
    write_pictures(tmp_path, mel, np.array([0.0, 220.04, 1_000.06]))
    assert list((tmp_path / "mel.bin").read_bytes()) == [0, 220, 200, 255, 255, 0]
    assert (tmp_path / "f0.bin").read_bytes() == bytes([0, 0, 2200 % 256, 2200 // 256, 10_001 % 256, 10_001 // 256])


def test_the_highest_melody_fits_its_two_bytes(tmp_path):
    write_pictures(tmp_path, np.zeros((1, 1)), np.array([GRID.f0_high_hz]))
    assert (tmp_path / "f0.bin").read_bytes() == (11_000).to_bytes(2, "little")


def test_a_visitors_recording_is_its_singers_own(kept):
    excerpt = kept[0].excerpt()
    assert excerpt.path == kept[0].folder / "recording.flac"
    assert (excerpt.singer, excerpt.phrase, excerpt.song) == ("you", "own-recording", "")
    assert (excerpt.start_s, excerpt.end_s) == (0.0, None)
    assert excerpt.credit == Credit("you", "all rights reserved", "whoever sang it")


def test_an_example_is_known_by_its_names(kept):
    take, source = kept
    origin = Origin("makam-f3", "kimseye_zemin", "Kimseye etmem şikâyet", "CC BY 4.0", "A corpus, 2020")
    take.keep(source, origin, GRID)
    excerpt = take.excerpt()
    assert (excerpt.singer, excerpt.phrase, excerpt.song) == ("makam-f3", "kimseye_zemin", "Kimseye etmem şikâyet")
    assert excerpt.credit == Credit("makam-f3", "CC BY 4.0", "A corpus, 2020")
    assert json.loads((take.folder / "origin.json").read_text(encoding="utf-8"))["licence"] == "CC BY 4.0"


@pytest.mark.parametrize("lost", [FEATURES, SAMPLES])
@pytest.mark.parametrize("left", [None, b"", b"half of it"])
def test_a_take_that_is_gone_is_told_without_its_folder(kept, lost, left):
    """The folder's name is the only key to what lies in it."""
    take, _ = kept
    (take.folder / lost).unlink()
    if left is not None:
        (take.folder / lost).write_bytes(left)
    with pytest.raises(AudioError, match="not on the server any more") as caught:
        take.source()
    assert is_sentence(str(caught.value)) and str(take.folder) not in str(caught.value)


def test_nothing_in_it_can_run_anything(kept):
    """Arrays of objects would be unpickled."""
    take, _ = kept
    np.save(take.folder / SAMPLES, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(AudioError):
        take.source()

"""A set from source to source: what is heard how often, what is passed over, and what a group comes to."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from svc_core.config import GridConfig
from svc_core.conversion.scoring import score_all, summarise_groups
from svc_core.conversion.sets import Conversion
from svc_core.metrics.content import PhoneRecogniser
from svc_core.metrics.scores import Judges
from svc_core.metrics.tracker import Tracker
from svc_core.sound.pitch import track_f0
from tests.conftest import RATE_HZ, contour, is_sentence, voice

GRID = GridConfig()


class Scale:
    """A vocoder that sings one long note, or what is no sound at all."""

    name = "scale"

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def synthesize(self, mel: np.ndarray) -> np.ndarray:
        return np.float32(self.gain) * voice(np.full(mel.shape[1] * GRID.hop, 262.0))


@pytest.fixture(scope="module")
def sounds(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sounds")
    for name, hz in (("low", 220.0), ("high", 262.0)):
        soundfile.write(folder / f"{name}.wav", voice(contour(0.6, hz)), RATE_HZ)
    return folder


def made(folder: Path, source: str, converted: str, singer: str = "bass", target: str = "alto") -> Conversion:
    places = (folder / f"{converted}.wav", folder / f"{source}.wav")
    return Conversion("same name", *places, 0.0, None, target, 0.0, {"vocoder": "scale"}, source, singer)


class Ears:
    """Judges that count: two phones, told apart by pitch, and Harvest under another name."""

    def __init__(self) -> None:
        self.heard = 0

    def judges(self) -> Judges:
        def track(samples: np.ndarray, grid: GridConfig) -> np.ndarray:
            self.heard += 1
            return track_f0(samples, grid)

        by_pitch = PhoneRecogniser("pitch", (0,), lambda _, f0_hz, __: np.digitize(f0_hz, [1.0, 240.0]))
        return Judges(recogniser=by_pitch, tracker=Tracker("counting", track))


def test_each_source_is_heard_once_and_the_order_is_kept(sounds):
    ears = Ears()
    asked = [made(sounds, *pair) for pair in (("low", "high"), ("high", "high"), ("low", "low"))]
    scored, problems = score_all(asked, ears.judges(), None, GRID)
    assert problems == [] and [line.conversion for line in scored] == asked  # though all have one name
    assert ears.heard == 2 + 3
    assert [line.scores.melody.rpa for line in scored] == [0, pytest.approx(1), pytest.approx(1)]


def test_phones_kept_by_hand(sounds):
    """The copy of "high" keeps all of its phones; that of "low" none, and so there is no share of it."""
    asked = [made(sounds, "high", "low"), made(sounds, "high", "high"), made(sounds, "low", "low", "alto")]
    scored, problems = score_all(asked, Ears().judges(), Scale(), GRID)
    assert problems == []
    assert [line.group for line in scored] == [
        *("conversion", "conversion", "self-conversion"),
        *("copy-synthesis", "copy-synthesis", "source", "source"),
    ]
    agreement = [line.figures["phone_agreement"] for line in scored]
    assert agreement[0] < 0.1 < 0.9 < agreement[3] and agreement[4] < 0.1
    assert scored[0].figures["phones_kept"] == agreement[0] / agreement[3]
    assert scored[1].figures["phones_kept"] == pytest.approx(1, abs=0.1)
    assert np.isnan([line.figures["phones_kept"] for line in scored[3:]]).all()
    summaries, distances = summarise_groups(scored, None)
    rpa = {line.group: (line.mean, line.n, line.clips) for line in summaries if line.figure.name == "rpa"}
    assert rpa["conversion"] == (pytest.approx(0.5, abs=0.05), 2, 1)
    assert rpa["source"] == (1, 2, 2)
    assert all(found == [] for found in distances.values())


def test_a_source_that_is_missing_costs_its_own_conversions_and_no_others(sounds):
    asked = [made(sounds, "gone", "low"), made(sounds, "low", "low"), made(sounds, "gone", "high")]
    scored, problems = score_all(asked, Ears().judges(), Scale(), GRID)
    assert [line.group for line in scored] == ["conversion", "copy-synthesis", "source"]
    assert len(problems) == 2 and all("gone.wav" in problem and is_sentence(problem) for problem in problems)


def test_a_copy_that_is_no_sound_costs_the_bounds_and_not_the_conversion(sounds):
    scored, problems = score_all([made(sounds, "low", "low")], Ears().judges(), Scale(np.nan), GRID)
    assert [line.group for line in scored] == ["conversion"]
    (problem,) = problems
    assert problem.startswith("low: no bounds; the copy-synthesis") and is_sentence(problem)
    assert np.isnan(scored[0].figures["phones_kept"])

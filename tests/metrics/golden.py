"""Golden figures of one made-up conversion: python -m tests.metrics.golden writes golden.json anew.

The two sounds are conftest's: a voice of 0.9 s, and the same phrase three semitones up with formants
15 % higher, 3 dB softer. Write it anew only after the tests by hand and against other programs have
passed, and look at what changed: a definition, or a bug.
"""

import json
from pathlib import Path

import numpy as np

from svc_core.config import GridConfig
from svc_core.metrics.report import figures_of
from svc_core.metrics.scores import ConversionScores, measure_conversion, refer_to_singers
from svc_core.metrics.singer import SingerEncoder
from tests.conftest import RATE_HZ, contour, voice
from tests.metrics.conftest import KEY_SHIFT

GOLDEN = Path(__file__).with_name("golden.json")


def golden_scores(source: np.ndarray, converted: np.ndarray, encoder: SingerEncoder) -> ConversionScores:
    """The conversion, and a reference of its own throat and two of others."""
    throats = {"alto": 1.15, "bass": 0.85, "tenor": 1.0}
    sung = {singer: [voice(contour(0.9, 250.0, 200.0, 30), tract, 0.3)] for singer, tract in throats.items()}
    references, problems = refer_to_singers(encoder, sung, RATE_HZ)
    assert problems == []
    return measure_conversion(source, converted, KEY_SHIFT, GridConfig(), "alto", references)


def main() -> None:
    up = 2 ** (KEY_SHIFT / 12)
    source = voice(contour(0.9, 220.0, 300.0, vibrato_cents=30))
    converted = 0.7 * voice(contour(0.9, 220.0 * up, 300.0 * up, vibrato_cents=30), tract=1.15, seed=1)
    figures = figures_of(golden_scores(source, converted, SingerEncoder()))
    text = json.dumps({name: round(value, 4) for name, value in figures.items() if value == value}, indent=1)
    GOLDEN.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

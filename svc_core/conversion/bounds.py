"""What a conversion's figures lie between: its source as it is, and the source through the vocoder.

The *source*, put in the place of a conversion, keeps everything and changes nothing: melody, words
and dynamics are perfect, and so are its figures. It is the floor of similarity to another singer, and
its own singer is recognised as often as real recordings are.

*Copy-synthesis* is the source's own mel through the vocoder, with no model between them. No conversion
with that vocoder can be expected to keep more: it is the ceiling of melody, words, timbre and dynamics.

Both have the source's own singer for a target, and the key as it was.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from svc_core.config import GridConfig
from svc_core.conversion.sets import Conversion
from svc_core.sound.loudness import a_weighted_loudness, normal_gain_db
from svc_core.sound.mel import log_mel
from svc_core.vocoders.vocoder import Vocoder

COPY, SOURCE = "copy-synthesis", "source"


def copy_synthesis(samples: np.ndarray, vocoder: Vocoder, grid: GridConfig) -> np.ndarray:
    """A sound (samples,) through its mel and the vocoder, at its own level, a whole number of frames long.

    The mel is taken at the grid's normal loudness, as that of every conversion is.
    """
    gain = np.float32(10 ** (normal_gain_db(a_weighted_loudness(samples, grid), grid) / 20))
    return vocoder.synthesize(log_mel(samples * gain, grid)) / gain


def bound_of(conversion: Conversion, vocoder: str = "") -> Conversion:
    """What stands in the table for the source of ``conversion``, as it is or through ``vocoder``."""
    return replace(
        conversion,
        name=conversion.clip,
        converted=conversion.source,
        target=conversion.source_singer,
        key_shift_semitones=0.0,
        made_by=dict.fromkeys(conversion.made_by) | ({"vocoder": vocoder} if vocoder else {}),
    )

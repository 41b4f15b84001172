"""Units: the code of every frame replaced by the nearest of a few typical codes.

A code of two dozen numbers has room between the phones, and there the singer survives: of the code as
it is, a linear probe names the singer within one phone far too often. A unit says which sound it is
and nothing about how (k-means units of Hsu et al. 2021, arXiv 2106.07447, and, for voice conversion,
van Niekerk et al. 2022, arXiv 2111.02392). What is lost with it are shades of vowels; pitch and
loudness, which carry the expression, are conditions of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from sklearn.cluster import KMeans

from svc_core.model.content_encoder import ContentEncoder

MOST_FRAMES = 40_000  # seven minutes, evenly thinned: a hundred centres have settled by then


@torch.no_grad()
def with_units(encoder: ContentEncoder, contents: Sequence[np.ndarray], units: int, seed: int) -> ContentEncoder:
    """The encoder (without units) with ``units`` centres of its codes of ``contents``, each (cepstrum, frame).

    Fewer where there are not that many different codes.
    """
    device = next(encoder.parameters()).device
    codes = [encoder(torch.from_numpy(np.ascontiguousarray(part)).to(device)[None])[0].T.cpu() for part in contents]
    frames = torch.cat(codes).numpy().astype(np.float64)
    frames = frames[:: max(1, len(frames) // MOST_FRAMES)]
    units = min(units, len(np.unique(frames, axis=0)))
    centres = KMeans(units, n_init=1, random_state=seed).fit(frames).cluster_centers_
    config = replace(encoder.config, code=replace(encoder.config.code, units=units))
    quantised = ContentEncoder(config)
    quantised.load_state_dict({**encoder.state_dict(), "units": torch.from_numpy(centres).float()})
    return quantised.to(device).eval()

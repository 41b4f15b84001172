"""Encodec's encoder as a content encoder (Défossez et al. 2022, arXiv 2210.13438): trained to keep everything.

What is taken is the encoder's continuous output, before it is quantised. It carries the singer as
much as the words, so it serves to compare with, not to convert well. The hop is the product of the
encoder's strides. Its convolutions are causal: label i is the first to hear the samples of hop i and
hears none behind them, so it speaks for that hop and its centre is i + 1/2 hops.
"""

from __future__ import annotations

import numpy as np
import torch
from transformers import EncodecModel

from svc_core.config import GridConfig
from svc_core.sound.align import Stream, strided_hop_s
from svc_core.sound.encoders import EncoderError
from svc_core.sound.pretrained import encode_windows, load_checkpoint, resample


class Encodec:
    """See encoders.Encoder. Raises EncoderError, too for Encodec's stereo model."""

    tolerance = 2.0  # a label more for the clip's unfinished hop, and one for the mel's

    def __init__(self, name: str, grid: GridConfig, device: str = "cpu") -> None:
        model, _ = load_checkpoint(EncodecModel, "encodec", name, lambda weight: weight.startswith("encoder."))
        config = model.config
        if config.audio_channels != 1:
            raise EncoderError(f"encodec:{name}: made for stereo; a voice is mono: take facebook/encodec_24khz.")
        self.encoder = model.encoder.to(device)
        self.width = config.hidden_size
        self.rate_hz = config.sampling_rate
        self.hop_s = strided_hop_s(config.upsampling_ratios, self.rate_hz)
        self.hop = round(self.hop_s * self.rate_hz)
        self.grid = grid

    def encode(self, samples: np.ndarray) -> Stream:
        """(samples,) at the grid's rate -> Stream of (width, label); one label for every hop begun."""
        sound = resample(samples, self.grid.sample_rate_hz, self.rate_hz)
        labels = -(-len(sound) // self.hop)
        values = encode_windows(
            labels, self.hop_s, lambda heard: self._encode(sound[heard.start * self.hop : heard.stop * self.hop])
        )
        return Stream(values, self.hop_s / 2, self.hop_s)

    @torch.inference_mode()
    def _encode(self, sound: np.ndarray) -> np.ndarray:
        device = next(self.encoder.parameters()).device
        return self.encoder(torch.from_numpy(sound).to(device)[None, None])[0].cpu().numpy()

"""Whisper's encoder as a content encoder (Radford et al. 2022, arXiv 2212.04356): trained to write down speech.

It takes log-mel frames every 10 ms, each centred on its time, and its second convolution takes every
other one: label i is centred on 20 i ms. It always encodes 30 s; a shorter clip is padded with silence,
and the labels of the padding are not part of the clip. Labels beyond the clip's last sample are dropped.

Each window's mel is limited to 80 dB below its own loudest, as in Whisper's training.
"""

from __future__ import annotations

import numpy as np
import torch
from transformers import WhisperFeatureExtractor, WhisperModel

from svc_core.config import GridConfig
from svc_core.sound.align import Stream
from svc_core.sound.pretrained import encode_windows, load_checkpoint, resample

RATE_HZ = 16_000
HOP = 2 * 160  # samples at 16 kHz: mel frames of 10 ms, halved


class Whisper:
    """See encoders.Encoder. Raises EncoderError."""

    tolerance = 2.0  # a label more for the clip's unfinished hop, and one for the mel's

    def __init__(self, name: str, grid: GridConfig, device: str = "cpu") -> None:
        model, _ = load_checkpoint(WhisperModel, "whisper", name, lambda weight: weight.startswith("encoder."))
        self.encoder = model.get_encoder().to(device)
        self.width = model.config.d_model
        self.window = model.config.max_source_positions
        self.mel = WhisperFeatureExtractor(feature_size=model.config.num_mel_bins)
        self.grid = grid

    def encode(self, samples: np.ndarray) -> Stream:
        """(samples,) at the grid's rate -> Stream of (width, label); one label for every 20 ms begun."""
        sound = resample(samples, self.grid.sample_rate_hz, RATE_HZ)
        labels = -(-len(sound) // HOP)
        values = encode_windows(
            labels, HOP / RATE_HZ, lambda heard: self._encode(sound[heard.start * HOP : heard.stop * HOP]), self.window
        )
        return Stream(values, 0.0, HOP / RATE_HZ)

    @torch.inference_mode()
    def _encode(self, sound: np.ndarray) -> np.ndarray:
        """At most a window (samples,) -> (width, label) of the whole window, padding included."""
        mel = self.mel(sound, sampling_rate=RATE_HZ, return_tensors="pt", max_length=self.window * HOP)
        states = self.encoder(mel.input_features.to(self.encoder.conv1.weight.device)).last_hidden_state
        return states[0].T.cpu().numpy()

"""Checkpoints of pretrained encoders in their real formats, small and with random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torchaudio
from transformers import EncodecConfig, EncodecModel, HubertConfig, WhisperConfig, WhisperForConditionalGeneration

from svc_core.config import GridConfig
from svc_core.sound.contentvec import ProjectedHubert
from svc_core.sound.encoders import Encoder

GRID_16K = GridConfig(sample_rate_hz=16_000)  # the speech models' own rate: nothing is resampled
SHAPES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
POSITIONS = {"num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2}


def tiny_whisper(folder: Path, positions: int, deaf: bool = False) -> Path:
    """A Whisper of 8 channels whose window is ``positions`` labels; ``deaf``: without what attention adds."""
    torch.manual_seed(3)
    config = WhisperConfig(
        d_model=8,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        vocab_size=60,
        max_source_positions=positions,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
    )
    model = WhisperForConditionalGeneration(config)
    if deaf:
        torch.nn.init.zeros_(model.model.encoder.layers[0].self_attn.out_proj.weight)
    model.save_pretrained(folder)
    return folder


def tiny_hubert_config(norm: str = "group") -> HubertConfig:
    return HubertConfig(conv_dim=(8,) * 7, feat_extract_norm=norm, classifier_proj_size=6, **SHAPES, **POSITIONS)


@pytest.fixture(scope="session")
def whisper_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Whisper with a window of 2 s."""
    return tiny_whisper(tmp_path_factory.mktemp("whisper"), 100)


@pytest.fixture(scope="session")
def contentvec_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ContentVec as legacy-500 has it, with final_proj: 16 channels, 6 behind it."""
    torch.manual_seed(4)
    folder = tmp_path_factory.mktemp("contentvec")
    ProjectedHubert(tiny_hubert_config()).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def encodec_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(5)
    folder = tmp_path_factory.mktemp("encodec")
    EncodecModel(EncodecConfig(num_filters=2, hidden_size=8, codebook_dim=8, codebook_size=16)).save_pretrained(folder)
    return folder


def tiny_torchaudio_hubert(mode: str = "group_norm") -> torchaudio.models.Wav2Vec2Model:
    """Four layers of 128 channels, two heads, in torchaudio's own build."""
    torch.manual_seed(6)
    return torchaudio.models.wav2vec2_model(
        extractor_mode=mode,
        extractor_conv_layer_config=[(8, 10, 5), *[(8, 3, 2)] * 4, *[(8, 2, 2)] * 2],
        extractor_conv_bias=False,
        encoder_embed_dim=128,
        encoder_projection_dropout=0.1,
        encoder_pos_conv_kernel=16,
        encoder_pos_conv_groups=4,
        encoder_num_layers=4,
        encoder_num_heads=2,
        encoder_attention_dropout=0.1,
        encoder_ff_interm_features=32,
        encoder_ff_interm_dropout=0.1,
        encoder_dropout=0.1,
        encoder_layer_norm_first=mode == "layer_norm",
        encoder_layer_drop=0.1,
        aux_num_out=None,
    ).eval()


@pytest.fixture(scope="session")
def hubert_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hubert") / "hubert.pth"
    torch.save(tiny_torchaudio_hubert().state_dict(), path)
    return path


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def edge_error_ms(encoder: Encoder, at: int, samples: int, rate_hz: int) -> float:
    """Where an encoder places an edge at sample ``at``, less where it is.

    The sound behind the edge is exchanged, then the sound before it. The first label that hears the
    one and the last that hears the other lie evenly about the edge if their centres are true.
    """
    sound, other = noise(samples, 1), noise(samples, 2)
    sound[:2000] *= 10  # the loudest part is always the same: Whisper limits its mel below it
    other[:2000] = sound[:2000]
    plain = encoder.encode(sound)
    heard: list[int] = []
    for exchanged, which in (
        (np.concatenate([sound[:at], other[at:]]), lambda changed: changed[0]),
        (np.concatenate([other[:at], sound[at:]]), lambda changed: changed[-1]),
    ):
        difference = np.abs(encoder.encode(exchanged).values - plain.values).max(axis=0)
        heard.append(which(np.flatnonzero(difference > 1e-5)))
    return 1000 * float(np.mean(plain.centres_s[heard]) - at / rate_hz)


def mean_edge_error_ms(encoder: Encoder, hop: int, samples: int, rate_hz: int) -> float:
    """Mean of :func:`edge_error_ms` over edges in all parts of a hop, so that rounding to labels evens out."""
    return float(
        np.mean([edge_error_ms(encoder, samples // 2 + part * hop // 8, samples, rate_hz) for part in range(8)])
    )

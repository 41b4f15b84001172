"""Every constant of the system, once, each with its reason.

Units are in the names. Nothing here imports anything heavy: the page reads this module too.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field

DB_PER_LN = 20.0 / math.log(10.0)  # the network computes in natural log, people read decibels


@dataclass(frozen=True)
class GridConfig:
    """The one time grid: every feature of a clip has one value per mel frame.

    Frame ``i`` is centred on sample ``hop * i + hop / 2``, so ``n`` samples give ``n // hop`` frames
    and a frame stands in the middle of the 10.7 ms that it speaks for.
    """

    sample_rate_hz: int = 24_000  # of Vocos and BigVGAN's 24 kHz models, so their vocoders fit
    n_fft: int = 1024  # = window; 43 ms holds two periods of the lowest sung F0 (50 Hz)
    hop: int = 256  # 10.67 ms: a 6 Hz vibrato gets 15 frames a cycle
    n_mels: int = 100  # with 24 kHz the frame that Vocos and Amphion share
    mel_low_hz: float = 0.0
    mel_high_hz: float = 12_000.0  # Nyquist: sibilants and breath stay in the picture
    log_floor: float = 1e-5  # -100 dB: below the noise of any recording here
    f0_low_hz: float = 50.0  # the lowest bass note in common repertoire is about 65 Hz
    f0_high_hz: float = 1_100.0  # a soprano's C6 is 1047 Hz
    voiced_share: float = 0.5  # of energy below 4 kHz; D4C's own 0.85 drops soft and breathy notes
    normal_loudness_db: float = -20.0  # a recording's loud frames are put here: peaks stay 6 dB under full scale

    @property
    def edge_pad(self) -> int:
        """Samples reflected at each end, so that the first frame is centred on hop / 2."""
        return (self.n_fft - self.hop) // 2

    @property
    def hop_ms(self) -> float:
        return 1000.0 * self.hop / self.sample_rate_hz

    def frame_count(self, samples: int) -> int:
        """Frames of a clip of that many samples."""
        return samples // self.hop

    def frame_centre_s(self, frame: float) -> float:
        """Time of a frame's centre in seconds."""
        return (self.hop * frame + self.hop / 2) / self.sample_rate_hz


@dataclass(frozen=True)
class ContentConfig:
    """The download-free content encoder: smooth spectral envelope, levelled per clip."""

    cepstra: int = 20  # c1..c20: formants yes, harmonics and fine singer detail no
    warps: tuple[float, ...] = (0.84, 0.92, 1.0, 1.09, 1.19)  # vocal-tract lengths heard in training
    # (a sixth either way is about the distance between an adult man's and a woman's tract)


@dataclass(frozen=True)
class ModelConfig:
    """Small enough to train on two CPU cores in an hour or two."""

    width: int = 160  # of every condition vector and of the denoiser
    content_bottleneck: int = 24  # narrow: what is sung passes, who sings should not
    draft_layers: int = 6
    draft_width: int = 256
    draft_dropout: float = 0.1  # 45 minutes of singing are quickly learnt by heart
    denoiser_layers: int = 8  # two cycles: it sees 30 frames, 0.3 s, to either side
    dilation_cycle: int = 4
    step_embedding: int = 128
    condition_dropout: float = 0.12  # each condition on its own: needed for guidance and ablation


@dataclass(frozen=True)
class DiffusionConfig:
    """DDPM (Ho et al. 2020, arXiv 2006.11239), linear beta."""

    steps: int = 1000
    beta_first: float = 1e-4
    beta_last: float = 0.02


@dataclass(frozen=True)
class TrainConfig:
    """A run that two cores finish in under two hours; a GPU may raise all of it."""

    seed: int = 0
    batch: int = 16
    crop_frames: int = 128  # 1.4 s: longer than the receptive field, and a batch stays in cache
    draft_steps: int = 4_000  # the draft comes first: it carries pitch and timbre
    denoiser_steps: int = 7_000
    learning_rate: float = 6e-4
    warmup_steps: int = 300
    weight_decay: float = 0.01
    ema_decay: float = 0.999
    clip_norm: float = 1.0
    singer_balance: float = 0.5  # 0 draws by minutes, 1 gives each singer the same share
    checkpoint_every: int = 500
    log_every: int = 20


@dataclass(frozen=True)
class Config:
    grid: GridConfig = field(default_factory=GridConfig)
    content: ContentConfig = field(default_factory=ContentConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    diffusion: DiffusionConfig = field(default_factory=DiffusionConfig)
    train: TrainConfig = field(default_factory=TrainConfig)

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Config:
        """Inverse of :meth:`to_json`; raises TypeError on a field that this version lacks."""
        parts = json.loads(text)
        parts["content"]["warps"] = tuple(parts["content"]["warps"])
        return Config(
            grid=GridConfig(**parts["grid"]),
            content=ContentConfig(**parts["content"]),
            model=ModelConfig(**parts["model"]),
            diffusion=DiffusionConfig(**parts["diffusion"]),
            train=TrainConfig(**parts["train"]),
        )


def feature_key(config: Config) -> str:
    """Short hash of all that decides a feature's value: names the cache folder of its files."""
    text = json.dumps([asdict(config.grid), asdict(config.content)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]

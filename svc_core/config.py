"""Every constant of the system, once, each with its reason.

Units are in the names. Nothing here imports anything heavy: the page reads this module too.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

if TYPE_CHECKING:
    import numpy as np

FloatOrArray = TypeVar("FloatOrArray", float, "np.ndarray")
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
        """Time from one frame to the next, in milliseconds."""
        return 1000.0 * self.hop / self.sample_rate_hz

    def frame_count(self, samples: int) -> int:
        """Frames of a clip of that many samples."""
        return samples // self.hop

    def frame_centre_s(self, frame: FloatOrArray) -> FloatOrArray:
        """Time of a frame's centre in seconds, or of each of an array."""
        return (self.hop * frame + self.hop / 2) / self.sample_rate_hz


@dataclass(frozen=True)
class ContentConfig:
    """What tells the model which sounds are sung; several encoders may speak side by side."""

    # "cepstra" needs no download; others are named with their checkpoint (a hub's name or a folder):
    # "whisper:openai/whisper-medium", "contentvec:...", "hubert:HUBERT_BASE", "encodec:facebook/encodec_24khz"
    encoders: tuple[str, ...] = ("cepstra",)
    alignment: str = "linear"  # between true frame centres; "box" is Amphion's repeat and average, to compare
    cepstra: int = 20  # c1..c20: formants yes, harmonics and fine singer detail no
    warps: tuple[float, ...] = (0.84, 0.92, 1.0, 1.09, 1.19)  # vocal-tract lengths heard in training
    # (a sixth either way is about the distance between an adult man's and a woman's tract)
    pitches: tuple[float, ...] = ()  # semitones higher at which the content branch alone is shown the envelope


@dataclass(frozen=True)
class AugmentConfig:
    """More singing from the same singers: each copy of a training clip is changed by chance within these bounds."""

    copies: int = 0  # off: every copy costs the time and space of a recording
    pitch_semitones: float = 2.0  # beyond, formants and pitch part ways audibly
    formant_ratio: float = 1.0  # 1.06 is as far as it still sounds like the same singer
    eq_db: float = 0.0  # 6 dB is about the difference between two microphones
    stretch_ratio: float = 1.15  # tempo; beyond, consonants smear


@dataclass(frozen=True)
class CodeConfig:
    """The content encoder of our own: envelope cepstra in, phones but not the singer out."""

    width: int = 128
    layers: int = 5  # it hears 15 frames, 0.16 s, to either side: a consonant and its neighbours
    code: int = 24  # the bottleneck: about as many dimensions as there are phones
    units: int = 0  # 0: the code as it is; N: the nearest of N typical codes, which say far less of the singer
    dropout: float = 0.1
    eq_spread: float = 0.3  # standard deviations: a random constant on each cepstrum, another microphone
    singer_weight: float = 0.3  # of the reversed singer loss (Ganin & Lempitsky 2015, arXiv 1409.7495)
    same_weight: float = 1.0  # of the distance between the codes of two perturbations of one sound


@dataclass(frozen=True)
class ModelConfig:
    """Small enough to train on two CPU cores in an hour or two; PRESETS has the seed systems' sizes."""

    content_width: int = 20  # channels that the content encoders give together
    content_encoder: bool = False  # whether cepstra go through an encoder of our own (CodeConfig) first
    width: int = 160  # of every condition vector and of the denoiser
    content_bottleneck: int = 24  # narrow: what is sung passes, who sings should not
    draft: str = "convnext"  # or "conformer", or "none": the decoder starts from the conditions alone
    draft_layers: int = 6
    draft_width: int = 256
    draft_heads: int = 2  # of a Conformer
    draft_filter: int = 512  # width inside a Conformer's feed-forward halves
    draft_dropout: float = 0.1  # 45 minutes of singing are quickly learnt by heart
    decoder_sees: str = "both"  # "conditions", "draft" (CoMoSVC) or "both"
    prediction: str = "edm"  # preconditioned clean mel; "epsilon" is the seed's (see model/system.py)
    local_spread: bool = False  # whether sigma_data is foretold for every band and frame (model/spread.py)
    consistency: bool = False  # a student: maps any noise level to the clean mel in one evaluation
    denoiser_layers: int = 8  # two cycles: it sees 30 frames, 0.3 s, to either side
    dilation_cycle: int = 4
    step_embedding: int = 128
    texture_width: int = 0  # channels of the denoiser's local look (model/texture.py); 0: none
    condition_dropout: float = 0.12  # each condition on its own: needed for guidance and ablation


@dataclass(frozen=True)
class DiffusionConfig:
    """DDPM (Ho et al. 2020, arXiv 2006.11239), linear beta."""

    steps: int = 1000
    beta_first: float = 1e-4
    beta_last: float = 0.02


@dataclass(frozen=True)
class EdmConfig:
    """EDM (Karras et al. 2022, arXiv 2206.00364): noise levels of training and of the Karras grid.

    sigma_data is not here: it is measured (the spread of what the draft misses).
    """

    sigma_min: float = 0.002  # as the paper; -54 dB, far below what is heard
    sigma_max: float = 10.0  # the seed's 80 spends 17 of 40 steps where training drew under 1 % of its noise
    rho: float = 7.0
    p_mean: float = -0.8  # of ln sigma; the paper's -1.2 with sigma_data .5 leaves sigma 10 untrained
    p_std: float = 1.4  # 10 is 2.2 spreads above the mean: one training draw in 70 lies beyond it
    steps: int = 40  # noise levels of the teacher's grid


@dataclass(frozen=True)
class OptimiserConfig:
    """What every training run has."""

    seed: int = 0
    batch: int = 16  # crops a step, over all processes together
    crop_frames: int = 128  # 1.4 s: longer than the receptive field, and a batch stays in cache
    learning_rate: float = 6e-4
    warmup_steps: int = 300
    weight_decay: float = 0.01
    ema_decay: float = 0.999
    clip_norm: float = 1.0
    singer_balance: float = 0.5  # 0 draws by minutes, 1 gives each singer the same share
    checkpoint_every: int = 500
    log_every: int = 20


@dataclass(frozen=True)
class TrainConfig(OptimiserConfig):
    """Draft and teacher: a run that two cores finish in under two hours; a GPU may raise all of it."""

    draft_steps: int = 4_000  # the draft comes first: it carries pitch and timbre
    denoiser_steps: int = 7_000
    draft_loss: str = "l1"  # or "ssim+l2" (CoMoSVC's)
    noise: str = "uniform"  # over the DDPM steps; "log-normal" is EDM's (EdmConfig)
    # Weights of content, melody, loudness and singer, by which the model to start from is guided while its
    # predictions are learnt (objectives.GuidedObjective); empty: recordings are learnt.
    guidance: tuple[float, ...] = ()


@dataclass(frozen=True)
class DistillConfig(OptimiserConfig):
    """Consistency distillation (Song et al. 2023, arXiv 2303.01469, algorithm 2)."""

    steps: int = 3_000
    learning_rate: float = 2e-4  # the student starts as its teacher and has less far to go
    grid_steps: int = 40  # noise levels between which the teacher takes its Heun step
    target_decay: float = 0.95  # of the target network; the seed's
    loss: str = "pseudo-huber"  # Song & Dhariwal 2024 (arXiv 2310.14189); "l2" is the seed's


@dataclass(frozen=True)
class AdaptConfig(OptimiserConfig):
    """One more singer for a trained model: a row of its singer table, and nothing else (training/adaptation.py).

    Measured on two singers that the models had never heard, by the cosine of singer embeddings. With 60 steps
    of the draft at a rate of 1e-4 as well, conversions come closer to the new singer by about .03, but three
    phones in a hundred are lost, and another singer's draft, which is not sung meanwhile, falls from .87 to .82.
    Training the denoiser adds nothing.
    """

    steps: int = 200  # half a minute to a minute on one core; twice as many add less than .01 to the cosine
    batch: int = 8  # a row has 160 numbers: so many crops tell well enough where it should go
    learning_rate: float = 3e-2  # a row's numbers are about 1, tens of times a weight's
    warmup_steps: int = 10  # AdamW knows little of the gradient's size at first
    weight_decay: float = 0.0  # the rows of known singers are not small either
    ema_decay: float = 0.98  # over the last fifty steps
    piece_s: float = 30.0  # longer recordings are measured in pieces: memory stays bounded
    rest_db: float = 40.0  # what lies this far below a recording's loudest is a rest, or a room's noise
    rest_s: float = 0.5  # longer rests are cut down to this: breaths stay
    least_voiced_s: float = 5.0  # 2.5 s taught one of two singers nothing; from 10 s on both were learnt
    most_s: float = 300.0  # far more than a row needs, and measuring takes about as long as it plays


@dataclass(frozen=True)
class CodeTrainConfig(OptimiserConfig):
    """Training of the content encoder of our own."""

    steps: int = 1_500
    learning_rate: float = 1e-3
    realign_every: int = 500  # words are cut into phones anew by what has been learnt so far


@dataclass(frozen=True)
class VocoderConfig:
    """A small iSTFT-head vocoder (Vocos, Siuzdak 2024, arXiv 2306.00814)."""

    width: int = 256
    layers: int = 6


@dataclass(frozen=True)
class VocoderTrainConfig(OptimiserConfig):
    """Training of the vocoder: long crops are not needed, its receptive field is 0.4 s."""

    steps: int = 6_000
    crop_frames: int = 64
    learning_rate: float = 5e-4


@dataclass(frozen=True)
class Config:
    """All that decides what a model is and how it was made; kept inside every model file."""

    grid: GridConfig = field(default_factory=GridConfig)
    content: ContentConfig = field(default_factory=ContentConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    code: CodeConfig = field(default_factory=CodeConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    diffusion: DiffusionConfig = field(default_factory=DiffusionConfig)
    edm: EdmConfig = field(default_factory=EdmConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    distill: DistillConfig = field(default_factory=DistillConfig)

    def to_json(self) -> str:
        """On one line; :meth:`from_json` reads it."""
        return json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Config:
        """Inverse of :meth:`to_json`; raises TypeError on a field that this version lacks.

        A field that the text lacks takes its default, so a default stays what it was when models
        without that field were made.
        """
        kinds = get_type_hints(Config)
        parts = json.loads(text)
        if not isinstance(parts, dict) or not all(isinstance(part, dict) for part in parts.values()):
            raise TypeError("a configuration is an object of objects")
        if unknown := sorted(set(parts) - set(kinds)):
            raise TypeError(f"a configuration has no part {', '.join(unknown)}")
        return Config(**{name: from_parts(kinds[name], part) for name, part in parts.items()})


PLAIN = {int: (int,), float: (int, float), str: (str,), bool: (bool,)}  # what JSON may hold for each


def from_parts(kind: type, parts: dict[str, Any]) -> Any:
    """A configuration dataclass from what JSON made of it: lists become tuples again.

    Raises TypeError on an unknown field, and where a number, a text or a yes or no is something else, or a number
    larger than any.
    """
    if not isinstance(parts, dict):
        raise TypeError(f"{kind.__name__} is an object, not {type(parts).__name__}")
    made = kind(**{name: tuple(part) if isinstance(part, list) else part for name, part in parts.items()})
    for name, hint in _hints(kind).items():
        accepted = PLAIN.get(hint)
        if accepted is not None and type(getattr(made, name)) not in accepted:
            raise TypeError(f"{name} is of another kind than {hint.__name__}")
        if hint is float and type(getattr(made, name)) is int and abs(getattr(made, name)) > sys.float_info.max:
            raise TypeError(f"{name} is larger than any number that can be computed with")
    return made


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


SEED_CONTENT = ("whisper:openai/whisper-medium", "contentvec:lengyue233/content-vec-best")  # 1024 and 256 channels

SMALL = Config(  # CoMoSVC's way, 5 M parameters
    content=ContentConfig(pitches=(-4.0, 4.0)),  # a third either way: beyond, the envelope is another vowel's
    code=CodeConfig(units=100),  # three for each phone
    model=ModelConfig(
        draft="conformer", draft_layers=3, draft_width=192, draft_filter=384, local_spread=True, texture_width=16
    ),
    train=TrainConfig(noise="log-normal", draft_loss="ssim+l2", draft_steps=3_000, denoiser_steps=3_500),
    distill=DistillConfig(steps=900),
)

# What --preset names: sizes for CPUs, then the seed systems' own.
PRESETS = {
    "small": SMALL,
    # the same, trained on the noise levels of DDPM's thousand steps; train --start-from spares it the draft
    "small-ddpm": replace(SMALL, train=replace(SMALL.train, noise="uniform")),
    "tiny": Config(  # learns nothing worth hearing, in seconds: to see that everything runs
        content=ContentConfig(warps=(0.92, 1.0), pitches=(3.0,)),
        code=CodeConfig(width=16, layers=1, code=6, units=8),
        model=ModelConfig(
            width=16,
            content_bottleneck=4,
            draft="conformer",
            draft_layers=1,
            draft_width=16,
            draft_filter=16,
            denoiser_layers=2,
            step_embedding=16,
            local_spread=True,
            texture_width=4,
        ),
        train=TrainConfig(
            noise="log-normal",
            draft_loss="ssim+l2",
            batch=2,
            crop_frames=48,
            draft_steps=4,
            denoiser_steps=4,
            warmup_steps=2,
            checkpoint_every=4,
            log_every=2,
        ),
        distill=DistillConfig(batch=2, crop_frames=48, steps=4, warmup_steps=2, checkpoint_every=4, log_every=2),
    ),
    "diffwavenetsvc": Config(  # DiffWaveNetSVC: no draft, predicted noise, 35 M parameters
        content=ContentConfig(encoders=SEED_CONTENT),
        model=ModelConfig(
            content_width=1280,
            width=384,
            content_bottleneck=384,
            draft="none",
            decoder_sees="conditions",
            prediction="epsilon",
            denoiser_layers=20,
        ),
        train=TrainConfig(draft_steps=0, denoiser_steps=500_000, batch=32, learning_rate=4e-4),
    ),
    "comosvc": Config(  # CoMoSVC: a Conformer's draft is the decoder's only condition, 42 M parameters
        content=ContentConfig(encoders=SEED_CONTENT),
        model=ModelConfig(
            content_width=1280,
            width=384,
            content_bottleneck=384,
            draft="conformer",
            draft_width=384,
            decoder_sees="draft",
            denoiser_layers=20,
        ),
        train=TrainConfig(
            draft_steps=100_000,
            denoiser_steps=400_000,
            batch=64,
            learning_rate=2e-4,
            draft_loss="ssim+l2",
            noise="log-normal",
        ),
    ),
}


def feature_key(config: Config) -> str:
    """Short hash of all that decides a feature's value: names the cache folder of its files."""
    text = json.dumps([asdict(config.grid), asdict(config.content), asdict(config.augment)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]

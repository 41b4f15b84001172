"""The engine's speed: samplers against each other, many clips at once against one by one, real-time factors.

Weights are random: the time of a step does not depend on them. All ratios are of one run.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import torch

from svc_core.config import PRESETS, Config
from svc_core.conversion.convert import convert_batch
from svc_core.conversion.sampling import choose_sampling
from svc_core.diffusion.consistency import sample_consistency
from svc_core.diffusion.ddpm import sample_ddpm
from svc_core.diffusion.edm import karras_sigmas, sample_euler
from svc_core.diffusion.noise import seeded_noise
from svc_core.model.conditions import ConditionInputs, keep_all
from svc_core.model.guidance import guided
from svc_core.model.system import VoiceConverter
from svc_core.training.objectives import as_student

Row = tuple[str, str, str]
CLIP_S = 5.0
MANY = 16
PEAK_BF16_FLOPS = {"H200": 989e12, "H100": 989e12, "A100": 312e12}  # dense, of the makers' data sheets


def random_model(config: Config, device: torch.device) -> VoiceConverter:
    """A model whose every part has a say: what starts at zero is drawn at random."""
    torch.manual_seed(0)
    model = VoiceConverter(config, ("alto", "bass")).eval()
    torch.nn.init.normal_(model.denoiser.leave.weight, std=0.02)
    return model.to(device)


def sung(seconds: float, config: Config) -> ConditionInputs:
    """A gliding melody of that length; content is noise, which costs the network the same."""
    frames = config.grid.frame_count(round(seconds * config.grid.sample_rate_hz))
    return ConditionInputs(
        content=torch.randn(1, config.model.content_width, frames),
        f0_hz=torch.linspace(200, 300, frames)[None],
        voiced=torch.ones(1, frames),
        loudness_db=torch.full((1, frames), -20.0),
        singer=torch.tensor([0]),
    )


def timed(work: Callable[[], object], repeats: int) -> float:
    """Median seconds of ``work`` after one run that does not count."""
    work()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def measure_samplers(device: torch.device) -> list[Row]:
    """One 5 s clip by each sampler of the small model, conditions and draft apart."""
    config = PRESETS["small"]
    teacher, student = random_model(config, device), random_model(as_student(config), device)
    clip = sung(CLIP_S, config)

    def once(model: VoiceConverter, sampler: str) -> Callable[[], object]:
        sampling = choose_sampling(model, sampler)
        return lambda: convert_batch([clip], [0], [0], model, sampling)

    with torch.inference_mode():
        told = timed(lambda: teacher.condition(_on(clip, device), keep_all(1)), 20)
        alone = {
            name: timed(_walk(model, clip, name, device), n)
            for name, model, n in (("consistency", student, 20), ("euler", teacher, 5), ("ddpm", teacher, 1))
        }
    one = timed(once(student, "consistency"), 20)
    euler = timed(once(teacher, "euler"), 5)
    heun = timed(once(teacher, "heun"), 5)
    ddim = timed(once(teacher, "ddim"), 3)
    ddpm = timed(once(teacher, "ddpm"), 1)
    parameters = sum(weight.numel() for weight in student.parameters()) / 1e6
    return [
        ("small model", f"{parameters:.2f} M parameters", "2-6 M"),
        ("conditions and draft, 5 s clip", f"{told * 1e3:.1f} ms", ""),
        ("one-step student, 5 s clip", f"{one * 1e3:.1f} ms, real-time factor {one / CLIP_S:.4f}", "0.02"),
        ("40-step teacher (Euler)", f"{euler:.2f} s, real-time factor {euler / CLIP_S:.3f}", ""),
        ("20-step teacher (Heun)", f"{heun:.2f} s, real-time factor {heun / CLIP_S:.3f}", ""),
        ("50-step DDIM", f"{ddim:.2f} s, real-time factor {ddim / CLIP_S:.3f}", ""),
        ("1000-step DDPM", f"{ddpm:.1f} s, real-time factor {ddpm / CLIP_S:.2f}", ""),
        ("student against 40-step teacher, all told", f"{euler / one:.1f} x", ">= 30 x"),
        ("student against 1000-step DDPM, all told", f"{ddpm / one:.0f} x", ">= 700 x"),
        ("one-step student, sampler alone", f"{alone['consistency'] * 1e3:.1f} ms", ""),
        (
            "student against 40-step teacher, samplers alone",
            f"{alone['euler'] / alone['consistency']:.1f} x",
            ">= 30 x",
        ),
        ("student against 1000-step DDPM, samplers alone", f"{alone['ddpm'] / alone['consistency']:.0f} x", ">= 700 x"),
    ]


def _walk(model: VoiceConverter, clip: ConditionInputs, sampler: str, device: torch.device) -> Callable[[], object]:
    """A sampler alone: conditions and draft, which all samplers need once, are there already."""
    denoise, conditioned = guided(model, _on(clip, device))
    bands, frames = conditioned.draft.shape[1:]
    edm, schedule = model.config.edm, model.schedule

    def noise(step: int) -> torch.Tensor:
        return torch.from_numpy(seeded_noise(0, step, bands, frames))[None].to(device)

    def predict(state: torch.Tensor, step: int) -> torch.Tensor:
        sigma = float(schedule.sigma[step])
        return denoise(state * (1 + sigma**2) ** 0.5, sigma)

    def start() -> torch.Tensor:
        return edm.sigma_max * noise(schedule.steps)

    grid = karras_sigmas(edm.steps, edm.sigma_min, edm.sigma_max, edm.rho)
    walks: dict[str, Callable[[], object]] = {
        "consistency": lambda: sample_consistency(denoise, start(), noise, [edm.sigma_max], edm.sigma_min),
        "euler": lambda: sample_euler(denoise, start(), grid),
        "ddpm": lambda: sample_ddpm(predict, noise, schedule),
    }
    return walks[sampler]


def measure_batching(device: torch.device) -> list[Row]:
    """Sixteen clips together against one by one, ten steps of Euler each."""
    config = PRESETS["small"]
    model = random_model(config, device)
    sampling = choose_sampling(model, "euler", 10)
    rows: list[Row] = []
    for seconds in (5.0, 2.5, 1.25):
        clips = [sung(seconds, config) for _ in range(MANY)]
        single = timed(lambda clips=clips: [convert_batch([c], [0], [0], model, sampling) for c in clips], 3)
        together = timed(lambda clips=clips: convert_batch(clips, [0] * MANY, range(MANY), model, sampling), 3)
        goal = ">= 10 x" if device.type == "cuda" else "<= 60 %"
        measured = f"{together / single:.0%} ({single / together:.1f} x)"
        rows.append((f"{MANY} clips of {seconds:g} s together, of {MANY} single runs", measured, goal))
    if device.type == "cuda":
        rows.append(measure_peak(device))
    return rows


def measure_peak(device: torch.device) -> Row:
    """Share of the card's bf16 peak that the seed-sized denoiser reaches, 64 clips of 5 s together."""
    config = replace(PRESETS["comosvc"], content=PRESETS["small"].content)
    model = random_model(config, device)
    name = torch.cuda.get_device_name(device)
    clips, frames = 64, config.grid.frame_count(round(CLIP_S * config.grid.sample_rate_hz))
    inputs = _on(sung(CLIP_S, config), device)
    with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16):
        conditioned = model.condition(inputs, keep_all(1))
        projected = [part.repeat(clips, 1, 1) for part in conditioned.projected]
        x, step = (
            torch.randn(clips, config.grid.n_mels, frames, device=device),
            torch.full((clips,), 5.0, device=device),
        )
        compiled = torch.compile(model.denoiser)
        seconds = timed(lambda: compiled(x, step, projected), 20)
    weights = sum(
        module.weight.numel() for module in model.denoiser.modules() if isinstance(module, torch.nn.Conv1d)
    ) - sum(layer.condition.weight.numel() for layer in model.denoiser.layers)
    rate = 2 * weights * clips * frames / seconds
    peak = next((flops for card, flops in PEAK_BF16_FLOPS.items() if card in name), None)
    share = "peak unknown" if peak is None else f"{rate / peak:.1%} of {peak / 1e12:.0f} TFLOP/s"
    return (f"seed-sized denoiser in bf16 on {name}", f"{rate / 1e12:.1f} TFLOP/s, {share}", "")


def measure_engine() -> list[Row]:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return measure_samplers(device) + measure_batching(device)


def _on(inputs: ConditionInputs, device: torch.device) -> ConditionInputs:
    return replace(inputs, **{name: part.to(device) for name, part in vars(inputs).items() if part is not None})

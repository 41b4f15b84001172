"""Traces made by hand, of plain numbers: any sampler's walk, no network. Some are small, some as large as real ones."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache

import numpy as np
import soundfile

from svc_core.diffusion.schedule import Schedule
from svc_core.diffusion.walk import COLUMNS, Walk, consistency_walk, ddim_walk, ddpm_walk, euler_walk, heun_walk
from svc_core.traces.arrays import pack_array
from svc_core.traces.coding import encode_pictures
from svc_core.traces.manifest import (
    Contours,
    FileFacts,
    Grid,
    Hidden,
    Manifest,
    Model,
    Pictures,
    Recording,
    Sampler,
    Scale,
    StepSound,
    format_name,
)

SEED, HOP, RATE_HZ = 11, 256, 24_000
START_ADDRESS = 1_000  # of the samplers that count upwards
SIGMAS = (80.0, 0.002)  # of EDM's samplers, from and to


@cache
def hand_walk(sampler: str = "ddpm", steps: int = 8) -> Walk:
    """What the sampler of that name does in so many steps; DDIM leaps over a schedule of a thousand."""
    if sampler == "ddpm":
        return ddpm_walk(Schedule(steps) if steps == 1000 else Schedule(steps, 1e-4, 0.6))
    if sampler == "ddim":
        return ddim_walk(np.linspace(999, 0, steps).round().astype(int), Schedule(1000))
    sigmas = np.geomspace(*SIGMAS, steps) if steps > 1 else np.array(SIGMAS[:1])
    if sampler == "consistency":
        return consistency_walk(sigmas, SIGMAS[1] / 2, START_ADDRESS)
    return {"euler": euler_walk, "heun": heun_walk}[sampler](np.append(sigmas, 0.0), START_ADDRESS)


def hand_manifest(
    name: str = "amen--bass--alto",
    sampler: str = "ddpm",
    steps: int = 8,
    bands: int = 5,
    frames: int = 12,
    detail: str = "full",
    pictures: int = 100,
    sounds: int = 3,
    **changes,
) -> Manifest:
    """A manifest, less the facts of its files; ``changes`` are fields of Manifest.

    ``pictures``, ``sounds``: how many of the steps are kept at most. Light traces have no sound of
    states, no hidden features, and coarser pictures.
    """
    full = detail == "full"
    places = _spread(steps, pictures)
    heard = _spread(steps, sounds)
    ending = "flac" if full else "mp3"
    walk = hand_walk(sampler, steps)
    manifest = Manifest(
        format=format_name(),
        id=name,
        fingerprint="0123456789abcdef",
        detail=detail,
        source=Recording("bass", "amen", "Hymn 7", "amen.wav", 0.0, None, "CC0", "Made for tests"),
        target="alto",
        reference=Recording("alto", "kyrie", "Hymn 8", "kyrie.wav", 1.0, 3.0, "CC0", "Made for tests, too"),
        key_shift_semitones=12,
        sampler=Sampler(sampler, steps, SEED, "lowbias32", walk.start_weight, walk.start_address),
        model=Model("0" * 64, 5_000_000, ["Sung for tests"]),
        vocoder="Griffin-Lim",
        scale=Scale(-50.0, 20.0),
        grid=Grid(RATE_HZ, HOP, 1024, bands, 0.0, 12_000.0),
        frames=frames,
        reference_frames=frames + 4,
        pictures=Pictures(places, 1 if full else 3),
        sounds=[
            StepSound(at, f"sound/predicted_{at:04d}.{ending}", f"sound/state_{at:04d}.{ending}" if full else None)
            for at in heard
        ],
        contours=Contours(_spread(steps, 2 * sounds), _spread(steps, sounds) if full else []),
        hidden=Hidden(["block_1", "block_2"], [0.01, 0.02], 3, min(2, steps)) if full else None,
        scores={"rpa": 0.9, "f0_corr": 0.8},
        embedding="0" * 8,
        notes=[],
        state_error_db=0.5,
        predicted_error_db=1.0,
        licence="CC0",
        attribution=["Made for tests"],
    )
    return replace(manifest, **changes)


def _spread(steps: int, most: int) -> list[int]:
    return sorted({int(place) for place in np.linspace(0, steps - 1, min(steps, max(most, 2)))})


def hand_pictures(manifest: Manifest) -> np.ndarray:
    """Predicted clean mel at the manifest's places, (picture, mel, frame) bytes: blurred at first, then stripes."""
    bands, frames, places = manifest.grid.n_mels, manifest.frames, manifest.pictures.places
    band, frame = np.mgrid[:bands, :frames]
    stripes = 110 + 60 * np.sin(band * 0.9 + 4 * np.sin(frame / 25)) - band / 3
    share = np.linspace(0, 1, len(places))[:, None, None] if len(places) > 1 else np.ones((1, 1, 1))
    wander = np.random.default_rng(0).integers(-4, 5, (len(places), bands, frames))
    return np.clip(np.rint(110 + share * (stripes - 110) + wander), 0, 255).astype(np.uint8)


def hand_files(manifest: Manifest | None = None) -> dict[str, bytes]:
    """The files of a whole trace of that manifest, ready for write_trace."""
    manifest = manifest or hand_manifest()
    sampler, places, quantum = manifest.sampler, manifest.pictures.places, manifest.pictures.quantum
    walk, levels = hand_walk(sampler.name, sampler.steps), hand_pictures(manifest)
    table = np.stack([getattr(walk, column) for column in COLUMNS]).astype(np.float32)
    rows = 2 + len(manifest.contours.predicted) + len(manifest.contours.state)
    f0_tenths = np.repeat(np.arange(rows, dtype=np.uint16)[:, None] * 10 + 2_205, manifest.frames, axis=1)
    f0_tenths[:, :2] = 0
    files = {
        "walk.npy.gz": pack_array(table),
        "predicted.npy.gz": pack_array(encode_pictures(levels, places, quantum)),
        "source.npy.gz": pack_array(encode_pictures(levels[-1:], [0], 1)),
        "f0.npy.gz": pack_array(f0_tenths),
        "metrics.csv": _metrics(manifest, walk),
        **_sounds(manifest),
    }
    if manifest.reference is not None:
        shape = (1, manifest.grid.n_mels, manifest.reference_frames)
        files["target.npy.gz"] = pack_array(encode_pictures(np.full(shape, 90, np.uint8), [0], 1))
        files["target_f0.npy.gz"] = pack_array(np.full((1, manifest.reference_frames), 4_400, np.uint16))
    if walk.has_second:
        files["second.npy.gz"] = pack_array(encode_pictures(np.minimum(levels, 250) + np.uint8(5), places, quantum))
    if manifest.hidden is not None:
        files |= _hidden(manifest)
    return files


def _metrics(manifest: Manifest, walk: Walk) -> bytes:
    kinds = ("predicted", "state") if manifest.detail == "full" else ("predicted",)
    lines = ["place,step,sigma,snr_db,kind,rpa"]
    for place in manifest.contours.predicted:
        facts = f"{place},{walk.step[place]},{walk.sigma[place]:.6g},{walk.snr_db[place]:.4f}"
        lines += [f"{facts},{kind},{0.5 + place / 2 / manifest.sampler.steps:.3f}" for kind in kinds]
    return ("\n".join(lines) + "\n").encode()


def _sounds(manifest: Manifest) -> dict[str, bytes]:
    ending = "flac" if manifest.detail == "full" else "mp3"
    own, reference = _tone(manifest.frames, ending), _tone(manifest.reference_frames, ending)
    names = [sound.predicted for sound in manifest.sounds] + [s.state for s in manifest.sounds if s.state is not None]
    files = {name: own for name in [f"sound/source.{ending}", f"sound/converted.{ending}", *names]}
    return files | ({f"sound/target.{ending}": reference} if manifest.reference is not None else {})


@cache
def _tone(frames: int, ending: str) -> bytes:
    time_s = np.arange(frames * HOP) / RATE_HZ
    file = io.BytesIO()
    soundfile.write(file, 0.2 * np.sin(2 * np.pi * 220 * time_s), RATE_HZ, format=ending.upper())
    return file.getvalue()


def _hidden(manifest: Manifest) -> dict[str, bytes]:
    hidden, steps = manifest.hidden, manifest.sampler.steps
    places = len(range((steps - 1) % hidden.every, steps, hidden.every))
    rng = np.random.default_rng(1)
    changes = rng.integers(-99, 100, (len(hidden.names), hidden.components, places))
    maps = rng.integers(-32_767, 32_768, (len(hidden.names), 4, places))
    return {"hidden.npy.gz": pack_array(changes.astype("<i2")), "maps.npy.gz": pack_array(maps.astype("<i2"))}


def listed(name: str, size: int = 1) -> dict[str, FileFacts]:
    """The ``files`` of a manifest that names one file."""
    return {name: FileFacts(size, "0" * 64)}

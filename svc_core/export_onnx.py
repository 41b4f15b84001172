"""Make the files that convert without torch: python -m svc_core.export_onnx --model M --vocoder istft:V --out FOLDER

A student and a vocoder of our own become ONNX graphs, which svc_core/light runs with onnxruntime: the same mel to
1e-3 (natural log), the same sound to 1e-3 of full scale. light.json beside them says what they were made from.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from svc_core.exporting.networks import HearPitch, OneStep, SetFilters
from svc_core.light.files import (
    DESCRIPTION,
    FILTERS,
    PITCH,
    STUDENT,
    Description,
    LightError,
    Refinement,
    Singer,
    sha256,
    write_description,
)
from svc_core.model.checkpoint import load_model, model_hash
from svc_core.model.conditions import COMB_RESOLUTION_CENTS
from svc_core.model.system import VoiceConverter
from svc_core.sound.encoders import CEPSTRA
from svc_core.vocoders.istft import NOISE_SEED, load_istft
from svc_core.vocoders.network import FIT_UPDATES, ITERATIONS, SHALLOWEST
from svc_core.vocoders.spectrum import MOMENTUM


def export(model_path: Path, vocoder_path: Path, folder: Path) -> Description:
    """Write the three graphs and light.json into ``folder``.

    Raises CheckpointError or VocoderError for files that cannot be read, LightError for a model that is no student,
    or hears what only torch can measure.
    """
    student = load_model(model_path)
    check_student(student, model_path)
    vocoder = load_istft(vocoder_path, student.config.grid).network
    model, vocoded = model_hash(model_path), model_hash(vocoder_path)
    try:
        from svc_core.exporting.graph import write_graph
    except ImportError as error:
        raise LightError(f"exporting needs the package {error.name}; pip install -r requirements.txt.") from error
    described = partial(
        Description,
        config=student.config,
        singers=tuple(Singer(name, float(hz)) for name, hz in zip(student.singers, student.singer_f0_hz, strict=True)),
        noise_step=student.schedule.steps,
        mel_mean_ln=float(student.mel_mean),
        mel_std_ln=float(student.mel_std),
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DESCRIPTION).unlink(missing_ok=True)  # of an earlier export, whose graphs are replaced one by one
    made_from = {"model": model, "vocoder": vocoded}
    for name, network in ((STUDENT, OneStep(student)), (PITCH, HearPitch(vocoder)), (FILTERS, SetFilters(vocoder))):
        write_graph(network, folder / name, made_from)
    description = described(
        model_hash=model,
        vocoder_hash=vocoded,
        refinement=Refinement(NOISE_SEED, COMB_RESOLUTION_CENTS, SHALLOWEST, FIT_UPDATES, ITERATIONS, MOMENTUM),
        files={name: sha256(folder / name) for name in (STUDENT, PITCH, FILTERS)},
    )
    write_description(folder, description)
    return description


def check_student(model: VoiceConverter, path: Path) -> None:
    """Raises LightError for a model that cannot be run without torch."""
    if not model.config.model.consistency:
        raise LightError(f"{path}: no student; only a model of one step is exported (python -m svc_core.distill).")
    if model.config.content.encoders != (CEPSTRA,):
        names = ", ".join(model.config.content.encoders)
        raise LightError(f"{path}: hears {names}, which needs torch; only a model that hears {CEPSTRA} is exported.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m svc_core.export_onnx", description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="a student")
    parser.add_argument("--vocoder", required=True, metavar="istft:FILE", help="a vocoder of our own")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    return parser


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    kind, _, vocoder = given.vocoder.partition(":")
    try:
        if kind != "istft" or not vocoder:
            raise LightError(f"'{given.vocoder}' cannot be exported; give a vocoder of our own as istft:FILE.")
        export(given.model, Path(vocoder), given.out)
    except ValueError as error:  # all that can be wrong with a model or a vocoder
        print(f"export_onnx: {error}", file=sys.stderr)
        return 2
    sizes = {path.name: path.stat().st_size / 1e6 for path in sorted(given.out.iterdir()) if path.suffix == ".onnx"}
    print(f"{given.out}: " + ", ".join(f"{name} {size:.1f} MB" for name, size in sizes.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())

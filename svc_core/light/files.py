"""What an export holds: three ONNX graphs, and light.json, which says what they were made from and how to use them.

light.json names every graph with its SHA-256, so a file that is missing, cut off or of another export is told from a
whole one before it is used.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from svc_core.config import Config, from_parts
from svc_core.whole import write_whole

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

FORMAT = "singsteps-light-1"
DESCRIPTION = "light.json"
MOST_OF_DESCRIPTION = 1 << 20  # bytes; ours has 3 kB
STUDENT, PITCH, FILTERS = "student.onnx", "vocoder-pitch.onnx", "vocoder-filters.onnx"
EXPORT = "python -m svc_core.export_onnx --model models/student.safetensors --vocoder istft:models/vocoder.safetensors"
INSTALL = "pip install -r app/requirements-own.txt"


class LightError(ValueError):
    """An export that cannot be used, or be used so; the message says why and what to do."""


@dataclass(frozen=True)
class Singer:
    """One of the voices that the student knows; a singer's place in the list is its number."""

    name: str
    median_f0_hz: float


@dataclass(frozen=True)
class Refinement:
    """What the vocoder does beside its networks, in their maker's numbers (see vocoders/network.py, spectrum.py)."""

    noise_seed: int
    row_cents: float  # between the rows in which F0 is looked for
    shallowest: float  # lowest magnitude of the pulses' spectrum that is told from none
    fit_updates: int
    iterations: int
    momentum: float


@dataclass(frozen=True)
class Description:
    """What light.json says.

    config       the student's: grid, content and all that training had
    noise_step   address of the noise that the student starts from (see diffusion/noise.py)
    mel_mean_ln, mel_std_ln   what its mels were normalised by; in the graph already
    model_hash, vocoder_hash  first 12 digits of the SHA-256 of the files that were exported
    files        SHA-256 of each graph, by name
    """

    config: Config
    singers: tuple[Singer, ...]
    noise_step: int
    mel_mean_ln: float
    mel_std_ln: float
    model_hash: str
    vocoder_hash: str
    refinement: Refinement
    files: dict[str, str]

    def singer_id(self, name: str) -> int:
        """Raises LightError, naming the singers there are, for an unknown one."""
        names = [singer.name for singer in self.singers]
        if name not in names:
            raise LightError(f"this model knows no singer '{name}'; it knows {', '.join(names)}.")
        return names.index(name)


def write_description(folder: Path, description: Description) -> None:
    """Write light.json into ``folder``, the last file of an export: what has it is whole."""
    parts = {"format": FORMAT, **asdict(description)}
    text = json.dumps(parts, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    write_whole(folder / DESCRIPTION, text.encode())


def read_description(folder: str | Path) -> Description:
    """What light.json in ``folder`` says. Raises LightError where it is not there, damaged or of another format."""
    path = Path(folder) / DESCRIPTION
    if not path.is_file():
        raise LightError(f"{path}: there is no such file; export the models first ({EXPORT} --out {folder}).")
    try:
        if path.stat().st_size > MOST_OF_DESCRIPTION:
            raise ValueError("larger than any")
        parts = json.loads(path.read_text(encoding="utf-8"))
        found = parts.pop("format")
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise LightError(f"{path}: not a whole description of an export; export the models again.") from error
    if found != FORMAT:
        raise LightError(f"{path}: of format {found}, this version reads {FORMAT}; export the models again.")
    try:
        parts["config"] = Config.from_json(json.dumps(parts["config"]))
        parts["singers"] = tuple(from_parts(Singer, singer) for singer in parts["singers"])
        parts["refinement"] = from_parts(Refinement, parts["refinement"])
        parts["files"] = dict(parts["files"])
        return from_parts(Description, parts)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise LightError(f"{path}: not a whole description of an export; export the models again.") from error


def sha256(path: Path) -> str:
    """Of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def open_graph(folder: str | Path, name: str, description: Description, threads: int) -> InferenceSession:
    """A graph of the export in ``folder``, ready to run on ``threads`` threads.

    Raises LightError where onnxruntime is not installed, or the graph is not there, or not the one that was exported.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read at import: it would tell its makers, and leave a file in /tmp
    try:
        import onnxruntime  # only here, so that a folder can be looked at without it
    except ImportError as error:
        raise LightError(f"converting without torch needs the package onnxruntime ({error}); {INSTALL}.") from error
    path = Path(folder) / name
    if not path.is_file():
        raise LightError(f"{path}: there is no such file; export the models again ({EXPORT} --out {folder}).")
    if sha256(path) != description.files.get(name):
        raise LightError(f"{path}: damaged, or of another export than {DESCRIPTION} beside it; fetch both again.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # threads that wait in a loop for the next graph would take the processor from everybody else on the machine
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own classes of errors have no public name
        raise LightError(f"{path}: this onnxruntime ({onnxruntime.__version__}) cannot run it; {INSTALL}.") from error

"""Reading a trace: one folder, a manifest and the files it names. Format in precomputed/README.md.

NumPy and pandas are enough (soundfile for the sounds). Every file is listed in the manifest with its
size and SHA-256. Nothing in a trace is believed before it is checked: it may come from anywhere.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from svc_core.diffusion.walk import COLUMNS, Walk
from svc_core.traces.arrays import unpack_array
from svc_core.traces.coding import decode_pictures
from svc_core.traces.manifest import LONGEST_MANIFEST, MANIFEST, Hidden, Manifest, parse_manifest
from svc_core.traces.parsing import ParseError
from svc_core.traces.place import Place, PlaceError, place_of

REBUILD = "delete the folder and run svc_core.precompute again, or restore it from the repository."
MOST_COLUMNS = 100  # of the measurements
MOST_OF_METRICS = 8 << 20  # bytes; a full trace's has 20 kB, and pandas takes eight times the size of a file
SHOWN = 80  # characters of a foreign name that are repeated to the reader


class TraceError(ValueError):
    """A folder that is no whole trace; the message says what is wrong with it and what to do."""


@dataclass(frozen=True)
class Trace:
    """An opened trace: its place and its manifest. Files are read when asked for; all of it raises TraceError."""

    place: Place
    manifest: Manifest

    @property
    def id(self) -> str:
        """Its name in addresses and in the catalogue."""
        return self.manifest.id

    @property
    def folder(self) -> Path:
        """On this machine. Raises TraceError for a trace at an address."""
        if self.place.path is None:
            raise TraceError(
                f"trace '{self.id}' lies at {self.place.address}, not in a folder of this machine: copy it."
            )
        return self.place.path

    def read(self, name: str) -> bytes:
        """A file of the trace, of the length that was written."""
        facts = self.manifest.files.get(name)
        if facts is None:
            raise TraceError(f"trace '{self.id}': it has no file {name[:SHOWN]}.")
        try:
            data = self.place.read(name, facts.bytes)
        except PlaceError as error:
            raise TraceError(f"trace '{self.id}': {error} {REBUILD.capitalize()}") from error
        if len(data) != facts.bytes:
            raise TraceError(f"trace '{self.id}': {name} has {len(data)} bytes, not {facts.bytes}; {REBUILD}")
        return data

    def array(self, name: str, kind: str, shape: tuple[int, ...], first: int | None = None) -> np.ndarray:
        """A .npy.gz of the trace, which must be of that kind and shape (see arrays.unpack_array)."""
        try:
            return unpack_array(self.read(name), kind, shape, first)
        except TraceError:
            raise
        except ValueError as error:
            raise TraceError(f"trace '{self.id}': {name} cannot be read ({error}); {REBUILD}") from error

    @property
    def _picture(self) -> tuple[int, int]:
        return self.manifest.grid.n_mels, self.manifest.frames

    def walk(self) -> Walk:
        """What each step of the sampler was made of."""
        sampler = self.manifest.sampler
        rows = self.array("walk.npy.gz", "<f4", (len(COLUMNS), sampler.steps)).astype(float)
        columns = dict(zip(COLUMNS, rows, strict=True))
        counted = np.stack([columns.pop("step"), columns.pop("address")])
        sound = np.isfinite(rows).all() and (columns["sigma"] > 0).all()
        if not (sound and (counted >= 0).all() and (counted < 1 << 32).all()):
            raise TraceError(f"trace '{self.id}': walk.npy.gz holds numbers that no walk has; {REBUILD}")
        whole = dict(zip(("step", "address"), counted.astype(int), strict=True))
        start_weight, start_address = sampler.start_weight, sampler.start_address
        return Walk(**columns, **whole, start_weight=start_weight, start_address=start_address, clamp=sampler.clamp)

    def predicted_levels(self) -> np.ndarray:
        """Predicted clean mels at ``manifest.pictures.places``, (picture, mel, frame) bytes of the fixed scale."""
        return self._pictures("predicted.npy.gz")

    def second_levels(self) -> np.ndarray | None:
        """What Heun's method corrects its predictions to, at the same places; None for other samplers."""
        return self._pictures("second.npy.gz") if "second.npy.gz" in self.manifest.files else None

    def _pictures(self, name: str) -> np.ndarray:
        places = self.manifest.pictures.places
        coded = self.array(name, "|u1", (len(places), *self._picture))
        return decode_pictures(coded, places, self.manifest.pictures.quantum)

    def result_levels(self) -> np.ndarray:
        """The last prediction, which is the result, (mel, frame): the first picture to be had."""
        places = self.manifest.pictures.places
        first = self.array("predicted.npy.gz", "|u1", (len(places), *self._picture), first=1)
        return decode_pictures(first, places[-1:], self.manifest.pictures.quantum)[0]

    def source_levels(self) -> np.ndarray:
        """Mel of the source, (mel, frame) bytes of the fixed scale."""
        return decode_pictures(self.array("source.npy.gz", "|u1", (1, *self._picture)), [0], 1)[0]

    def reference_levels(self) -> np.ndarray | None:
        """Mel of a recording of the target, (mel, frame of its own); None where there is none."""
        if self.manifest.reference is None:
            return None
        shape = (1, self.manifest.grid.n_mels, self.manifest.reference_frames)
        return decode_pictures(self.array("target.npy.gz", "|u1", shape), [0], 1)[0]

    def f0_hz(self) -> dict[str, np.ndarray]:
        """F0 in Hz, each (frame,), 0 where unvoiced: source, asked, predicted_PPPP, state_PPPP (P: place), target."""
        contours = self.manifest.contours
        names = ["source", "asked"]
        names += [f"predicted_{place:04d}" for place in contours.predicted]
        names += [f"state_{place:04d}" for place in contours.state]
        rows = self.array("f0.npy.gz", "<u2", (len(names), self.manifest.frames))
        found = dict(zip(names, rows.astype(np.float32) / 10, strict=True))
        if self.manifest.reference is not None:
            target = self.array("target_f0.npy.gz", "<u2", (1, self.manifest.reference_frames))
            found["target"] = target[0] / np.float32(10)
        return found

    def metrics(self) -> pd.DataFrame:
        """metrics.csv: a row for each place and kind (predicted, state) at which it was measured."""
        facts = self.manifest.files.get("metrics.csv")
        if facts is not None and facts.bytes > MOST_OF_METRICS:
            raise TraceError(f"trace '{self.id}': metrics.csv is larger than {MOST_OF_METRICS >> 20} MiB; {REBUILD}")
        data = self.read("metrics.csv")
        try:
            if data.partition(b"\n")[0].count(b",") >= MOST_COLUMNS:  # pandas would need minutes for a hundred thousand
                raise ValueError("it has too many columns")
            table = pd.read_csv(io.BytesIO(data), index_col=False)
            _check_metrics(table, self.manifest.sampler.steps)
        except ValueError as error:  # pandas' own are ValueErrors, some of several lines
            reason = " ".join(str(error).split())
            raise TraceError(f"trace '{self.id}': metrics.csv cannot be read ({reason}); {REBUILD}") from error
        return table

    def hidden_places(self) -> np.ndarray:
        """Places of the walk at which the hidden features were kept, ascending."""
        every, steps = self._hidden().every, self.manifest.sampler.steps
        return np.arange((steps - 1) % every, steps, every)

    def hidden_vectors(self) -> dict[str, np.ndarray]:
        """Reduced hidden features by name, each (place, component) float32 (see traces.hidden)."""
        hidden, places = self._hidden(), len(self.hidden_places())
        changes = self.array("hidden.npy.gz", "<i2", (len(hidden.names), hidden.components, places))
        whole = np.cumsum(changes, axis=2, dtype=np.int16)  # modulo 2^16, as they were subtracted
        return {
            name: vectors.T.astype(np.float32) * np.float32(scale)
            for name, scale, vectors in zip(hidden.names, hidden.scales, whole, strict=True)
        }

    def hidden_maps(self) -> dict[str, dict[str, np.ndarray]]:
        """Two maps of each hidden feature, "pca" and "tsne", each (place, 2) between -1 and 1."""
        hidden, places = self._hidden(), len(self.hidden_places())
        rows = self.array("maps.npy.gz", "<i2", (len(hidden.names), 4, places)).astype(np.float32) / 32_767
        return {name: {"pca": row[:2].T, "tsne": row[2:].T} for name, row in zip(hidden.names, rows, strict=True)}

    def _hidden(self) -> Hidden:
        if self.manifest.hidden is None:
            raise TraceError(f"trace '{self.id}' keeps no hidden features.")
        return self.manifest.hidden

    def verify(self) -> None:
        """Read every file against its checksum. Raises TraceError naming the first that differs or is foreign."""
        if self.place.path is not None:
            for path in sorted(self.folder.rglob("*")):
                name = path.relative_to(self.folder).as_posix()
                if path.is_file() and name != MANIFEST and name not in self.manifest.files:
                    raise TraceError(f"trace '{self.id}': the file {name[:SHOWN]} is no part of it; remove it.")
        for name, facts in self.manifest.files.items():
            if hashlib.sha256(self.read(name)).hexdigest() != facts.sha256:
                raise TraceError(f"trace '{self.id}': {name} is not what was written; {REBUILD}")


def open_trace(given: str | Path | Place) -> Trace:
    """Open a trace; its manifest is checked, and in a folder the size of every file. Raises TraceError."""
    place = place_of(given)
    name = place.name[:SHOWN]
    if place.path is not None and not (place.path / MANIFEST).is_file():
        raise TraceError(f"'{name}' is not a trace: it holds no {MANIFEST}; {REBUILD}")
    try:
        manifest = parse_manifest(place.read(MANIFEST, LONGEST_MANIFEST))
    except PlaceError as error:
        raise TraceError(f"trace '{name}': {error}") from error
    except ParseError as error:
        raise TraceError(f"trace '{name}': {MANIFEST} cannot be used: {error}; {REBUILD}") from error
    if manifest.id != place.name:
        raise TraceError(f"the folder '{name}' holds the trace '{manifest.id}': give it its own name back.")
    trace = Trace(place, manifest)
    if place.path is not None:
        _check_files(trace)
    return trace


def _check_metrics(table: pd.DataFrame, steps: int) -> None:
    needed = ["place", "step", "sigma", "snr_db", "kind"]
    if not set(needed) <= set(table.columns):
        raise ValueError("a column is missing")
    kinds, numbers = table["kind"], table.drop(columns="kind")
    if len(table) and not (
        kinds.isin(["predicted", "state"]).all()
        and all(is_numeric_dtype(kind) for kind in numbers.dtypes)
        and numbers[needed[:-1]].notna().all(axis=None)
        and numbers["place"].isin(range(steps)).all()
    ):
        raise ValueError("a value is none that was measured")


def _check_files(trace: Trace) -> None:
    inside = trace.folder.resolve()
    for name, facts in trace.manifest.files.items():
        path = trace.folder / name
        try:
            size = path.stat().st_size if path.is_file() else None
        except OSError:  # replaced between the two
            size = None
        if size is None:
            raise TraceError(f"trace '{trace.id}': {name} is missing; {REBUILD}")
        if not path.resolve().is_relative_to(inside):
            raise TraceError(f"trace '{trace.id}': the file '{name}' leads out of its folder; {REBUILD}")
        if size != facts.bytes:
            raise TraceError(f"trace '{trace.id}': {name} has {size} bytes, not {facts.bytes}; {REBUILD}")

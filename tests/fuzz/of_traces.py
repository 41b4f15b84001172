"""Traces and their catalogue, and which rows of it fit an address."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from app.expert.selection import facets, fitting
from svc_core.diffusion.walk import COLUMNS
from svc_core.traces.catalogue import CATALOGUE, Catalogue, CatalogueError, parse_rows, read_catalogue
from svc_core.traces.manifest import MANIFEST, MOST_FILE_BYTES, FileFacts, Hidden
from svc_core.traces.noised import INDEX, LinearBetas, NoisedSound, Noising, NoisingError, read_noising
from svc_core.traces.ranges import RANGES, RangesError, read_ranges
from svc_core.traces.trace import TraceError, open_trace
from tests.fuzz.arrays import bent_array, huge_array
from tests.fuzz.damage import bent
from tests.fuzz.reader import Reader, one_file
from tests.fuzz.tables import CELLS, bent_table
from tests.fuzz.values import bent_json
from tests.support.hand_traces import hand_files, hand_manifest, listed

PRECOMPUTED = Path(__file__).parents[2] / "precomputed"
REAL = "kimseye_nakarat--makam-f3--makam-m2--keyauto--ddpm--seed0"
Changes = dict[str, bytes | int | None]  # by file; a number: that many bytes of nothing; None: the file is gone


def trace(folder: Path) -> Reader:
    """Everything that a trace can be asked for: small ones made by hand, now and then a real one, or a huge one."""
    bases = _small_traces(folder)
    if (PRECOMPUTED / REAL).is_dir():
        shutil.copytree(PRECOMPUTED / REAL, folder / REAL)
        bases.append(folder / REAL)
    changes = [_changes(base) for base in bases]  # made before anything is changed
    # one in fifty is huge, one in ten real: these take longer
    kinds = [_huge, *changes[3:] * 5, *changes[:3] * 15]
    inputs = st.integers(0, len(kinds) - 1).flatmap(kinds.__getitem__)
    laid: list[Path] = []
    kept = {base: _contents(base) for base in bases}

    def lay(given: tuple[Path | None, Changes, bool]) -> None:
        base, changes, owned = given
        if laid and laid[0] in kept:
            _restore(laid[0], kept[laid[0]])
        if base is None:
            laid[:] = [_write_huge(folder / "huge", *changes.values())]
            return
        laid[:] = [base]
        for name, data in changes.items():
            path = base / name
            if data is None:
                path.unlink(missing_ok=True)
            elif isinstance(data, int):
                with path.open("wb") as file:
                    file.truncate(data)
            else:
                path.write_bytes(data)
        if owned and MANIFEST not in changes:
            _own(base, changes)

    return Reader(inputs, lay, lambda: _ask_everything(laid[0]), (TraceError,))


def _ask_everything(folder: Path) -> None:
    opened = open_trace(folder)
    asked = [
        opened.walk, opened.predicted_levels, opened.second_levels, opened.result_levels, opened.source_levels,
        opened.reference_levels, opened.f0_hz, opened.metrics, opened.hidden_places, opened.hidden_vectors,
        opened.hidden_maps, opened.verify,
    ]  # fmt: skip
    for ask in asked:
        with suppress(TraceError):
            ask()
    for sound in opened.manifest.sounds[:3]:
        with suppress(TraceError):
            opened.read(sound.predicted)


def _small_traces(folder: Path) -> list[Path]:
    made = []
    for name, how in (("ddpm", {}), ("heun", {"sampler": "heun"}), ("light", {"detail": "light", "sampler": "euler"})):
        manifest = hand_manifest(name=name, **how)
        files = hand_files(manifest)
        facts = {file: FileFacts(len(data), hashlib.sha256(data).hexdigest()) for file, data in files.items()}
        manifest = replace(manifest, files=facts)
        for file, data in (files | {MANIFEST: manifest.to_json().encode()}).items():
            one_file(folder / name / file)(data)
        made.append(folder / name)
    return made


def _contents(base: Path) -> dict[str, bytes]:
    return {path.relative_to(base).as_posix(): path.read_bytes() for path in base.rglob("*") if path.is_file()}


def _restore(base: Path, kept: dict[str, bytes]) -> None:
    for name, data in kept.items():
        path = base / name
        if not path.is_file() or path.stat().st_size != len(data) or path.read_bytes() != data:
            path.write_bytes(data)


def _changes(base: Path) -> st.SearchStrategy[tuple[Path, Changes, bool]]:
    manifest = json.loads((base / MANIFEST).read_text(encoding="utf-8"))
    files = [name for name in manifest["files"] if not name.startswith("sound/")]
    of_manifest = bent_json(manifest).map(lambda data: {MANIFEST: data})
    of_file = st.one_of([_of_file(base, name) for name in files])
    of_both = st.tuples(of_manifest, of_file).map(lambda both: both[0] | both[1])
    gone = st.sampled_from(list(manifest["files"])).flatmap(
        lambda name: st.sampled_from([None, 0, 1, MOST_FILE_BYTES + 1, MOST_FILE_BYTES]).map(lambda size: {name: size})
    )
    changes = st.one_of(of_manifest, of_manifest, of_file, of_file, of_both, gone)
    return st.tuples(st.just(base), changes, st.booleans() | st.just(True))


def _of_file(base: Path, name: str) -> st.SearchStrategy[Changes]:
    data = (base / name).read_bytes()
    if name.endswith(".csv"):
        kinds = bent_table(data.decode())
    elif name.endswith(".npy.gz"):
        kinds = bent_array(np.load(io.BytesIO(gzip.decompress(data))))
    else:
        kinds = bent(data)
    return kinds.map(lambda new: {name: new})


def _own(base: Path, changes: Changes) -> None:
    """The manifest says of the changed files what they are now."""
    manifest = json.loads((base / MANIFEST).read_text(encoding="utf-8"))
    for name, data in changes.items():
        if data is not None and name in manifest["files"]:
            size = data if isinstance(data, int) else len(data)
            sha256 = "0" * 64 if isinstance(data, int) else hashlib.sha256(data).hexdigest()
            manifest["files"][name] = {"bytes": size, "sha256": sha256}
    (base / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


# traces as large as they say, or larger than they may be: (base, {what: number}, owned)
_huge = st.tuples(
    st.none(),
    st.fixed_dictionaries(
        {
            "steps": st.sampled_from([1, 40, 1_000, 10_000]),
            "bands": st.sampled_from([1, 100, 128, 512]),
            "frames": st.sampled_from([1, 500, 3_000, 8_192]),
            "pictures": st.sampled_from([2, 72, 300, 4_000]),
            "components": st.sampled_from([3, 64, 4_096]),
        }
    ),
    st.just(True),
)


def _write_huge(folder: Path, steps: int, bands: int, frames: int, pictures: int, components: int) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    manifest = hand_manifest(
        name="huge", steps=min(steps, 1_000), bands=bands, frames=frames, pictures=pictures, sounds=2
    )
    manifest = replace(
        manifest,
        sampler=replace(manifest.sampler, steps=steps),
        pictures=replace(manifest.pictures, places=sorted({*range(min(pictures - 1, steps)), steps - 1})),
        sounds=[replace(manifest.sounds[0], state=None)],
        hidden=Hidden(["block_1"], [0.01], components, 1),
        reference=None,
    )
    places = len(manifest.pictures.places)
    values = places * bands * frames
    arrays = {
        "walk.npy.gz": ("<f4", (len(COLUMNS), steps)),
        "predicted.npy.gz": ("|u1", (places, bands, frames)),
        "source.npy.gz": ("|u1", (1, bands, frames)),
        "f0.npy.gz": ("<u2", (2 + len(manifest.contours.predicted) + len(manifest.contours.state), frames)),
        "hidden.npy.gz": ("<i2", (1, components, steps)),
    }
    files = {name: huge_array(kind, shape) if values < 1 << 28 else b"" for name, (kind, shape) in arrays.items()} | {
        "metrics.csv": b"place\n",
        manifest.sounds[0].predicted: b"",
    }
    manifest = replace(manifest, files={name: listed(name, len(data))[name] for name, data in files.items()})
    for name, data in (files | {MANIFEST: manifest.to_json().encode()}).items():
        one_file(folder / name)(data)
    return folder


def catalogue(folder: Path) -> Reader:
    """A list of traces, and every row of it."""
    few, _ = _shipped_rows()
    rows = st.sampled_from([1, 5_000, 40_000, 400_000])
    many = st.tuples(rows, st.booleans()).map(lambda how: _long_catalogue(few, *how))
    inputs = st.one_of(*[bent_table(few)] * 15, bent_table(_older(few)), many)

    def read() -> None:
        found = read_catalogue(folder)
        for entry in found:
            assert found.find(entry.id) == entry
        found.scores  # noqa: B018

    return Reader(inputs, one_file(folder / CATALOGUE), read, (CatalogueError,))


def _shipped_rows() -> tuple[str, Catalogue]:
    """A dozen rows, and all of them."""
    text = (PRECOMPUTED / CATALOGUE).read_text(encoding="utf-8")
    return "".join(text.splitlines(keepends=True)[:13]), Catalogue(parse_rows(text.encode()))


def _older(text: str) -> str:
    """Without the columns that came later."""
    return text.replace(",swap_at,", ",was_swap_at,", 1)


def _long_catalogue(text: str, rows: int, short: bool) -> bytes:
    """As many rows, whole ones under names of their own, or nothing but commas."""
    header, first, *_ = text.splitlines()
    if short:
        return f"{header}\n".encode() + (b"," * header.count(",") + b"\n") * rows
    rest = first.partition(",")[2]
    return f"{header}\n".encode() + b"".join(f"t{number},{rest}\n".encode() for number in range(rows))


def selection(_: Path) -> Reader:
    """An address of the expert page: names and texts of anybody's making."""
    _, found = _shipped_rows()
    names = [*facets(found.table), *found.scores, "step", "trace", ""]
    ends = st.sampled_from([*CELLS, "0.9", ".5", "-1"])
    ranges = st.tuples(ends, ends).map(":".join)
    known = st.sampled_from(sorted({text for texts in facets(found.table).values() for text in texts.unique()}))
    texts = st.one_of(st.sampled_from(CELLS), ranges, known, st.text(), st.lists(known, max_size=5).map(",".join))
    inputs = st.dictionaries(st.sampled_from(names) | st.text(max_size=5), texts, max_size=6)
    laid: list[dict[str, str]] = []
    return Reader(inputs, lambda state: laid.__setitem__(slice(None), [state]), lambda: fitting(found, laid[0]), ())


def noising(folder: Path) -> Reader:
    """The index of a forward process."""
    betas = LinearBetas(1000, 1e-4, 0.02)
    snr_db = betas.schedule().snr_db
    sounds = [NoisedSound(t, round(float(snr_db[t]), 3), f"t{t}.mp3", 10, "0" * 64) for t in (0, 100, 999)]
    index = Noising("singsteps-noising-1", "a", 1, 2, betas, "v", 0.0, sounds, "CC0", ["made"])
    return Reader(bent_json(asdict(index)), one_file(folder / INDEX), lambda: read_noising(folder), (NoisingError,))


def ranges(folder: Path) -> Reader:
    """ranges.csv, beside the catalogue."""
    text = (PRECOMPUTED / RANGES).read_text(encoding="utf-8")
    return Reader(bent_table(text), one_file(folder / RANGES), lambda: read_ranges(folder), (RangesError,))

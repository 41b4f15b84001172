"""Model files: our own in safetensors, other people's in torch's format, exports with their light.json."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import torch
from hypothesis import strategies as st
from safetensors.torch import save

from svc_core.config import CodeConfig, Config, GridConfig, VocoderConfig
from svc_core.light.files import DESCRIPTION, LightError, open_graph, read_description, sha256
from svc_core.model.checkpoint import CheckpointError, load_model, save_model
from svc_core.model.content_encoder import ContentEncoder
from svc_core.model.system import VoiceConverter
from svc_core.phones.encoder_file import Recogniser, load_recogniser, save_content_encoder
from svc_core.phones.inventory import Inventory
from svc_core.phones.learning import PhoneHead
from svc_core.vocoders.checkpoints import fill_network, load_tensors
from svc_core.vocoders.istft import load_istft, save_istft
from svc_core.vocoders.network import IstftNetwork
from svc_core.vocoders.vocoder import VocoderError
from tests.conftest import SINGERS
from tests.fuzz.damage import bent
from tests.fuzz.of_conversions import TINY
from tests.fuzz.reader import Reader, one_file
from tests.fuzz.values import TEXTS, bent_json, bent_value, hostile, written

LIGHT = Path(__file__).parents[2] / "models" / "light"
LARGE = 300 << 20  # bytes that a small file may unpack into


def model(folder: Path) -> Reader:
    """A voice converter, and one that leaves a part to another file beside it."""
    torch.manual_seed(1)
    whole = VoiceConverter(TINY, SINGERS)
    base, path, rest = folder / "base.safetensors", folder / "model.safetensors", folder / "rest.safetensors"
    save_model(base, whole, whole.state_dict())
    save_model(rest, whole, whole.state_dict() | {"mel_mean": torch.tensor(3.0)}, base=base)
    inputs = st.one_of(
        *[_bent_safetensors(base.read_bytes(), ("config", "singers"))] * 3, _bent_safetensors(rest.read_bytes(), ())
    )
    return Reader(inputs, one_file(path), lambda: load_model(path), (CheckpointError,))


def encoder(folder: Path) -> Reader:
    """A content encoder with its phones."""
    path = folder / "encoder.safetensors"
    config = Config(code=CodeConfig(width=16, layers=1, code=6, units=8))
    inventory = Inventory(("sil", "a", "k"))
    save_content_encoder(path, Recogniser(ContentEncoder(config), PhoneHead(6, 3), inventory))
    inputs = _bent_safetensors(path.read_bytes(), ("config", "phones"))
    return Reader(inputs, one_file(path), lambda: load_recogniser(path), (CheckpointError,))


def vocoder(folder: Path) -> Reader:
    """A vocoder of our own."""
    path, grid, config = folder / "vocoder.safetensors", GridConfig(), VocoderConfig(width=16, layers=1)
    save_istft(path, IstftNetwork(grid, config).state_dict(), config, grid)
    inputs = _bent_safetensors(path.read_bytes(), ("vocoder", "grid"))
    return Reader(inputs, one_file(path), lambda: load_istft(path, grid), (VocoderError,))


def _bent_safetensors(data: bytes, metadata: tuple[str, ...]) -> st.SearchStrategy[bytes]:
    """Its header bent as JSON, the JSON within it as well, or bytes of it."""
    size = 8 + int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8:size]), data[size:]
    bodies = st.sampled_from([body, body, body, body[:-4], body + bytes(8), b"", body[:64]])
    of_header = st.tuples(bent_json(header), bodies).map(_headed)
    kinds = [of_header, of_header, bent(data)]
    for name in metadata:
        inner = bent_json(json.loads(header["__metadata__"][name]))
        kinds += [inner.map(lambda new, name=name: _headed((_with_metadata(header, name, new), body)))] * 2
    kinds.append(
        st.sampled_from(TEXTS).map(
            lambda text: _headed((_with_metadata(header, "base", text.encode("utf-8", "replace")), body))
        )
    )
    # a copy of each, since safetensors refuses two names of one memory
    kinds.append(
        _wide.map(lambda tensors: save({name: one.clone() for name, one in tensors.items()}, header["__metadata__"]))
    )
    return st.one_of(kinds)


def _with_metadata(header: dict[str, Any], name: str, new: bytes) -> bytes:
    text = new.decode("utf-8", "replace")
    return written(header | {"__metadata__": header["__metadata__"] | {name: text}})


def _headed(parts: tuple[bytes, bytes]) -> bytes:
    header, body = parts
    return len(header).to_bytes(8, "little") + header + body


KINDS = (torch.bool, torch.int8, torch.uint16, torch.bfloat16, torch.float8_e4m3fn, torch.complex64)
# tensors under our names, of kinds that no model of ours has
_wide = st.dictionaries(
    st.sampled_from(["mel_mean", "mel_std", "singer_f0_hz", "units", "encoder/enter.weight", "x"]),
    st.sampled_from(
        [torch.zeros(shape, dtype=kind) for shape in ((), (0,), (2,), (0, 1 << 40)) for kind in KINDS]
    ),
    min_size=1,
    max_size=4,
)  # fmt: skip


class _Runs:
    """Pickled, it would run something."""

    def __reduce__(self) -> tuple:
        return (print, ("a checkpoint ran this",))


def tensors(folder: Path) -> Reader:
    """A .pt of other people's, in both of torch's formats, and a network that is to be filled with it."""
    path, network = folder / "weights.pt", torch.nn.Linear(3, 2)
    holding: list[object] = [
        network.state_dict(), {"generator": network.state_dict()}, [torch.zeros(3)], torch.zeros(4, 5), 7, "text", None,
        {},
        {3: torch.zeros(2), None: 1}, {"weight": "text", "bias": None}, {"weight": torch.zeros(3, 2)}, _Runs(),
        {"weight": torch.zeros(1).expand(1 << 20, 1 << 10)},
        {"weight": torch.zeros(2, 3).to_sparse(), "bias": torch.zeros(2, device="meta")},
    ]  # fmt: skip
    files = []
    for value in holding:
        for new in (True, False):
            stream = io.BytesIO()
            torch.save(value, stream, _use_new_zipfile_serialization=new)
            files.append(stream.getvalue())
    inputs = st.one_of(
        st.sampled_from(files),
        *[bent(data) for data in files[:4]] * 2,
        st.sampled_from(files).flatmap(bent),
        *[_zipped(data) for data in files[:4:2]],
    )

    def read() -> None:
        fill_network(network, load_tensors(path), path)

    return Reader(inputs, one_file(path), read, (VocoderError,))


def _zipped(data: bytes) -> st.SearchStrategy[bytes]:
    """Torch's newer format with an entry bent, left out, or packed so that it unpacks into far more."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    names = st.sampled_from(sorted(entries))
    pickled = next(name for name in entries if name.endswith("data.pkl"))

    def pack(new: dict[str, bytes | None], how: int = zipfile.ZIP_STORED) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", how, compresslevel=1) as archive:
            for name, content in (entries | new).items():
                if content is not None:
                    archive.writestr(name, content)
        return stream.getvalue()

    @cache
    def bomb(name: str) -> bytes:
        return pack({name: bytes(LARGE)}, zipfile.ZIP_DEFLATED)

    return st.one_of(
        bent(entries[pickled]).map(lambda new: pack({pickled: new})),
        names.flatmap(lambda name: bent(entries[name]).map(lambda new: pack({name: new}, zipfile.ZIP_DEFLATED))),
        names.map(lambda name: pack({name: None})),
        st.sampled_from([pickled, sorted(entries)[-1]]).map(bomb),
    )


def light(folder: Path) -> Reader:
    """light.json; where it can be read, everything that is done with it."""
    path = folder / DESCRIPTION
    whole = json.loads((LIGHT / DESCRIPTION).read_text(encoding="utf-8"))
    parts = ("singers", "refinement", "files", "mel_mean_ln", "format")
    few = bent_value({name: whole[name] for name in parts}).map(
        lambda new: written(whole | new) if isinstance(new, dict) else written(new)
    )
    inputs = st.one_of(
        bent_json(whole),
        few,
        st.tuples(st.sampled_from(sorted(whole)), hostile).map(lambda new: written(whole | dict([new]))),
    )

    def read() -> None:
        found = read_description(folder)
        with suppress(LightError):
            found.singer_id("makam-f3")
        with suppress(LightError):
            open_graph(folder, "student.onnx", found, 1)
        hash(
            (
                found.mel_mean_ln + found.mel_std_ln,
                found.noise_step + 1,
                found.refinement.iterations + 1,
                found.config.grid.hop,
            )
        )

    return Reader(inputs, one_file(path), read, (LightError,))


def graph(folder: Path) -> Reader:
    """A graph of an export, as damaged as its light.json says it is."""
    description = read_description(LIGHT)
    path = folder / "vocoder-pitch.onnx"
    data = (LIGHT / path.name).read_bytes()

    def read() -> None:
        description.files[path.name] = sha256(path)
        open_graph(folder, path.name, description, 1)

    return Reader(bent(data), one_file(path), read, (LightError,))

"""What a conversion is asked for with: plans, lists of recordings, corpora, credits; and a stranger's recording."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import soundfile
import torch
from hypothesis import strategies as st

from svc_core.config import Config, DiffusionConfig, GridConfig, ModelConfig
from svc_core.conversion.job import JobError, read_credits
from svc_core.conversion.plan import plan_jobs
from svc_core.conversion.plan_file import read_plan
from svc_core.conversion.references import VOICES, load_voices, save_voices
from svc_core.conversion.sets import ConversionSetError, read_conversion
from svc_core.conversion.sources import SourceError, find_sources
from svc_core.corpora.corpus import CorpusError, read_corpus
from svc_core.model.system import VoiceConverter
from svc_core.own.recording import read_recording
from svc_core.sound.audio import AudioError
from tests.conftest import SINGERS, contour, voice, write_corpus
from tests.fuzz.damage import bent
from tests.fuzz.reader import Reader, one_file
from tests.fuzz.tables import bent_table, bent_toml
from tests.fuzz.values import TEXTS, bent_json

PLAN = """
[[conversions]]
model = "model.safetensors"
sources = ["hymn:bass", "scale"]
targets = ["*"]
keys = ["auto", 3]
samplers = ["ddpm", "auto"]
seeds = [0, 7]
without = [[], ["singer"], ["melody", "loudness"]]
defect = ""
detail = "light"
label = "one"
note = "a note"
self = false

[[conversions]]
model = "other.safetensors"
recordings = ["own.wav", "list.txt", "list.json"]
licence = "CC0"
attribution = "me"
start_s = 0.5
end_s = 1.0
targets = ["alto"]
guidance = [{}, {singer = 2.0}]
swaps = [{}, {singer = "bass", at = 3}]
"""
TINY = Config(
    model=ModelConfig(
        width=16, content_bottleneck=4, draft_layers=1, draft_width=16, denoiser_layers=2, step_embedding=16
    ),
    diffusion=DiffusionConfig(steps=20, beta_last=0.5),
)
RATE_HZ = 24_000
# a playlist and a list that name a file of ours, and themselves
LISTS = (
    b"ffconcat version 1.0\nfile sent\nfile sent\n",
    b"ffconcat version 1.0\nfile /etc/hostname\n",
    b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsent\n#EXT-X-ENDLIST\n",
    b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/hostname\n",
    b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'></MPD>",
    b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n",
    b"P6 60000 60000 255\n" + bytes(64),
    b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(300),
)


def plan(folder: Path) -> Reader:
    """A plan of the conversions that are wished for, down to the jobs."""
    (folder / "corpus").mkdir()
    corpus = write_corpus(folder / "corpus")
    credits_of = read_credits(corpus.root / "credits.csv")
    soundfile.write(folder / "own.wav", np.zeros(100), RATE_HZ)
    (folder / "list.txt").write_text("own.wav\n")
    (folder / "list.json").write_text('["own.wav"]')
    torch.manual_seed(1)
    model = VoiceConverter(TINY, SINGERS)
    path = folder / "plan.toml"

    def read() -> None:
        found = read_plan(path)
        plan_jobs(
            found, corpus, credits_of, {name: model for name in found.models if name.endswith("model.safetensors")}
        )

    return Reader(bent_toml(PLAN), one_file(path), read, (JobError,))


def sources(folder: Path) -> Reader:
    """A list of recordings; the other kind of list is a text of paths."""
    path = folder / "list.json"
    inputs = st.one_of(
        bent_json(["one.wav", "a/two.wav", "../three.wav"]),
        st.lists(st.sampled_from(TEXTS)).map(lambda texts: json.dumps(texts).encode()),
    )
    return Reader(inputs, one_file(path), lambda: find_sources([path]), (SourceError,))


def conversion(folder: Path) -> Reader:
    """What lies beside a converted sound."""
    facts = {
        "source": "a.wav", "target": "alto", "key_shift_semitones": 3, "start_s": 0.5, "end_s": 2.0,
        "source_singer": None, "sampler": "ddpm", "steps": 20, "seed": 0, "vocoder": "istft", "model": "m",
    }  # fmt: skip
    one_file(folder / "c.wav")(b"")
    path = folder / "c.json"
    return Reader(bent_json(facts), one_file(path), lambda: read_conversion(path), (ConversionSetError,))


def credits(folder: Path) -> Reader:
    path = folder / "credits.csv"
    text = 'singer,licence,attribution\nalto,CC BY 4.0,"Made, for tests"\nbass,CC0,me\n'
    return Reader(bent_table(text), one_file(path), lambda: read_credits(path), (JobError,))


def corpus(folder: Path) -> Reader:
    """metadata.csv and phrases.csv: one of them bent, or both."""
    clips = (
        "file,singer,song,section,split,may_ship,licence,path,labels,label_file\n"
        "a/train.wav,alto,Hymn 7,verse,train,yes,CC BY 4.0,,phones,\n"
        "a/test.wav,alto,Hymn 7,verse,test,yes,CC BY 4.0,/x/y.wav,words+midi,l/test.TextGrid\n"
        "b/train.wav,bass,Hymn 8,,unseen,no,CC0,,,\n"
    )
    phrases = "phrase,file,start_s,end_s\nscale,a/train.wav,0.0,1.0\nhymn,b/train.wav,0.1,1.3\n"
    whole = st.just((clips.encode(), phrases.encode()))
    inputs = st.one_of(
        st.tuples(bent_table(clips), st.just(phrases.encode())),
        st.tuples(st.just(clips.encode()), bent_table(phrases)),
        st.tuples(bent_table(clips), bent_table(phrases)),
        whole,
    )

    def lay(both: tuple[bytes, bytes]) -> None:
        for name, data in zip(("metadata.csv", "phrases.csv"), both, strict=True):
            one_file(folder / name)(data)

    return Reader(inputs, lay, lambda: read_corpus(folder), (CorpusError,))


def recording(folder: Path) -> Reader:
    """A sound as a stranger sends it: of every common kind, damaged, or no sound at all."""
    inputs = [bent(data, 0) for data in _sounds(folder)]
    loud = st.tuples(
        st.sampled_from([(8_000, 1), (48_000, 2), (192_000, 8), (384_000, 8), (655_350, 8)]),
        st.sampled_from([1.0, 15.0, 15.3, 60.0]),
    ).map(lambda how: _long_sound(*how[0], how[1]))
    lists = st.sampled_from(LISTS) | st.sampled_from(LISTS).flatmap(bent)
    path = folder / "sent"
    grid = GridConfig()
    everything = st.one_of(*inputs, lists) if len(inputs) > 8 else st.one_of(*inputs)
    # one in fifty is long: it takes a tenth of a second to make
    inputs = st.integers(0, 49).flatmap(lambda number: loud if number == 0 else everything)
    return Reader(inputs, one_file(path), lambda: read_recording(path, grid), (AudioError,))


def _sounds(folder: Path) -> list[bytes]:
    samples = voice(contour(1.1, 220.0))
    found = []
    for kind, subtype in (
        ("WAV", "PCM_16"), ("WAV", "FLOAT"), ("WAV", "MS_ADPCM"), ("WAVEX", "PCM_24"),
        ("FLAC", "PCM_16"), ("OGG", "VORBIS"),
        ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"), ("AIFF", "PCM_16"), ("AU", "ULAW"), ("CAF", "ALAC_16"),
        ("W64", "PCM_16"),
    ):  # fmt: skip
        file = io.BytesIO()
        soundfile.write(file, samples, RATE_HZ, format=kind, subtype=subtype)
        found.append(file.getvalue())
    if shutil.which("ffmpeg"):
        soundfile.write(folder / "whole.wav", samples, RATE_HZ)
        for ending, how in (("m4a", ["-c:a", "aac"]), ("webm", ["-c:a", "libopus"])):
            made = folder / f"whole.{ending}"
            command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(folder / "whole.wav"), *how, str(made)]
            if subprocess.run(command, capture_output=True).returncode == 0:
                found.append(made.read_bytes())
    return found


def _long_sound(rate_hz: int, channels: int, seconds: float) -> bytes:
    """A file of silence and a tick, which FLAC packs into next to nothing."""
    file = io.BytesIO()
    block = np.zeros((rate_hz, channels), np.int16)
    block[0] = 9_000
    with soundfile.SoundFile(file, "w", rate_hz, channels, "PCM_16", format="FLAC") as out:
        for _ in range(int(seconds)):
            out.write(block)
    return file.getvalue()


def voices(folder: Path) -> Reader:
    """voices.npz: whatever is wrong with it, none are known then."""
    save_voices(folder, {"alto": np.ones(256, np.float32), "bass": np.zeros(256, np.float32)})
    path = folder / VOICES
    return Reader(bent(path.read_bytes()), one_file(path), lambda: load_voices(folder), ())

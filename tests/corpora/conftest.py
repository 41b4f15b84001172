"""Data sets of every layout, as small as they can be: half a second of a synthetic voice a file."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from svc_core.corpora.corpus import Clip
from tests.conftest import RATE_HZ, contour, voice

TEXTGRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 0.5
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 0.5
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 0.2
            text = ""
        intervals [2]:
            xmin = 0.2
            xmax = 0.5
            text = "akşam"
"""


@cache
def _sound(hz: float, seconds: float) -> np.ndarray:
    return voice(contour(seconds, hz))


def sing(path: Path, hz: float = 200.0, seconds: float = 0.5) -> Path:
    """Write a voice of that height as whatever the name of the file says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, _sound(hz, seconds), RATE_HZ)
    return path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def clip_of(singer: str, song: str, number: int = 0, split: str = "", data_set: str = "own") -> Clip:
    file = f"{data_set}/{singer}/{song}/{number}.wav"
    return Clip(Path("/recordings") / file, file, singer, song, split, False, "unknown", data_set=data_set)


def make_m4singer(root: Path) -> Path:
    """Two singers who share a song; phones stand in meta.json."""
    items = []
    for singer, song, takes in (("Alto-1", "美错", 2), ("Tenor-1", "美错", 1), ("Tenor-1", "Été d'amour", 1)):
        for number in range(takes):
            sing(root / f"{singer}#{song}" / f"{number:04}.wav", 330.0 if singer == "Alto-1" else 150.0)
            items.append(
                {
                    "item_name": f"{singer}#{song}#{number:04}",
                    "txt": "美",
                    "phs": ["<SP>", "m", "ei", "<AP>"],
                    "ph_dur": [0.1, 0.05, 0.25, 0.1],
                    "notes": [0, 60, 60, 0],
                }
            )
    write(root / "meta.json", json.dumps(items, ensure_ascii=False))
    return root


def make_opencpop(root: Path) -> Path:
    """Two songs, of which the owner holds out 2044."""
    lines = []
    for utterance in ("2001000001", "2001000002", "2044000001"):
        sing(root / "segments/wavs" / f"{utterance}.wav", 300.0)
        lines.append(f"{utterance}|感|g an SP|C4 C4 rest|0.3 0.3 0.2|0.05 0.25 0.2|0 0 0")
    sing(root / "wavs/2001.wav")
    write(root / "segments/transcriptions.txt", "\n".join(lines) + "\n")
    write(root / "segments/train.txt", "\n".join(lines[:2]) + "\n")
    write(root / "segments/test.txt", lines[2] + "\n")
    return root


def make_opensinger(root: Path) -> Path:
    """Man 0 and woman 0, who sing one song."""
    for half, hz in (("ManRaw", 140.0), ("WomanRaw", 280.0)):
        for number in range(2):
            path = sing(root / half / "0_光年之外" / f"0_光年之外_{number}.wav", hz)
            write(path.with_suffix(".txt"), "光年之外")
            write(path.with_suffix(".lab"), "guang nian zhi wai")
    return root


def make_svcc(root: Path) -> Path:
    for singer in ("IDF1", "CDM1"):
        path = sing(root / "Data" / singer / "10001.wav", 250.0)
        write(path.with_suffix(".txt"), "take a sad song\n")
    sing(root / "Data/IDF1/10002.wav", 260.0)
    return root


def make_vctk(root: Path) -> Path:
    """p225 has both microphones, p226 has only the second one."""
    for name in ("p225/p225_001_mic1", "p225/p225_001_mic2", "p225/p225_002_mic1", "p226/p226_001_mic2"):
        sing(root / "wav48_silence_trimmed" / f"{name}.flac", 180.0)
    write(root / "txt/p225/p225_001.txt", "Please call Stella.\n")
    write(root / "txt/p225/p225_002.txt", "Ask her to bring\nthese things.\n")
    write(root / "txt/p226/p226_001.txt", "Please call Stella.")
    write(root / "speaker-info.txt", "ID  AGE  GENDER  ACCENTS  REGION COMMENTS\np225  23  F    English\n")
    return root


def make_pjs(root: Path) -> Path:
    inner = root / "PJS_corpus_ver1.1"
    for song in ("pjs001", "pjs002"):
        sing(inner / song / f"{song}_song.wav", 170.0)
        sing(inner / song / f"{song}_speech.wav", 120.0)
        write(inner / song / f"{song}.lab", "0 1000000 pau\n1000000 5000000 a\n")
    sing(inner / "background_noise/noise.wav")
    return root


def make_makam(root: Path) -> Path:
    """Two singers of one song under two names; one section has no TextGrid."""
    for name in ("bir/02_Gel_2_zemin", "bir/Kimseye_3_zemin", "iki/Melihat_Gulses_2_zemin_from_47_3_to_68_7"):
        sing(root / f"{name}.wav", 220.0)
        write(root / f"{name}.TextGrid", TEXTGRID)
    sing(root / "bir/02_Gel_Part4_nakarat2.wav", 220.0)
    write(root / "bir/04_Commercial_1_zemin.TextGrid", TEXTGRID)
    return root


def make_singers(root: Path) -> Path:
    """A folder of one's own, with spaces, other scripts and a song in phrases."""
    sing(root / "Ayşe Nur/akşam oldu.wav", 260.0)
    write(root / "Ayşe Nur/akşam oldu.TextGrid", TEXTGRID)
    sing(root / "Ayşe Nur/gel.flac", 270.0)
    sing(root / "bob/gel/01.wav", 130.0)
    sing(root / "bob/gel/02.wav", 130.0)
    return root

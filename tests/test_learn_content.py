"""The command that learns the content encoder: what it writes, and what it says of a corpus that lacks something."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from svc_core.config import ContentConfig
from svc_core.corpora.corpus import Corpus
from svc_core.corpora.labels import Interval, Labels, write_lab
from svc_core.learn_content import main, plain_variant
from svc_core.phones.encoder_file import load_recogniser
from tests.conftest import is_sentence

SHORT = ("--preset", "tiny", "--steps", "3", "--batch", "2")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Filled by the first test that needs it, in this process: a worker takes longer to start than these clips take."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("svc_core.corpora.cache.worker_pool", lambda jobs: ThreadPoolExecutor(1))
        yield tmp_path_factory.mktemp("features")


@pytest.fixture(scope="module")
def labelled_corpus(tiny_corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny corpus with its vowels timed, and a breath at the end of which nobody knows what it is."""
    root = tmp_path_factory.mktemp("labelled") / "corpus"
    shutil.copytree(tiny_corpus.root, root)
    for clip in tiny_corpus.clips:
        vowel_s = 0.2 if clip.split == "train" else 0.3
        starts = [number * vowel_s for number in range(int(1.4 / vowel_s))]
        vowels = [Interval(s, s + vowel_s, "aeo"[number % 3]) for number, s in enumerate(starts)]
        labels = Labels("phones", (*vowels, Interval(vowels[-1].end_s, 1.5, "xx")))
        write_lab(root / Path(clip.file).with_suffix(".lab"), labels)
    return root


def run(corpus: Path, cache: Path, folder: Path) -> int:
    return main(["--corpus", str(corpus), "--cache", str(cache), "--run", str(folder), *SHORT])


def test_it_writes_an_encoder_its_probes_and_a_table(
    labelled_corpus: Path, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    assert run(labelled_corpus, cache, tmp_path) == 0
    recogniser = load_recogniser(tmp_path / "content.safetensors")
    assert recogniser.inventory.symbols == ("sil", "a", "e", "o")
    probes = {row["probe"]: row for row in json.loads((tmp_path / "probes.json").read_text(encoding="utf-8"))}
    assert probes["phone, timed by hand"]["cepstra"]["count"].startswith("2 clips")
    assert probes["singer"]["code"]["chance"] == 0.5
    out = capsys.readouterr().out
    assert "should be" in out and "singer, within a phone" in out and "content.safetensors" in out
    assert not list(tmp_path.glob(".*"))


def test_a_finished_run_only_probes_again(labelled_corpus: Path, cache: Path, tmp_path: Path):
    assert run(labelled_corpus, cache, tmp_path) == 0
    first = (tmp_path / "content.safetensors").read_bytes()
    assert run(labelled_corpus, cache, tmp_path) == 0
    assert (tmp_path / "content.safetensors").read_bytes() == first


def test_a_corpus_without_labels_is_learnt_from_and_says_what_is_missing(
    tiny_corpus: Corpus, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    assert run(tiny_corpus.root, cache, tmp_path) == 0
    note = next(line for line in capsys.readouterr().err.splitlines() if line.startswith("note: "))
    assert "no training recording has labels" in note and is_sentence(note)
    assert load_recogniser(tmp_path / "content.safetensors").inventory.symbols == ("sil",)
    probes = {row["probe"]: row for row in json.loads((tmp_path / "probes.json").read_text(encoding="utf-8"))}
    assert probes["phone, timed by hand"]["code"] is None and probes["singer"]["code"] is not None


def test_what_is_wrong_is_one_sentence_and_status_2(
    labelled_corpus: Path, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    assert run(tmp_path / "nowhere", cache, tmp_path) == 2
    message = capsys.readouterr().err
    assert message.startswith("learn_content: ") and is_sentence(message.strip())
    broken = tmp_path / "broken"
    shutil.copytree(labelled_corpus, broken)
    (broken / "alto" / "train.lab").write_text("nonsense\n", encoding="utf-8")
    assert run(broken, cache, tmp_path / "run") == 2
    assert "train.lab, line 1" in capsys.readouterr().err


def test_the_plain_variant_is_the_one_without_a_warp():
    assert plain_variant(ContentConfig()) == 2
    assert plain_variant(ContentConfig(warps=(0.92, 1.0), pitches=(3.0,))) == 1
    assert plain_variant(ContentConfig(warps=(0.8, 0.95))) == 1

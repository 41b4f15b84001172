"""The command that scores conversions: a set with good and bad ones, traces, and what it says of both."""

import contextlib
import csv
import io
import json
import shutil
import sys
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from svc_core.config import CodeConfig, Config, GridConfig
from svc_core.conversion.sets import read_conversion
from svc_core.corpora.corpus import read_corpus
from svc_core.evaluate import doubts, find_references, main, name_singers
from svc_core.metrics.crepe import load_network
from svc_core.model.checkpoint import model_hash
from svc_core.model.content_encoder import ContentEncoder
from svc_core.phones.encoder_file import Recogniser, save_content_encoder
from svc_core.phones.inventory import inventory_of
from svc_core.phones.learning import PhoneHead
from svc_core.traces.manifest import Model
from svc_core.traces.writing import write_trace
from tests.conftest import RATE_HZ, contour, is_sentence, voice
from tests.support.hand_traces import hand_files, hand_manifest

FACTS = {
    "source": "../bass/test.wav",
    "target": "alto",
    "key_shift_semitones": 12,
    "gain_db": 0.0,
    "sampler": "ddpm",
    "steps": 20,
    "seed": 3,
    "vocoder": "Griffin-Lim",
    "model": "0123456789ab",
    "start_s": 0.0,
    "end_s": 1.0,
}


BY_HARVEST = ["--tracker", "harvest"]  # needs no package of others
needs_crepe = pytest.mark.skipif(find_spec("torchcrepe") is None, reason="the package torchcrepe is not installed")
needs_encoder = pytest.mark.skipif(find_spec("resemblyzer") is None, reason="the package resemblyzer is not installed")


@dataclass(frozen=True)
class Evaluated:
    status: int
    table: list[dict[str, str]]
    summary: dict[str, dict[str, str]]  # of the conversions
    groups: dict[str, dict[str, dict[str, str]]]
    printed: str
    problems: list[str]


def run(arguments: list[str], out: Path) -> Evaluated:
    """The command, and everything that it left behind."""
    printed, problems = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(problems):
        status = main([*arguments, "--out", str(out)])
    table, summary = (
        list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())) if path.is_file() else []
        for path in (out, out.with_name(f"{out.stem}.summary.csv"))
    )
    groups: dict[str, dict[str, dict[str, str]]] = {"conversion": {}}
    for line in summary:
        groups.setdefault(line["group"], {})[line["figure"]] = line
    return Evaluated(status, table, groups["conversion"], groups, printed.getvalue(), problems.getvalue().splitlines())


def describe(folder: Path, name: str, samples: np.ndarray | None, ending: str = ".wav", **changes: object) -> Path:
    """One conversion as svc_core.convert leaves it; a change to None leaves the field out."""
    if samples is not None:
        soundfile.write(folder / f"{name}{ending}", samples, RATE_HZ)
    facts = {field: value for field, value in (FACTS | changes).items() if value is not None}
    (folder / f"{name}.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder / f"{name}.json"


@pytest.fixture(scope="module")
def corpus_root(tiny_corpus, tmp_path_factory) -> Path:
    """A copy of the corpus in which sets of conversions may be put."""
    root = tmp_path_factory.mktemp("evaluated") / "corpus"
    shutil.copytree(tiny_corpus.root, root)
    return root


@pytest.fixture(scope="module")
def sung_octave_up(corpus_root) -> np.ndarray:
    """The bass's test recording, first second, sung an octave up by the alto's throat."""
    melody = contour(1.5, 130.0, 130.0 * 0.9, vibrato_cents=30)[:RATE_HZ]
    return voice(2 * melody, 1.15, vowel_s=0.3, seed=5)


@pytest.fixture(scope="module")
def evaluated(corpus_root, sung_octave_up, tmp_path_factory) -> Evaluated:
    """A set of two good conversions and of all that can be wrong with one, scored once."""
    folder = corpus_root / "set"
    folder.mkdir()
    describe(folder, "good", sung_octave_up)
    describe(folder, "other-key", sung_octave_up, ".flac", key_shift_semitones=11.5)
    describe(folder, "no-sound", None)
    describe(folder, "no-source", sung_octave_up, source="../bass/missing.wav")
    describe(folder, "corrupt", None)
    (folder / "corrupt.wav").write_bytes(b"RIFF and then nothing of use")
    describe(folder, "too-long", np.concatenate([sung_octave_up, sung_octave_up]))
    describe(folder, "nothing-sung", 0.1 * np.random.default_rng(0).standard_normal(RATE_HZ), source="../noise.wav")
    soundfile.write(corpus_root / "noise.wav", 0.1 * np.random.default_rng(1).standard_normal(RATE_HZ), RATE_HZ)
    out = tmp_path_factory.mktemp("table") / "table.csv"
    return run(["--conversions", str(folder), *BY_HARVEST], out)


def test_the_good_ones_are_scored_with_their_settings_beside_them(evaluated):
    assert [line["name"] for line in evaluated.table] == ["good", "other-key"]
    good = evaluated.table[0]
    assert (good["target"], good["sampler"], good["steps"], good["seed"]) == ("alto", "ddpm", "20", "3")
    assert (good["vocoder"], good["model"], good["key_shift_semitones"]) == ("Griffin-Lim", "0123456789ab", "12.0")
    assert good["source"].endswith("test.wav") and int(good["frames"]) == 93  # the second that start_s and end_s name
    assert float(good["rpa"]) > 0.95 and abs(float(good["f0_offset_cents"])) < 10
    assert good["alignment"] == "frame" and "alpha" in good["mcd_definition"] and good["f0_tracker"] == "Harvest"
    assert (good["group"], good["source_singer"]) == ("conversion", "")  # nobody said who sings
    assert good["similarity_to_target"] == good["embedding"] == good["phone_agreement"] == good["recogniser"] == ""


def test_the_key_shift_is_taken_from_the_description(evaluated):
    off = evaluated.table[1]
    assert float(off["f0_offset_cents"]) == pytest.approx(50, abs=10)  # half a semitone more than was said
    assert float(off["mcd_db"]) == pytest.approx(float(evaluated.table[0]["mcd_db"]), abs=0.01)


def test_the_bad_ones_are_listed_and_the_status_says_so(evaluated):
    assert evaluated.status == 1
    names = ("no-sound", "no-source", "corrupt", "too-long", "nothing-sung")
    named = {name: line for line in evaluated.problems for name in names if line.startswith(name)}
    assert len(named) == 5 and all("skipped" in line for line in named.values())
    assert len(evaluated.problems) == 6 and all(is_sentence(line) for line in evaluated.problems)
    assert any("--references" in line for line in evaluated.problems)
    assert "missing.wav" in named["no-source"] and "frames" in named["too-long"]
    assert "no voiced frame" in named["nothing-sung"]


def test_the_summary_has_mean_interval_count_and_what_it_stands_on(evaluated):
    line = evaluated.summary["f0_offset_cents"]
    offsets = [float(row["f0_offset_cents"]) for row in evaluated.table]
    assert float(line["mean"]) == pytest.approx(np.mean(offsets)) and line["n"] == "2" and line["unit"] == "cents"
    assert line["source_clips"] == "1" and line["ci95_low"] == ""  # one source has no interval
    assert line["basis"].startswith("F0 by Harvest, frame-aligned")


def test_the_terminal_shows_the_table_as_markdown(evaluated):
    lines = evaluated.printed.splitlines()
    assert lines[0].startswith("| group | name | target | key_shift_semitones | F0RMSE (cents) |")
    assert lines[2].startswith("| conversion | good | alto | 12.0 |")
    assert lines[5:7] == ["| mean (95 % interval; n) | conversion |", "| --- | --- |"]
    assert "F0 of the melody by Harvest." in lines and "2 sounds scored, 6 problems" in evaluated.printed


@needs_encoder
def test_singers_are_compared_with_those_of_a_corpus(corpus_root, sung_octave_up, tmp_path):
    description = describe(tmp_path, "lone", sung_octave_up, source=str(corpus_root / "bass" / "test.wav"))
    done = run(["--conversions", str(description), "--references", str(corpus_root), *BY_HARVEST], tmp_path / "t.csv")
    assert done.status == 0 and done.problems == []
    (line,) = done.table
    assert line["source_singer"] == "bass"  # the corpus knows whose recording it is
    assert float(line["similarity_to_target"]) > float(line["similarity_to_source"])
    assert float(line["similarity_to_target"]) > float(line["source_to_target"])
    assert (line["nearest_singer"], line["singers"], line["target_clips"]) == ("alto", "2", "1")
    assert line["embedding"].startswith("Resemblyzer")
    assert done.summary["nearest_is_target"]["mean"] == "1.0"
    assert "nearest of 2 singers" in done.summary["nearest_is_target"]["basis"]
    assert "| nearest (share) | 1.00 (1) |" in done.printed  # one clip has no interval
    assert {"fad", "kad"}.isdisjoint(done.summary)  # one window of one recording has no covariance


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory) -> Path:
    """Untrained, but it hears something else in every sound."""
    torch.manual_seed(0)
    config = Config(code=CodeConfig(width=8, layers=1, code=4))
    inventory = inventory_of(["a", "i", "o"])
    path = tmp_path_factory.mktemp("recogniser") / "content.safetensors"
    save_content_encoder(path, Recogniser(ContentEncoder(config), PhoneHead(4, len(inventory)), inventory))
    return path


def test_a_recogniser_of_ours_is_asked_for_the_phones(corpus_root, sung_octave_up, recogniser, tmp_path):
    description = describe(tmp_path, "lone", sung_octave_up, source=str(corpus_root / "bass" / "test.wav"))
    done = run(["--conversions", str(description), "--recogniser", str(recogniser), *BY_HARVEST], tmp_path / "t.csv")
    (line,) = done.table
    assert line["recogniser"] == f"content.safetensors {model_hash(recogniser)}"
    assert 0 <= float(line["phone_agreement"]) <= 1 and 0 < float(line["posterior_distance_bits"]) < 1
    assert line["recogniser"] in done.summary["phone_agreement"]["basis"]
    assert line["phones_kept"] == ""  # without bounds there is no copy-synthesis to compare with


# what conversions lie between


@pytest.fixture(scope="module")
def bounded(corpus_root, sung_octave_up, recogniser, tmp_path_factory) -> Evaluated:
    """The bass's recording as the alto, and as himself in his key and as if in another; and a guest's as it was."""
    folder, bass = tmp_path_factory.mktemp("bounded"), corpus_root / "bass" / "test.wav"
    own, _ = soundfile.read(bass, stop=RATE_HZ, dtype="float32")
    guest, _ = soundfile.read(corpus_root / "guest" / "unseen.wav", stop=RATE_HZ, dtype="float32")
    describe(folder, "a-cross", sung_octave_up, source=str(bass), source_singer="bass")
    describe(folder, "b-self", 0.5 * own, source=str(bass), target="bass", key_shift_semitones=0)
    describe(folder, "c-self-up", own, source=str(bass), target="bass", key_shift_semitones=1)
    describe(folder, "d-guest", guest, source=str(corpus_root / "guest" / "unseen.wav"), key_shift_semitones=0)
    asked = ["--references", str(corpus_root), "--recogniser", str(recogniser), "--bounds", "griffin-lim"]
    return run(["--conversions", str(folder), *asked, *BY_HARVEST], folder / "table.csv")


@needs_encoder
def test_each_source_stands_once_in_the_table_as_it_is_and_through_the_vocoder(bounded):
    assert bounded.status == 0 and bounded.problems == []
    lines = [(line["group"], line["source_singer"], line["target"]) for line in bounded.table]
    assert lines == [
        ("conversion", "bass", "alto"),
        ("self-conversion", "bass", "bass"),
        ("self-conversion, other key", "bass", "bass"),
        ("conversion", "guest", "alto"),
        ("copy-synthesis", "bass", "bass"),
        ("copy-synthesis", "guest", "guest"),
        ("source", "bass", "bass"),
        ("source", "guest", "guest"),
    ]
    assert [line["vocoder"] for line in bounded.table] == ["Griffin-Lim"] * 6 + ["", ""]
    assert bounded.table[6]["name"] == bounded.table[0]["source_clip"]
    assert {line["steps"] for line in bounded.table[4:]} == {""}


@needs_encoder
def test_the_source_keeps_everything_and_its_copy_nearly_all(bounded):
    *_, copy, _, source, _ = bounded.table
    assert [float(source[name]) for name in ("rpa", "f0_corr", "phone_agreement")] == pytest.approx([1, 1, 1])
    assert [float(source[name]) for name in ("mcd_db", "loudness_rmse_db", "f0_rmse_cents")] == [0, 0, 0]
    assert float(copy["rpa"]) > 0.9 and 0 < float(copy["mcd_db"]) < 8 and abs(float(copy["level_offset_db"])) < 2
    assert float(source["similarity_to_source"]) == pytest.approx(1)
    assert float(source["similarity_to_target"]) > float(bounded.table[0]["source_to_target"])  # to his own recordings


@needs_encoder
def test_the_floor_of_a_conversion_is_its_source(bounded):
    cross, guest = bounded.table[0], bounded.table[3]
    assert float(cross["source_to_target"]) < float(cross["similarity_to_target"])
    assert float(guest["source_to_target"]) == pytest.approx(
        float(guest["similarity_to_target"])
    )  # nothing was converted


@needs_encoder
def test_who_is_nearer_is_asked_of_conversions_into_others_alone(bounded):
    verdicts = [(line["closer_to_target"], line["nearest_is_target"]) for line in bounded.table]
    assert verdicts[0] == ("1.0", "1.0") and verdicts[3][0] == "0.0"
    assert {closer for closer, _ in (*verdicts[1:3], *verdicts[4:])} == {""}
    assert [line["source_to_target"] != "" for line in bounded.table] == [line[0] != "" for line in verdicts]
    assert verdicts[1] == verdicts[6] == ("", "1.0")  # a real recording's nearest is its own singer
    assert verdicts[7] == ("", "")  # nobody knows the guest
    assert bounded.summary["closer_to_target"]["mean"] == "0.5"
    assert bounded.summary["nearest_is_target"]["n"] == "2"


@needs_encoder
def test_phones_are_a_share_of_what_the_same_clips_copy_keeps(bounded):
    agreement = [float(line["phone_agreement"]) for line in bounded.table]
    kept = [line["phones_kept"] for line in bounded.table]
    expected = [agreement[0] / agreement[4], agreement[1] / agreement[4], agreement[2] / agreement[4]]
    assert [float(share) for share in kept[:4]] == pytest.approx([*expected, agreement[3] / agreement[5]])
    assert kept[4:] == [""] * 4
    mean = np.mean([float(kept[0]), float(kept[3])])
    assert float(bounded.summary["phones_kept"]["mean"]) == pytest.approx(mean)
    assert "copy-synthesis" in bounded.summary["phones_kept"]["basis"]


@needs_encoder
def test_groups_stand_side_by_side_and_are_never_mixed(bounded):
    assert list(bounded.groups) == [
        "conversion",
        "self-conversion",
        "self-conversion, other key",
        "copy-synthesis",
        "source",
    ]
    heading = "| mean (95 % interval; n) | conversion | self-conversion | self-conversion, other key | copy-synthesis |"
    assert heading in bounded.printed
    assert bounded.groups["self-conversion"]["mcd_db"]["n"] == "1"
    assert float(bounded.groups["self-conversion"]["mcd_db"]["mean"]) < 0.1  # softer, and nothing else
    assert float(bounded.groups["self-conversion, other key"]["f0_offset_cents"]["mean"]) == pytest.approx(-100)
    assert bounded.groups["source"]["rpa"]["n"] == bounded.groups["conversion"]["rpa"]["source_clips"] == "2"
    assert bounded.groups["conversion"]["rpa"]["ci95_low"] != ""


def test_a_source_that_its_singer_was_learnt_from_and_another_vocoder_are_told(corpus_root, sung_octave_up, tmp_path):
    corpus = read_corpus(corpus_root)
    made = [
        read_conversion(describe(tmp_path, split, sung_octave_up, source=str(corpus_root / "bass" / f"{split}.wav")))
        for split in ("train", "test")
    ]
    assert [one.source_singer for one in name_singers(made, corpus)] == ["bass", "bass"]
    assert [one.source_singer for one in name_singers(made, None)] == ["", ""]
    (said,) = doubts(made, corpus, None)
    assert said.startswith("1 source clips are among") and is_sentence(said)
    assert doubts(made[1:], corpus, None) == doubts(made, None, None) == []

    class Other:
        name = "istft 0123"

    (said,) = doubts(made, None, Other())
    assert said == "the bounds go through istft 0123, conversions through Griffin-Lim." and is_sentence(said)


# who listens to the melody


@needs_crepe
def test_crepe_judges_the_melody_where_nobody_says_otherwise(corpus_root, sung_octave_up, tmp_path):
    description = describe(tmp_path, "lone", sung_octave_up, source=str(corpus_root / "bass" / "test.wav"))
    done = run(["--conversions", str(description)], tmp_path / "t.csv")
    (line,) = done.table
    assert line["f0_tracker"].startswith("CREPE") and float(line["rpa"]) > 0.95
    for name in ("rpa", "rca", "vr", "vfa", "f0_rmse_cents", "f0_corr"):
        assert name not in done.summary or done.summary[name]["basis"].startswith(f"F0 by {line['f0_tracker']}, ")
    assert "F0 by Harvest" in done.summary["mcd_db"]["basis"]
    assert f"F0 of the melody by {line['f0_tracker']}." in done.printed


def test_where_crepe_is_not_installed_harvest_serves_and_it_is_said(corpus_root, sung_octave_up, tmp_path, monkeypatch):
    load_network.cache_clear()
    monkeypatch.setitem(sys.modules, "torchcrepe", None)
    description = describe(tmp_path, "lone", sung_octave_up, source=str(corpus_root / "bass" / "test.wav"))
    done = run(["--conversions", str(description)], tmp_path / "t.csv")
    assert "by Harvest" in done.problems[0] and "pip install torchcrepe" in done.problems[0]
    assert is_sentence(done.problems[0])
    assert done.table[0]["f0_tracker"] == "Harvest"
    assert "1 problems" in done.printed  # that no singers were given to compare with


def test_a_missing_package_costs_the_singer_figures_alone(corpus_root, monkeypatch):
    monkeypatch.setitem(sys.modules, "resemblyzer", None)
    references, problems = find_references(read_corpus(corpus_root), [], GridConfig())
    assert references is None and len(problems) == 1
    assert "pip install resemblyzer" in problems[0] and is_sentence(problems[0])


def encoded(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, RATE_HZ, format="FLAC")
    return file.getvalue()


@pytest.fixture(scope="module")
def traces(sung_octave_up, tmp_path_factory) -> Path:
    """Two traces as far as this command looks into them: their manifests and sounds."""
    parent = tmp_path_factory.mktemp("traces")
    source = voice(contour(1.0, 130.0, 122.0, vibrato_cents=30), 0.95)
    sounds = {"source": source, "converted": sung_octave_up, "target": voice(contour(1.5, 300.0), 1.15, seed=7)}
    manifest = hand_manifest("one", steps=20, frames=93, hidden=None, model=Model("0123456789ab", 1))
    manifest = replace(manifest, sampler=replace(manifest.sampler, seed=3))
    files = hand_files(manifest) | {f"sound/{name}.flac": encoded(sound) for name, sound in sounds.items()}
    write_trace(parent, manifest, files)
    write_trace(parent, replace(manifest, id="two"), files | {"sound/converted.flac": encoded(source)})
    return parent


@needs_encoder
def test_traces_are_scored_by_the_sounds_in_them(traces, tmp_path):
    done = run(["--traces", str(traces / "one"), *BY_HARVEST], tmp_path / "t.csv")
    assert done.status == 0 and done.problems == []
    (line,) = done.table
    assert (line["name"], line["target"], line["model"]) == ("one", "alto", "0123456789ab")
    assert (line["key_shift_semitones"], line["sampler"], line["frames"]) == ("12.0", "ddpm", "93")
    assert float(line["rpa"]) > 0.9 and line["nearest_singer"] == "alto"
    assert line["singers"] == "1"  # the target's own recording, which lies in the trace


@needs_encoder
def test_a_recording_that_lies_in_several_traces_counts_once(traces):
    references, problems = find_references(None, [traces], GridConfig())
    assert problems == [] and references.clips == {"alto": 1}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--conversions", "{empty}"],
        ["--conversions", "{empty}/nowhere"],
        ["--traces", "{empty}"],
        ["--conversions", "{broken}"],
        ["--conversions", "{good}", "--references", "{empty}"],
        ["--conversions", "{good}", "--out", "{empty}"],
        ["--conversions", "{good}", "--recogniser", "{good}"],
        ["--conversions", "{good}", "--bounds", "radio"],
    ],
    ids=[
        "nothing",
        "no set",
        "no folder",
        "no traces",
        "all broken",
        "no corpus",
        "a folder",
        "no recogniser",
        "no vocoder",
    ],
)
def test_what_cannot_be_done_at_all_ends_with_status_2(arguments, corpus_root, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.json").write_text("{", encoding="utf-8")
    good = describe(tmp_path, "good", np.zeros(RATE_HZ), source=str(corpus_root / "bass" / "test.wav"))
    places = {"empty": tmp_path / "empty", "broken": tmp_path / "broken", "good": good}
    out = tmp_path / "table.csv"
    assert main(["--out", str(out), *(word.format(**places) for word in arguments)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("evaluate: ") and all(is_sentence(line) for line in said.splitlines())
    assert not out.exists()


def test_nothing_but_bad_ones_ends_with_status_2_and_no_table(tmp_path):
    describe(tmp_path, "silent", np.zeros(RATE_HZ), source="silent.wav")
    done = run(["--conversions", str(tmp_path), *BY_HARVEST], tmp_path / "t.csv")
    assert done.status == 2 and not (tmp_path / "t.csv").exists()
    assert any("silent" in line for line in done.problems) and "none of the conversions" in done.problems[-1]

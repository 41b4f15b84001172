"""What may be asked for and what it is called: every problem at once, credits for everybody, the right reference."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from svc_core.conversion import job as job_module
from svc_core.conversion.job import Credit, Excerpt, Job, JobError, Swap, corpus_jobs, read_credits, safe_name
from svc_core.corpora.corpus import Clip, Corpus, Phrase
from svc_core.model.weights import Guidance
from tests.conftest import is_sentence, write_rows

CREDITS = {singer: Credit(singer, "CC0", f"thanks to {singer}") for singer in ("alto", "bass", "guest")}


def clip_of(singer: str, may_ship: bool = True) -> Clip:
    return Clip(Path(f"/recordings/{singer}.wav"), f"{singer}.wav", singer, "Hymn", "test", may_ship, "CC0")


@pytest.fixture
def corpus() -> Corpus:
    alto, bass, guest = clip_of("alto"), clip_of("bass"), clip_of("guest", may_ship=False)
    phrases = (
        Phrase("scale", alto, 0.0, 2.0),
        Phrase("amen", alto, 3.0, 4.5),
        Phrase("amen", bass, 1.0, 2.5),
        Phrase("secret", guest, 0.0, 1.0),
    )
    return Corpus(Path("/recordings"), (alto, bass, guest), phrases)


def jobs_of(corpus: Corpus, phrases: list[str], targets: list[str], credits_of=CREDITS) -> list[Job]:
    return corpus_jobs(corpus, credits_of, phrases, targets, None, 0)


def problems_of(*arguments) -> list[str]:
    with pytest.raises(JobError) as caught:
        jobs_of(*arguments)
    sentences = str(caught.value).splitlines()
    assert all(is_sentence(sentence) for sentence in sentences)
    return sentences


def test_every_phrase_goes_into_every_target_but_its_own_singer(corpus):
    jobs = jobs_of(corpus, ["amen"], ["alto", "bass"])
    assert [(job.source.singer, job.target) for job in jobs] == [("alto", "bass"), ("bass", "alto")]


def test_a_phrase_of_one_singer_can_be_named(corpus):
    jobs = jobs_of(corpus, ["amen:bass"], ["alto", "bass"])
    assert [(job.source.singer, job.target) for job in jobs] == [("bass", "alto")]


def test_a_job_says_where_its_source_is_and_who_made_it(corpus):
    (job,) = jobs_of(corpus, ["amen:alto"], ["bass"])
    assert job.source == Excerpt(Path("/recordings/alto.wav"), 3.0, 4.5, "alto", "amen", "Hymn", CREDITS["alto"])
    assert (job.key_shift, job.seed) == (None, 0)


def test_key_and_seed_are_handed_on(corpus):
    (job,) = corpus_jobs(corpus, CREDITS, ["amen:alto"], ["bass"], -7, 42)
    assert (job.key_shift, job.seed) == (-7, 42)


def test_the_same_phrase_is_preferred_as_reference(corpus):
    (job,) = jobs_of(corpus, ["amen:bass"], ["alto"])
    assert (job.reference.singer, job.reference.phrase, job.reference.start_s) == ("alto", "amen", 3.0)


def test_else_the_first_phrase_that_may_be_published_is_the_reference(corpus):
    phrases = (Phrase("other", clip_of("bass", may_ship=False), 0, 1), *corpus.phrases)
    (job,) = jobs_of(Corpus(corpus.root, corpus.clips, phrases), ["scale"], ["bass"])
    assert (job.reference.phrase, job.reference.start_s) == ("amen", 1.0)


def test_a_target_without_a_publishable_phrase_has_no_reference(corpus):
    (job,) = jobs_of(corpus, ["scale"], ["guest"])
    assert job.reference is None


@pytest.mark.parametrize(("key_shift", "said"), [(None, "keyauto"), (0, "key+0"), (3, "key+3"), (-12, "key-12")])
def test_the_id_tells_jobs_apart(corpus, key_shift, said):
    (job,) = corpus_jobs(corpus, CREDITS, ["amen:bass"], ["alto"], key_shift, 9)
    assert job.id == f"amen--bass--alto--{said}--ddpm--seed9"


def test_an_unknown_phrase_is_refused_with_those_there_are(corpus):
    (problem,) = problems_of(corpus, ["gloria"], ["bass"])
    assert "'gloria'" in problem
    for known in ("amen:alto", "amen:bass", "scale:alto"):
        assert known in problem


def test_a_phrase_that_this_singer_did_not_sing_is_unknown(corpus):
    assert "'scale:bass'" in problems_of(corpus, ["scale:bass"], ["alto"])[0]


def test_what_may_not_ship_is_refused(corpus):
    (problem,) = problems_of(corpus, ["secret"], ["bass"])
    assert "'secret' of guest may not be published" in problem


@pytest.mark.parametrize("missing", ["alto", "bass"])
def test_source_and_target_both_need_a_credit(corpus, missing):
    credits_of = {singer: credit for singer, credit in CREDITS.items() if singer != missing}
    (problem,) = problems_of(corpus, ["amen:bass"], ["alto"], credits_of)
    assert f"'{missing}'" in problem


def test_all_problems_are_listed_at_once(corpus):
    problems = problems_of(corpus, ["gloria", "secret", "kyrie:alto"], ["bass", "nobody"], {"bass": CREDITS["bass"]})
    assert len(problems) == 5
    for word in ("'gloria'", "'kyrie:alto'", "'secret'", "'guest'", "'nobody'"):
        assert sum(word in problem for problem in problems) == 1


def test_an_asterisk_means_every_phrase_that_may_be_published_once(corpus):
    jobs = jobs_of(corpus, ["amen", "*"], ["bass"])
    assert [(job.source.singer, job.source.phrase) for job in jobs] == [("alto", "amen"), ("alto", "scale")]


def test_an_asterisk_can_be_for_one_singer(corpus):
    assert [job.source.phrase for job in jobs_of(corpus, ["*:bass"], ["alto"])] == ["amen"]
    assert "no phrase '*:guest' to publish" in problems_of(corpus, ["*:guest"], ["alto"])[0]


def test_of_many_phrases_only_the_nearest_are_offered(corpus):
    phrases = tuple(Phrase(f"verse{n}", clip_of("alto"), 0.0, 1.0) for n in range(40))
    (problem,) = problems_of(Corpus(corpus.root, corpus.clips, phrases), ["vers33"], ["bass"])
    assert "of 40, the nearest are verse33:alto" in problem
    assert problem.count("verse") == 3


def test_a_corpus_without_phrases_has_nothing_to_offer(corpus):
    (problem,) = problems_of(Corpus(corpus.root, corpus.clips, ()), ["amen"], ["bass"])
    assert "'amen'" in problem
    assert "there are ." not in problem


# credits


def test_credits_are_read_by_singer(tmp_path):
    write_rows(tmp_path / "credits.csv", "singer,licence,attribution", ['alto,CC0,"A. Alto, 2020; “quoted”"'])
    assert read_credits(str(tmp_path / "credits.csv")) == {"alto": Credit("alto", "CC0", "A. Alto, 2020; “quoted”")}


def credits_refusal(path: Path) -> str:
    with pytest.raises(JobError) as caught:
        read_credits(path)
    message = str(caught.value)
    assert is_sentence(message)
    assert message.startswith(f"{path}: ")
    return message


def test_missing_credits_are_refused(tmp_path):
    assert "no such file" in credits_refusal(tmp_path / "credits.csv")


def test_a_missing_column_is_named(tmp_path):
    write_rows(tmp_path / "credits.csv", "singer,attribution", ["alto,A."])
    assert "'licence'" in credits_refusal(tmp_path / "credits.csv")


def test_a_row_cut_short_is_refused(tmp_path):
    """A singer with half a credit is a singer without one."""
    write_rows(tmp_path / "credits.csv", "singer,licence,attribution", ["alto,CC0"])
    credits_refusal(tmp_path / "credits.csv")


def test_empty_lines_and_further_columns_say_nothing(tmp_path):
    write_rows(
        tmp_path / "credits.csv", "since,singer,licence,attribution", ["2020,alto,CC0,A. Alto", "", "1,bass,CC0,B,x"]
    )
    assert {name: credit.attribution for name, credit in read_credits(tmp_path / "credits.csv").items()} == {
        "alto": "A. Alto",
        "bass": "B",
    }


@pytest.mark.parametrize("text", ["", "singer" * 200_000])
def test_what_is_empty_or_much_too_large_is_refused(tmp_path, text):
    (tmp_path / "credits.csv").write_text(text)
    assert ("MiB" if text else "'singer, licence, attribution'") in credits_refusal(tmp_path / "credits.csv")


def test_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "credits.csv").write_bytes(b"singer,licence,attribution\nalto,\xff\xfe,x\n")
    credits_refusal(tmp_path / "credits.csv")


# names of traces

EXCERPT = Excerpt(Path("/recordings/alto.wav"), 3.0, 4.5, "pjs-m1", "pjs091", "Hymn", CREDITS["alto"])
OTHER = Excerpt(Path("/recordings/bass.wav"), 1.0, 2.5, "makam-f4", "amen", "Hymn", CREDITS["bass"])
PLAIN = Job(EXCERPT, "makam-f4", OTHER, None, 0)
WALK = "pjs091--pjs-m1--makam-f4--keyauto"


def called(phrase: str, **changed) -> str:
    return replace(PLAIN, source=replace(EXCERPT, phrase=phrase), **changed).id


def test_a_plain_job_keeps_the_name_that_shipped_traces_have():
    assert PLAIN.id == f"{WALK}--ddpm--seed0"


@pytest.mark.parametrize(
    ("changed", "end"),
    [
        ({"sampler": "euler", "steps": 40}, "euler40--seed0"),
        ({"sampler": "consistency"}, "consistency--seed0"),
        ({"without": ("melody", "singer")}, "ddpm--seed0--without-melody-singer"),
        ({"guidance": Guidance(singer=2.0)}, "ddpm--seed0--guide-singer2"),
        ({"guidance": Guidance(content=-1.0, singer=1.5)}, "ddpm--seed0--guide-content-1-singer1.5"),
        ({"label": "teacher"}, "ddpm--seed0--teacher"),
        ({"swap": Swap("makam-m2", 300)}, "ddpm--seed0--swap300-makam-m2"),
        ({"swap": Swap("a b", 3)}, f"ddpm--seed0--swap3-{safe_name('a b')}"),
        ({"defect": "early-f0"}, "ddpm--seed0--defect-early-f0"),
        (
            {"guidance": Guidance(singer=2.0), "swap": Swap("pjs-m1", 1), "defect": "clamp", "label": "b"},
            "ddpm--seed0--guide-singer2--swap1-pjs-m1--defect-clamp--b",
        ),
        (
            {"seed": 7, "without": ("content",), "guidance": Guidance(melody=0.5), "label": "b"},
            "ddpm--seed7--without-content--guide-melody0.5--b",
        ),
    ],
)
def test_what_is_out_of_the_ordinary_stands_at_the_end_of_the_name(changed, end):
    assert replace(PLAIN, **changed).id == f"{WALK}--{end}"


def test_detail_model_and_note_are_no_part_of_the_name():
    assert replace(PLAIN, detail="light", model="models/other.safetensors", note="A failure.").id == PLAIN.id


@pytest.mark.parametrize("name", ["pjs091", "caro_vibrato_b", "pjs-m1", "me@0.5-2", "me@2-", "v1.5", "con", "c++"])
def test_a_safe_name_stays_as_it_is(name):
    assert safe_name(name) == name


UNSAFE = ["a/b", "a\\b", "..", ".hidden", "-rf", "a b", "a--b", "a?b#c%", "a:b", "ends.", "", "小明", "Şentürk", "a\nb"]
UNSAFE += ["con.take1", "LPT1.x", "guide-singer2", "without-melody", "swap30-alto", "defect-clamp", "\udcff", "~a"]


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_name_is_written_with_safe_letters_and_a_hash(name):
    safe = safe_name(name)
    assert re.fullmatch(r"[\w@+-]*~[0-9a-f]{6}", safe, re.ASCII)
    assert "--" not in safe
    assert not safe.startswith(("-", "."))


def test_what_can_be_read_of_a_name_is_kept():
    assert safe_name("Şentürk 2").startswith("Senturk_2~")


def test_two_unsafe_names_do_not_become_one():
    assert len({safe_name(name) for name in UNSAFE}) == len(UNSAFE)
    assert safe_name("a b") != safe_name("a/b")


def test_a_name_is_the_same_however_a_file_system_composes_its_letters():
    assert safe_name("e\u0301t\u00e9") == safe_name("\u00e9te\u0301")


def test_a_label_cannot_pass_for_what_a_conversion_was_made_without():
    assert replace(PLAIN, label="without-melody").id != replace(PLAIN, without=("melody",)).id
    assert replace(PLAIN, label="guide-singer2").id != replace(PLAIN, guidance=Guidance(singer=2.0)).id
    assert replace(PLAIN, label="defect-clamp").id != replace(PLAIN, defect="clamp").id
    assert replace(PLAIN, label="swap3-alto").id != replace(PLAIN, swap=Swap("alto", 3)).id


def test_the_longest_names_fit_and_stay_apart():
    names = {called("x" * 300, seed=seed) for seed in range(3)} | {called("界" * 300, label="y" * 300)}
    assert len(names) == 4
    assert {len(name.encode()) for name in names} == {200}
    brim = called("x" * (200 - len(called("")) + len(safe_name(""))))
    assert len(brim) == 200
    assert brim.endswith("--seed0")


# fingerprints: is what lies there under this name the very conversion that is asked for?


@pytest.mark.parametrize(
    "changed",
    [
        {"source": replace(EXCERPT, start_s=3.5)},
        {"source": replace(EXCERPT, path=Path("/recordings/bass.wav"))},
        {"source": replace(EXCERPT, singer="bass")},
        {"source": replace(EXCERPT, credit=replace(CREDITS["alto"], licence="CC BY 4.0"))},
        {"target": "alto"},
        {"reference": None},
        {"reference": replace(OTHER, end_s=None)},
        {"key_shift": 0},
        {"seed": 1},
        {"sampler": "ddim"},
        {"steps": 1000},
        {"guidance": Guidance(singer=1e-9)},
        {"without": ("singer",)},
        {"detail": "light"},
        {"swap": Swap("alto", 3)},
        {"defect": "clamp"},
        {"note": "A failure."},
    ],
)
def test_the_fingerprint_tells_what_decides_a_trace(changed):
    mine = PLAIN.fingerprint("0123456789ab", "Griffin-Lim")
    assert replace(PLAIN, **changed).fingerprint("0123456789ab", "Griffin-Lim") != mine


def test_the_fingerprint_is_of_the_model_itself_and_of_no_path():
    moved = replace(
        PLAIN,
        model="elsewhere/model.safetensors",
        label="x",
        source=replace(EXCERPT, path=Path("/elsewhere/alto.wav")),
        reference=replace(OTHER, path=Path("bass.wav")),
    )
    assert moved.fingerprint("0123456789ab", "Griffin-Lim") == PLAIN.fingerprint("0123456789ab", "Griffin-Lim")
    assert PLAIN.fingerprint("0123456789ab", "Griffin-Lim") != PLAIN.fingerprint("0123456789ac", "Griffin-Lim")


def test_another_edition_of_recording_is_another_fingerprint(monkeypatch):
    before = PLAIN.fingerprint("0123456789ab", "Griffin-Lim")
    assert re.fullmatch("[0-9a-f]{12}", before)
    monkeypatch.setattr(job_module, "EDITION", job_module.EDITION + 1)
    assert PLAIN.fingerprint("0123456789ab", "Griffin-Lim") != before


def test_fingerprints_stay_what_they_are():
    """Another number here makes every trace there is be recorded anew: only a new EDITION should do that."""
    assert PLAIN.fingerprint("0123456789ab", "Griffin-Lim") == "549dd7807502"

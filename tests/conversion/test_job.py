"""What may be asked for: every problem at once, credits for everybody, the right reference."""

from pathlib import Path

import pytest

from svc_core.conversion.job import Credit, Excerpt, Job, JobError, corpus_jobs, read_credits
from svc_core.corpora.corpus import Clip, Corpus, Phrase
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


def test_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "credits.csv").write_bytes(b"singer,licence,attribution\nalto,\xff\xfe,x\n")
    credits_refusal(tmp_path / "credits.csv")

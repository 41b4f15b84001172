"""From wishes to jobs: the size of a product, what is left out of it, and every problem told at once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from svc_core.config import Config
from svc_core.conversion.job import Credit, Excerpt, Job, JobError, Swap, read_credits
from svc_core.conversion.plan import Block, Plan, plan_jobs
from svc_core.conversion.plan_file import read_plan
from svc_core.corpora.corpus import Clip, Corpus, Phrase
from svc_core.model.checkpoint import load_model
from svc_core.model.system import VoiceConverter
from svc_core.model.weights import Guidance
from svc_core.traces.catalogue import read_catalogue
from svc_core.training.objectives import as_student
from tests.conftest import is_sentence

ROOT = Path(__file__).resolve().parents[2]
SINGERS = ("alto", "bass", "cantor")
CREDITS = {name: Credit(name, "CC0", f"thanks to {name}") for name in (*SINGERS, "guest")}
ONE = Block("teacher", targets=("bass",), sources=("amen:alto",))  # one conversion
SMALLEST = """
[[conversions]]
model = "teacher"
sources = ["amen:alto"]
targets = ["bass"]
"""


@pytest.fixture(scope="module")
def models(tiny_config: Config) -> dict[str, VoiceConverter]:
    """One of a DDPM's noise, one of EDM's, and a student; 20 steps."""
    edm = replace(tiny_config, train=replace(tiny_config.train, noise="log-normal"))
    configs = {"teacher": tiny_config, "edm": edm, "student": as_student(edm)}
    return {name: VoiceConverter(config, SINGERS) for name, config in configs.items()}


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Amen by all three singers, a scale by the alto, and a guest's secret; every recording is there."""
    clips = {}
    for singer in CREDITS:
        path = tmp_path / f"{singer}.wav"
        path.touch()
        clips[singer] = Clip(path, path.name, singer, "Hymn", "test", singer != "guest", "CC0")
    named = [("amen", "alto"), ("amen", "bass"), ("amen", "cantor"), ("scale", "alto"), ("secret", "guest")]
    phrases = tuple(Phrase(name, clips[singer], 1.0, 2.0) for name, singer in named)
    return Corpus(tmp_path, tuple(clips.values()), phrases)


@pytest.fixture
def jobs_of(corpus, models) -> Callable[..., list[Job]]:
    return lambda *blocks: plan_jobs(Plan(blocks), corpus, CREDITS, models)


@pytest.fixture
def written(corpus, models, tmp_path) -> Callable[[str], list[Job]]:
    """Jobs of a plan file with this text."""

    def read(text: str) -> list[Job]:
        (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
        return plan_jobs(read_plan(tmp_path / "plan.toml"), corpus, CREDITS, models)

    return read


def refusal(made: Callable[..., list[Job]], *arguments) -> list[str]:
    """The sentences said in place of any job."""
    with pytest.raises(JobError) as caught:
        made(*arguments)
    lines = str(caught.value).splitlines()
    assert all(is_sentence(line) for line in lines)
    return lines


# products


def test_the_smallest_block_is_one_conversion_by_the_models_own_sampler(written, corpus):
    (job,) = written(SMALLEST)
    assert job == Job(
        source=Excerpt(corpus.root / "alto.wav", 1.0, 2.0, "alto", "amen", "Hymn", CREDITS["alto"]),
        target="bass",
        reference=Excerpt(corpus.root / "bass.wav", 1.0, 2.0, "bass", "amen", "Hymn", CREDITS["bass"]),
        key_shift=None,
        seed=0,
        sampler="ddim",
        steps=20,  # 50 are usual, but this model's schedule has 20
        model="teacher",
    )


def test_a_block_is_the_full_product_of_its_lists(written):
    jobs = written(
        SMALLEST
        + """
        keys = ["auto", 0, -5]
        samplers = ["ddpm", "ddim:10"]
        seeds = [0, 4]
        without = [[], ["singer", "melody"]]
        guidance = [{}, {content = 2}]
        detail = "light"
        label = "x"
        """
    )
    assert len(jobs) == len(set(jobs)) == 3 * 2 * 2 * 2 * 2
    assert {job.key_shift for job in jobs} == {None, 0, -5}
    assert {(job.sampler, job.steps) for job in jobs} == {("ddpm", None), ("ddim", 10)}
    assert {job.seed for job in jobs} == {0, 4}
    assert {job.without for job in jobs} == {(), ("melody", "singer")}  # in the order of CONDITION_NAMES
    assert {job.guidance for job in jobs} == {Guidance(), Guidance(content=2.0)}
    assert {(job.detail, job.label) for job in jobs} == {("light", "x")}
    walk = "amen--alto--bass--key"
    assert jobs[0].id == f"{walk}auto--ddpm--seed0--x"
    assert jobs[-1].id == f"{walk}-5--ddim10--seed4--without-melody-singer--guide-content2--x"


def test_asterisks_are_all_phrases_that_may_ship_and_all_singers_but_their_own(jobs_of):
    jobs = jobs_of(replace(ONE, sources=("*",), targets=("*",)))
    assert len(jobs) == 4 * 2
    assert not [job for job in jobs if job.target == job.source.singer or job.source.singer == "guest"]


def test_singers_go_into_themselves_where_that_is_asked_for(written):
    text = SMALLEST.replace('["bass"]', '["*"]')
    assert [job.target for job in written(text)] == ["bass", "cantor"]
    own, *_ = jobs = written(text + "self = true")
    assert [job.target for job in jobs] == ["alto", "bass", "cantor"]
    assert own.source == own.reference


def test_coalitions_are_all_sixteen_sets_of_conditions(written):
    jobs = written(SMALLEST + 'without = "coalitions"')
    assert len({job.without for job in jobs}) == len({job.id for job in jobs}) == 16
    assert jobs[0].without == ()
    assert jobs[-1].without == ("content", "melody", "loudness", "singer")


def test_what_is_named_twice_is_made_once(jobs_of):
    """In one list, by a name and an asterisk, by a sampler's usual steps and their number, in two blocks."""
    twice = replace(ONE, sources=("amen:alto", "amen"), targets=("bass", "bass"), seeds=(0, 0))
    assert len(jobs_of(twice, ONE)) == 2  # the alto's and the cantor's amen
    assert len(jobs_of(replace(ONE, samplers=("auto", "ddim", "ddim:20")))) == 1
    assert len(jobs_of(replace(ONE, samplers=("ddpm", "ddpm:20")))) == 1
    assert len(jobs_of(replace(ONE, without=(("singer", "melody"), ("melody", "singer"), ("singer", "singer"))))) == 2


@pytest.mark.parametrize(
    ("model", "sampler", "steps"), [("teacher", "ddim", 20), ("edm", "euler", 20), ("student", "consistency", 1)]
)
def test_each_model_has_a_sampler_of_its_own(jobs_of, model, sampler, steps):
    (job,) = jobs_of(replace(ONE, model=model))
    assert (job.model, job.sampler, job.steps) == (model, sampler, steps)


def test_blocks_follow_each_other(jobs_of):
    jobs = jobs_of(ONE, replace(ONE, targets=("cantor",)), replace(ONE, sources=("scale",)))
    assert [(job.source.phrase, job.target) for job in jobs] == [
        ("amen", "bass"),
        ("amen", "cantor"),
        ("scale", "bass"),
    ]


# recordings of one's own


def test_a_recording_is_found_beside_the_plan_and_says_whose_it_is(written, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/me.wav").touch()
    (job,) = written(
        """
        [[conversions]]
        model = "teacher"
        recordings = ["mine/me.wav"]
        start_s = 2
        end_s = 8.5
        licence = "CC0"
        attribution = "Me, 2025"
        targets = ["alto"]
        """
    )
    credit = Credit("own-voice", "CC0", "Me, 2025")
    assert job.source == Excerpt(tmp_path / "mine/me.wav", 2.0, 8.5, "own-voice", "me@2-8.5", "me", credit)
    assert job.reference is None
    assert job.id.startswith("me@2-8.5--own-voice--alto--")


def test_a_recording_without_more_is_whole_and_ones_own_and_needs_no_corpus(models, tmp_path):
    (tmp_path / "me.wav").touch()
    block = Block("teacher", targets=("alto", "bass"), recordings=(tmp_path / "me.wav",), samplers=("ddpm",))
    jobs = plan_jobs(Plan((block,)), None, {}, models)
    assert [job.id for job in jobs] == [f"me--own-voice--{target}--keyauto--ddpm--seed0" for target in ("alto", "bass")]
    assert jobs[0].source.credit == Credit("own-voice", "all rights reserved", "own recording")
    assert (jobs[0].source.start_s, jobs[0].source.end_s) == (0.0, None)


def test_recordings_of_a_folder_are_told_apart(jobs_of, tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "take.wav").touch()
    block = Block("teacher", targets=("alto",), recordings=(tmp_path / "one", tmp_path / "two"), start_s=3.0)
    assert [job.source.phrase for job in jobs_of(block)] == ["one-take@3-", "two-take@3-"]


def test_phrases_and_recordings_may_stand_in_one_block(jobs_of, corpus):
    jobs = jobs_of(replace(ONE, recordings=(corpus.root / "guest.wav",)))
    assert [job.source.singer for job in jobs] == ["alto", "own-voice"]


# the file


def test_a_model_beside_the_plan_comes_before_one_in_the_working_directory(tmp_path, monkeypatch):
    for folder in ("plans", "here"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "both").touch()
    (tmp_path / "here/one").touch()
    monkeypatch.chdir(tmp_path / "here")
    table = SMALLEST.replace("teacher", "{}")
    (tmp_path / "plans/plan.toml").write_text(table.format("both") + table.format("one") + table.format("both"))
    assert read_plan(tmp_path / "plans/plan.toml").models == (str(tmp_path / "plans/both"), "one")


def test_a_plan_of_a_windows_editor_is_read(tmp_path):
    (tmp_path / "plan.toml").write_bytes(b"\xef\xbb\xbf" + SMALLEST.encode())
    assert len(read_plan(tmp_path / "plan.toml").blocks) == 1


@pytest.mark.parametrize("content", [None, b"[[conversions]\n", b"\xff\xfe", b'a = "\xe9"'])
def test_what_is_no_plan_is_refused_with_its_name(tmp_path, content):
    if content is not None:
        (tmp_path / "plan.toml").write_bytes(content)
    (line,) = refusal(read_plan, tmp_path / "plan.toml")
    assert line.startswith(f"{tmp_path / 'plan.toml'}: ")


@pytest.mark.parametrize("text", ["", "conversions = []"])
def test_an_empty_plan_is_refused(written, text):
    assert "asks for nothing" in refusal(written, text)[0]


def test_one_pair_of_brackets_is_not_enough(written):
    assert "[[conversions]]" in refusal(written, SMALLEST.replace("[[", "[").replace("]]", "]"))[0]


# problems


def test_a_plan_with_everything_wrong_says_all_of_it_at_once(written, tmp_path):
    lines = refusal(
        written,
        """
        conversion = 1

        [[conversions]]
        model = "teacher"
        sources = ["gloria", "secret"]
        recordings = ["gone.wav"]
        targets = ["bass", "tenor"]
        keys = ["high", 1.5, true]
        sampler = ["ddpm"]
        samplers = ["ddpm:10", "dpm", "euler:21", "heun:x", "consistency"]
        seeds = []
        without = [["content"], ["pitch"]]
        guidance = [{content = 2.0, tempo = 1.0, melody = "much"}]
        detail = "little"
        label = 3

        [[conversions]]
        model = "nowhere.safetensors"
        sources = "amen"
        self = 1

        [[conversions]]
        model = "student"
        sources = ["amen:bass"]
        targets = ["bass"]
        samplers = ["ddpm"]
        licence = "CC0"
        seeds = [-1]
        """,
    )
    expected = [
        f"{tmp_path / 'plan.toml'}: there is no key 'conversion'; the nearest is 'conversions'.",
        "block 1: 'keys' must be a list of whole semitones or \"auto\", and 'high' is none.",
        "block 1: 'keys' must be a list of whole semitones or \"auto\", and 1.5 is none.",
        "block 1: 'keys' must be a list of whole semitones or \"auto\", and True is none.",
        "block 1: there is no key 'sampler'; the nearest is 'samplers'.",
        "block 1: 'seeds' is an empty list, so nothing would be made.",
        "block 1: 'guidance' must name conditions: there is no 'tempo'; there are content, melody, loudness, singer.",
        "block 1: 'guidance' must give each condition a number, and 'melody' has 'much'.",
        "block 1: 'label' must be a text, like \"this\", not 3.",
        "block 1: the model knows no singer tenor; it knows alto, bass, cantor.",
        "block 1: there is no phrase 'gloria'; there are amen:alto, amen:bass, amen:cantor, scale:alto, secret:guest.",
        "block 1: 'secret' of guest may not be published (may_ship = no).",
        "block 1: gone.wav: there is no such file.",
        "block 1: the sampler 'ddpm:10': DDPM takes all its 20 steps; for 10 of them choose 'ddim'.",
        "block 1: there is no sampler 'dpm'; there are auto, ddpm, ddim, euler, heun, consistency.",
        "block 1: the sampler 'euler:21': 21 steps are outside 1 to 20.",
        "block 1: the sampler 'heun:x' has no number of steps; write it like 'heun:20'.",
        "block 1: the sampler 'consistency': this model is no student: distill it first "
        "(python -m svc_core.distill), or choose another sampler.",
        "block 1: there is no condition 'pitch'; there are content, melody, loudness, singer.",
        "block 1: there is no detail 'little'; there are full, light.",
        "block 2: 'sources' must be a list of texts, like [\"this\"], not 'amen'.",
        "block 2: 'self' must be true or false, not 1.",
        "block 2: 'targets' is missing.",
        "block 2: nowhere.safetensors: there is no such model file.",
        "block 3: 'licence' is of recordings, and none are asked for.",
        "block 3: the sampler 'ddpm': this model is a student: it is sampled by 'consistency' alone.",
        f"block 3: the seed -1 is outside 0 to {2**32 - 1}.",
        "block 3: this makes nothing: every target is the source's own singer; 'self = true' would allow that.",
    ]
    assert lines == expected


def test_what_is_guided_may_not_be_taken_away(jobs_of):
    wishes = replace(ONE, without=((), ("melody",), ("melody", "singer")), guidance=(Guidance(), Guidance(melody=2.0)))
    (line,) = refusal(jobs_of, wishes)
    assert "'melody' is guided and taken away" in line
    assert len(jobs_of(replace(wishes, guidance=(Guidance(), Guidance(content=2.0))))) == 6


def test_everybody_must_be_credited(corpus, models):
    bass = {"bass": CREDITS["bass"]}
    for block in (replace(ONE, targets=("bass", "cantor")), replace(ONE, swaps=(Swap("cantor", 3),))):
        lines = refusal(plan_jobs, Plan((block,)), corpus, bass, models)
        assert [line[:33] for line in lines] == [
            "nobody is credited for 'alto': ad",
            "nobody is credited for 'cantor': ",
        ]


def test_a_recording_that_is_gone_is_named_once(jobs_of, corpus):
    (corpus.root / "alto.wav").unlink()
    (line,) = refusal(jobs_of, replace(ONE, sources=("amen:alto", "scale")))
    assert line == f"{corpus.root / 'alto.wav'}: there is no such file."


def test_a_reference_that_is_gone_is_named(jobs_of, corpus):
    (corpus.root / "bass.wav").unlink()
    assert refusal(jobs_of, ONE) == [f"{corpus.root / 'bass.wav'}: there is no such file."]


def test_an_empty_folder_and_a_missing_list_are_both_named(jobs_of, tmp_path):
    (tmp_path / "empty").mkdir()
    lines = refusal(jobs_of, replace(ONE, recordings=(tmp_path / "empty", tmp_path / "list.txt")))
    assert len(lines) == 2


@pytest.mark.parametrize(("start_s", "end_s"), [(-1.0, None), (2.0, 2.0), (0.0, -1.0)])
def test_a_part_that_is_none_is_refused(jobs_of, corpus, start_s, end_s):
    block = replace(ONE, sources=(), recordings=(corpus.root / "guest.wav",), start_s=start_s, end_s=end_s)
    assert "no part of a recording" in refusal(jobs_of, block)[0]


def test_phrases_without_a_corpus_are_refused(models):
    assert "--corpus" in refusal(plan_jobs, Plan((ONE,)), None, CREDITS, models)[0]


@pytest.mark.parametrize("emptied", ["targets", "sources", "keys", "seeds", "without", "swaps"])
def test_a_block_with_nothing_in_it_is_refused(jobs_of, emptied):
    assert "makes nothing" in refusal(jobs_of, replace(ONE, **{emptied: ()}))[0]


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_beyond_the_noises_addresses_is_refused(jobs_of, seed):
    """It would be sampled like another seed, under a name of its own."""
    assert str(seed) in refusal(jobs_of, replace(ONE, seeds=(seed,)))[0]


@pytest.mark.parametrize("blocks", [[range(20_001)], [range(10_001), range(10_001, 20_002)]])
def test_more_than_anybody_can_have_meant_is_refused(jobs_of, blocks):
    (line,) = refusal(jobs_of, *[replace(ONE, seeds=tuple(seeds)) for seeds in blocks])
    assert "20,001 conversions" in line or "20,002 conversions" in line


@pytest.mark.parametrize("steps", ["9" * 5_000, "9" * 7])
def test_steps_beyond_any_walk_are_no_number_of_steps(jobs_of, steps):
    assert "number of steps" in refusal(jobs_of, replace(ONE, samplers=(f"euler:{steps}",)))[0]


@pytest.mark.parametrize("value", ["nan", "inf", "true", '"2"'])
def test_a_weight_is_a_finite_number(written, value):
    assert "a number" in refusal(written, SMALLEST + f"guidance = [{{singer = {value}}}]")[0]


# the singer swapped on the way


def test_swaps_are_of_the_product(written):
    swaps = 'swaps = [{}, {singer = "cantor", at = 4}, {singer = "alto", at = 1}]'
    jobs = written(f'{SMALLEST}samplers = ["ddpm", "euler:5"]\n{swaps}')
    assert [job.swap for job in jobs] == [None, Swap("cantor", 4), Swap("alto", 1)] * 2
    assert len({job.id for job in jobs}) == 6
    assert {job.target for job in jobs} == {"bass"}


def test_everything_wrong_with_swaps_is_said(written):
    lines = refusal(
        written,
        SMALLEST
        + """
        samplers = ["ddpm", "ddim:6", "heun:1"]
        without = [[], ["singer"]]
        swaps = [{singer = "tenor", at = 6}, {singer = "bass", at = 0}, {}, {singer = "cantor", at = 20}]
        """,
    )
    assert lines == [
        "block 1: the model knows no singer tenor to swap for; it knows alto, bass, cantor.",
        "block 1: bass would be swapped for bass: leave it out of the targets, or of the swaps.",
        "block 1: 'singer' is swapped and taken away in one conversion: ask for these in two blocks.",
        "block 1: the sampler 'ddpm': the singer cannot be swapped at place 0 of a walk of 20 steps; choose 1 to 19.",
        "block 1: the sampler 'ddpm': the singer cannot be swapped at place 20 of a walk of 20 steps; choose 1 to 19.",
        "block 1: the sampler 'ddim:6': the singer cannot be swapped at place 6 of a walk of 6 steps; choose 1 to 5.",
        "block 1: the sampler 'ddim:6': the singer cannot be swapped at place 0 of a walk of 6 steps; choose 1 to 5.",
        "block 1: the sampler 'ddim:6': the singer cannot be swapped at place 20 of a walk of 6 steps; choose 1 to 5.",
        "block 1: the sampler 'heun:1': a walk of one step has no place to swap the singer at; ask for more steps.",
    ]


@pytest.mark.parametrize(
    "entry",
    [
        "3",
        "{at = 3}",
        '{singer = "alto"}',
        '{singer = "alto", at = 3, key = 1}',
        '{singer = "alto", at = true}',
        '{singer = "alto", at = 1.5}',
        '{singer = "", at = 3}',
    ],
)
def test_a_swap_has_a_singer_and_a_place_and_no_more(written, entry):
    (line,) = refusal(written, SMALLEST + f"swaps = [{{}}, {entry}]")
    assert line.startswith("block 1: 'swaps' must be a list of tables, like [{}, {singer = \"alto\", at = 300}], and ")


def test_a_student_of_two_steps_can_be_swapped_between_them(jobs_of):
    block = replace(ONE, model="student", samplers=("consistency:2",), swaps=(Swap("cantor", 1),))
    (job,) = jobs_of(block)
    assert (job.steps, job.swap) == (2, Swap("cantor", 1))


# defects and notes


def test_a_block_has_one_defect_and_a_note(written):
    (job,) = written(SMALLEST + 'samplers = ["ddpm"]\ndefect = "clamp"\nnote = "A bug, on purpose."')
    assert (job.defect, job.note) == ("clamp", "A bug, on purpose.")
    (job,) = written(SMALLEST + 'defect = ""\nnote = ""')
    assert (job.defect, job.note) == ("", "")


@pytest.mark.parametrize(
    ("defect", "model", "samplers", "said"),
    [
        ("hiccup", "teacher", ("ddpm", "ddim"), "there is no defect 'hiccup'; there are clamp, early-f0, sigma-max."),
        ("clamp", "edm", ("euler",), "the sampler 'euler': 'clamp' is a defect of DDPM's sampler; choose 'ddpm'."),
        ("sigma-max", "edm", ("ddim",), "the sampler 'ddim': 'sigma-max' is a defect of the Karras grid"),
    ],
)
def test_a_defect_that_cannot_be_had_is_refused_once(jobs_of, defect, model, samplers, said):
    (line,) = refusal(jobs_of, replace(ONE, model=model, samplers=samplers, defect=defect))
    assert line.startswith(said)


def test_a_student_can_begin_at_noise_that_was_not_covered(jobs_of):
    assert len(jobs_of(replace(ONE, model="student", defect="sigma-max"))) == 1


@pytest.mark.parametrize("text", ["two\nlines", "x" * 2001, "\u202ehidden", "a\0b"])
@pytest.mark.parametrize("name", ["label", "note"])
def test_a_label_or_a_note_that_no_page_could_show_is_refused(jobs_of, name, text):
    (line,) = refusal(jobs_of, replace(ONE, **{name: text}))
    assert line == f"the {name} must be one line of at most 2000 characters."


# two conversions of one name


def test_the_same_by_two_models_needs_a_label(jobs_of):
    two = [
        replace(ONE, model=model, samplers=("ddim",), seeds=(0, 1), name=f"block {number}")
        for number, model in ((1, "teacher"), (2, "edm"))
    ]
    (line,) = refusal(jobs_of, *two)
    assert line.startswith("block 2: 'amen--alto--bass--keyauto--ddim20--seed0' has the name of another")
    for part in ("of block 1, which differs in model, and 1 more", "label"):
        assert part in line
    jobs = jobs_of(two[0], replace(two[1], label="edm"))
    assert len({job.id for job in jobs}) == 4


@pytest.mark.parametrize("details", [("full", "light"), ("light", "full")])
def test_what_is_asked_for_in_full_and_light_is_made_in_full(jobs_of, details):
    """ "Every phrase, light" beside "this one, in full" needs no list of exceptions."""
    (job,) = jobs_of(*(replace(ONE, detail=detail) for detail in details))
    assert job.detail == "full"


def test_names_that_differ_in_capitals_alone_are_one_folder_to_some_systems(jobs_of):
    (line,) = refusal(jobs_of, replace(ONE, label="Mine"), replace(ONE, label="mine"))
    assert "differs in label" in line


def test_weights_that_are_written_alike_are_told_apart(jobs_of):
    guidance = (Guidance(singer=2.0), Guidance(singer=2.0000001))
    assert "of this block, which differs in guidance" in refusal(jobs_of, replace(ONE, guidance=guidance))[0]


# the plan of what is shipped


def test_the_shipped_plan_makes_the_shipped_traces(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    plan = read_plan(ROOT / "precomputed/plan.toml")
    shipped = list(read_catalogue(ROOT / "precomputed"))
    (tmp_path / "a.wav").touch()
    phrases = tuple(
        Phrase(phrase, Clip(tmp_path / "a.wav", phrase, singer, phrase, "test", True, "CC BY 4.0"), 0.0, 1.0)
        for phrase, singer in sorted({(entry.phrase, entry.source) for entry in shipped})
    )
    models = {name: load_model(name) for name in plan.models}
    credits_of = read_credits(ROOT / "precomputed/credits.csv")
    jobs = plan_jobs(plan, Corpus(tmp_path, (), phrases), credits_of, models)
    assert {job.id: (job.detail, job.note) for job in jobs} == {
        entry.id: (entry.detail, entry.note) for entry in shipped
    }


@pytest.mark.parametrize(("sampler", "refused"), [("heun:1", 0), ("heun:2", 1), ("heun:3", 1), ("heun:4", 0)])
def test_heuns_method_in_two_or_three_steps_is_refused(jobs_of, sampler, refused):
    """It corrects its predictions by hundreds of decibels there. A single step of it is Euler's."""
    block = Block("edm", ("bass",), sources=("scale:alto",), samplers=(sampler,))
    if refused:
        (line,) = refusal(jobs_of, block)
        assert "Heun's method" in line
    else:
        assert len(jobs_of(block)) == 1

"""A plan: conversions that are wished for, as blocks whose full product is made -> jobs.

A plan is read from a file (plan_file.py), or is what a command's options become, so there is one way
from wishes to jobs. Whatever is wrong with it is found before any work, and said all at once.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

from svc_core.conversion.defects import DEFECTS
from svc_core.conversion.job import (
    DETAILS,
    Credit,
    Excerpt,
    Job,
    JobError,
    Swap,
    excerpt_of,
    find_phrases,
    offer,
    reference_of,
    uncredited,
)
from svc_core.conversion.sampling import SAMPLERS, Sampling, SamplingError, choose_sampling
from svc_core.conversion.sources import SourceError, find_sources
from svc_core.corpora.corpus import Corpus
from svc_core.model.conditions import CONDITION_NAMES
from svc_core.model.system import VoiceConverter
from svc_core.model.weights import Guidance
from svc_core.paths import is_file
from svc_core.traces.parsing import LONGEST_TEXT

OWN_VOICE = "own-voice"  # the singer of a recording that is of no corpus
COALITIONS = tuple(gone for size in range(len(CONDITION_NAMES) + 1) for gone in combinations(CONDITION_NAMES, size))
FEWEST_OF_HEUN = 4  # steps; replayed states are then half a decibel off, with three of them three
LONGEST_NUMBER = 6  # digits of a sampler's steps; the longest walk has a thousand
MOST_JOBS = 20_000  # of a plan: nine days of DDPM on a processor (39 s each); more is a slip of the pen
LARGEST_SEED = 2**32 - 1  # noise is addressed by 32 bits: a larger seed would be another one again
References = dict[str, Excerpt | None]  # by target


@dataclass(frozen=True)
class Block:
    """Wishes whose full product is made, less a singer into itself. Fields as in the file (see plan_file).

    ``name`` heads its problems ("block 2"); ``problems`` are sentences on what could not be read of it.
    """

    model: str
    targets: tuple[str, ...]
    sources: tuple[str, ...] = ()
    recordings: tuple[Path, ...] = ()
    start_s: float = 0.0
    end_s: float | None = None
    licence: str = "all rights reserved"
    attribution: str = "own recording"
    keys: tuple[int | None, ...] = (None,)
    samplers: tuple[str, ...] = ("auto",)
    seeds: tuple[int, ...] = (0,)
    without: tuple[tuple[str, ...], ...] = ((),)
    guidance: tuple[Guidance, ...] = field(default_factory=lambda: (Guidance(),))
    swaps: tuple[Swap | None, ...] = (None,)
    defect: str = ""
    detail: str = "full"
    label: str = ""
    note: str = ""
    into_self: bool = False
    name: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Blocks in the order of the file; ``problems`` are those of no single block."""

    blocks: tuple[Block, ...]
    problems: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """Every model file that is named, once."""
        return tuple(dict.fromkeys(block.model for block in self.blocks if block.model))


def plan_jobs(
    plan: Plan, corpus: Corpus | None, credits_of: dict[str, Credit], models: Mapping[str, VoiceConverter]
) -> list[Job]:
    """The jobs of a plan, each once: in full, where it is asked for in full and light.

    ``models`` by the names of ``plan.models``: one that is left out is not there.
    Jobs name their sampler and its steps, whatever the plan left open. Raises JobError with one sentence
    a line for everything that is wrong.
    """
    problems = list(plan.problems)
    made: dict[str, tuple[Job, Block]] = {}
    for block in plan.blocks:
        model = models.get(block.model)
        jobs, found = _block_jobs(block, corpus, credits_of, model)
        if model is None and (block.model or not block.problems):
            found.append(f"{block.model}: there is no such model file.")
        clashes = []
        for job in jobs:
            name = job.id.lower()  # some file systems know no capitals
            first, of = made.setdefault(name, (job, block))
            if replace(first, detail=job.detail) != job:
                clashes.append((job, first, of))
            elif job.detail == "full":
                made[name] = job, of
        if clashes:
            found.append(_clash(clashes, block))
        problems += [f"{block.name}: {line}" if block.name else line for line in (*block.problems, *found)]
        if len(made) > MOST_JOBS:
            problems.append(_too_many(len(made)))
            break
    if problems:
        raise JobError("\n".join(problems))
    return [job for job, _ in made.values()]


def _too_many(count: int) -> str:
    return f"this asks for {count:,} conversions, and a plan has at most {MOST_JOBS:,}; shorten its lists."


def _block_jobs(
    block: Block, corpus: Corpus | None, credits_of: dict[str, Credit], model: VoiceConverter | None
) -> tuple[list[Job], list[str]]:
    """Jobs and no problems, or problems and no jobs."""
    problems: list[str] = []
    targets = _targets(block, model, problems)
    others = _others(block, targets, model, problems)
    sources = _phrases(block, targets, others, corpus, credits_of, problems) + _recordings(block, problems)
    samplers = _samplers(block, model, problems)
    problems += _conditions(block)
    problems += [
        f"the seed {seed} is outside 0 to {LARGEST_SEED}." for seed in block.seeds if not 0 <= seed <= LARGEST_SEED
    ]
    if block.detail not in DETAILS:
        problems.append(f"there is no detail '{block.detail}'; {offer(block.detail, DETAILS)}.")
    if block.defect and block.defect not in DEFECTS:
        problems.append(f"there is no defect '{block.defect}'; {offer(block.defect, DEFECTS)}.")
    problems += [
        f"the {name} must be one line of at most {LONGEST_TEXT} characters."
        for name, text in (("label", block.label), ("note", block.note))
        if not (text.isprintable() and len(text) <= LONGEST_TEXT)
    ]
    if (
        sources
        and targets
        and not block.into_self
        and all(t == source.singer for source, _ in sources for t in targets)
    ):
        problems.append("this makes nothing: every target is the source's own singer; 'self = true' would allow that.")
    if problems or block.problems or model is None:
        return [], problems
    lists: tuple[Collection[Any], ...] = (
        sources, targets, block.keys, samplers, block.seeds, block.without, block.guidance, block.swaps
    )  # fmt: skip
    if (count := math.prod(map(len, lists))) > MOST_JOBS:
        return [], [_too_many(count)]
    jobs = [
        Job(
            source,
            target,
            references.get(target),
            key,
            seed,
            sampler,
            steps,
            guidance,
            tuple(name for name in CONDITION_NAMES if name in gone),
            block.detail,
            block.model,
            block.label,
            swap,
            block.defect,
            block.note,
        )
        for (source, references), target, key, (sampler, steps), seed, gone, guidance, swap in product(*lists)
        if block.into_self or target != source.singer
    ]
    if not jobs:
        problems.append("this makes nothing: it needs sources or recordings, targets, and one entry in every list.")
    return jobs, problems


def _targets(block: Block, model: VoiceConverter | None, problems: list[str]) -> list[str]:
    """The singers meant that the model knows; where there is no model, those that were named."""
    if model is None:
        return [target for target in block.targets if target != "*"]
    known = [target for target in block.targets if target in model.singers]
    for target in dict.fromkeys(block.targets):
        if target not in (*model.singers, "*"):
            problems.append(f"the model knows no singer {target}; it knows {', '.join(model.singers)}.")
    return list(dict.fromkeys(model.singers if "*" in block.targets else known))


def _others(block: Block, targets: list[str], model: VoiceConverter | None, problems: list[str]) -> list[str]:
    """The singers that targets are swapped for on the way, and that the model knows."""
    named = list(dict.fromkeys(swap.singer for swap in block.swaps if swap is not None))
    known = [singer for singer in named if model is None or singer in model.singers]
    for singer in named:
        if model is not None and singer not in model.singers:
            problems.append(f"the model knows no singer {singer} to swap for; it knows {', '.join(model.singers)}.")
        elif singer in targets:
            problems.append(f"{singer} would be swapped for {singer}: leave it out of the targets, or of the swaps.")
    if named and any("singer" in gone for gone in block.without):
        problems.append("'singer' is swapped and taken away in one conversion: ask for these in two blocks.")
    return known


def _phrases(
    block: Block,
    targets: list[str],
    others: list[str],
    corpus: Corpus | None,
    credits_of: dict[str, Credit],
    problems: list[str],
) -> list[tuple[Excerpt, References]]:
    """What is named of the corpus, each with the recordings of the targets that it will be compared with.

    ``others`` are further singers who must be credited.
    """
    if not block.sources:
        return []
    if corpus is None:
        problems.append("phrases are asked for, and no corpus is given (--corpus FOLDER).")
        return []
    phrases, unfit = find_phrases(corpus, block.sources)
    nameless = uncredited([*targets, *others, *(phrase.clip.singer for phrase in phrases)], credits_of)
    needed = {phrase.clip.path for phrase in phrases}
    found = []
    if not nameless:
        found = [
            (excerpt_of(phrase, credits_of), {t: reference_of(corpus, phrase, t, credits_of) for t in targets})
            for phrase in phrases
        ]
        needed |= {reference.path for _, references in found for reference in references.values() if reference}
    missing = [f"{path}: there is no such file." for path in sorted(needed) if not is_file(path)]
    problems += [*unfit, *nameless, *missing]
    return found


def _recordings(block: Block, problems: list[str]) -> list[tuple[Excerpt, References]]:
    """Recordings of one's own, or the same part of each."""
    readable = []
    for path in block.recordings:
        try:
            find_sources([path])
        except SourceError as error:
            problems.append(str(error))
        else:
            readable.append(path)
    named = find_sources(readable)
    problems += [f"{path}: there is no such file." for path in named.values() if not is_file(path)]
    start_s, end_s = block.start_s, block.end_s
    if start_s < 0 or (end_s is not None and end_s <= start_s):
        until = "its end" if end_s is None else f"second {end_s:g}"
        problems.append(f"there is no part of a recording from second {start_s:g} to {until}.")
    part = "" if start_s == 0 and end_s is None else f"@{start_s:g}-{'' if end_s is None else f'{end_s:g}'}"
    credit = Credit(OWN_VOICE, block.licence, block.attribution)
    return [(Excerpt(path, start_s, end_s, OWN_VOICE, name + part, name, credit), {}) for name, path in named.items()]


def _samplers(block: Block, model: VoiceConverter | None, problems: list[str]) -> list[tuple[str, int | None]]:
    """Name and steps of each; DDPM has no choice of steps, so its jobs name none."""
    chosen: dict[tuple[str, int | None], None] = {}
    for written in dict.fromkeys(block.samplers):
        name, colon, number = written.partition(":")
        if name not in ("auto", *SAMPLERS):
            problems.append(f"there is no sampler '{name}'; {offer(name, ('auto', *SAMPLERS))}.")
        elif colon and not (number.isascii() and number.isdecimal() and len(number) <= LONGEST_NUMBER):
            problems.append(f"the sampler '{written}' has no number of steps; write it like '{name}:20'.")
        elif model is not None:
            try:
                sampling = choose_sampling(model, name, int(number) if colon else None)
            except SamplingError as error:
                problems.append(f"the sampler '{written}': {error}")
            else:
                if sampling.sampler == "heun" and 1 < sampling.steps < FEWEST_OF_HEUN:
                    problems.append(
                        f"the sampler '{written}': in fewer than {FEWEST_OF_HEUN} steps Heun's method corrects by "
                        "hundreds of decibels, which no trace can keep; ask for more, or for 'euler'."
                    )
                chosen[sampling.sampler, None if sampling.sampler == "ddpm" else sampling.steps] = None
                problems += [f"the sampler '{written}': {line}" for line in _misfits(block, model, sampling)]
    return list(chosen)


def _misfits(block: Block, model: VoiceConverter, sampling: Sampling) -> list[str]:
    """What of the block's swaps and its defect does not go with that sampler."""
    wishes: list[tuple[int | None, str]] = [
        (place, "") for place in {swap.at: None for swap in block.swaps if swap is not None}
    ]
    wishes += [(None, block.defect)] * (block.defect in DEFECTS)
    found = []
    for place, defect in wishes:
        try:
            choose_sampling(model, sampling.sampler, sampling.steps, swap_at=place, defect=defect)
        except SamplingError as error:
            found.append(str(error))
    return list(dict.fromkeys(found))


def _conditions(block: Block) -> list[str]:
    """What is wrong with those that are taken away and those that are guided."""
    gone = {name for names in block.without for name in names}
    unknown = [
        f"there is no condition '{name}'; {offer(name, CONDITION_NAMES)}." for name in gone.difference(CONDITION_NAMES)
    ]
    both = {
        name for names in block.without for guidance in block.guidance for name in guidance.weights() if name in names
    }
    return sorted(unknown) + [
        f"'{name}' is guided and taken away in one conversion: ask for these in two blocks." for name in sorted(both)
    ]


def _clash(clashes: list[tuple[Job, Job, Block]], block: Block) -> str:
    """One sentence on all jobs of a block that would take the folders of others."""
    job, first, of = clashes[0]
    differing = [part.name for part in fields(Job) if getattr(job, part.name) != getattr(first, part.name)]
    where = "this block" if of is block else of.name
    more = f", and {len(clashes) - 1} more are like it" if len(clashes) > 1 else ""
    return (
        f"'{job.id}' has the name of another conversion of {where}, which differs in {', '.join(differing)}{more}; "
        'tell them apart with a label (label = "..."), in a block of its own.'
    )

"""Which frame sings which phone, when their order is known: Viterbi over a chain of phones.

Every phone is a state of a hidden Markov model whose order is the transcript's (Rabiner 1989, section
III.B). The score of a frame in a state is what a recogniser says, log p(phone | frame), less
log p(phone): without that, frequent vowels would swallow rare consonants (Bourlard & Morgan 1994,
ch. 7). A state has as many places as frames that it must last, and each place is left
after a frame with the same chance, so that durations scatter around their mean: sung vowels are held,
consonants hardly. Silence between words is optional: it may be sung over.

Words keep near their labelled times, but the last one before a gap may ring on into it, for labels
often end where the syllable does and not the sound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from svc_core.phones.inventory import Inventory
from svc_core.phones.symbols import SILENCE, is_held
from svc_core.phones.transcript import Transcript

TOLERANCE_FRAMES = 12  # 0.13 s: how far a labelled word's edge may be from what is heard
MEAN_FRAMES = {"silence": 40.0, "held": 60.0, "consonant": 10.0}
SHORTEST_FRAMES = {"silence": 4, "held": 4, "consonant": 3}  # 32 ms: of consonants timed by hand, 1 in 20 is shorter


@dataclass(frozen=True)
class State:
    """A phone of the chain, allowed in frames ``[first, last)``; an optional one may be passed over."""

    phone: int
    kind: str
    first: int
    last: int
    optional: bool = False


def chain_of(transcript: Transcript, inventory: Inventory) -> list[State]:
    """The states of a clip whose words are timed, with optional silence around every word."""
    sung = [part for part in transcript.parts if part.words and part.words != ((SILENCE,),)]
    silence = State(inventory.number(SILENCE), "silence", 0, transcript.frames, optional=True)
    states = [silence]
    for index, part in enumerate(sung):
        following = sung[index + 1].first if index + 1 < len(sung) else transcript.frames
        first, last = part.first - TOLERANCE_FRAMES, max(following, part.last) + TOLERANCE_FRAMES
        for word in part.words:
            states += [
                State(inventory.number(phone), "held" if is_held(phone) else "consonant", first, last) for phone in word
            ]
            states.append(silence)
    return states


def force_align(scores: np.ndarray, states: list[State]) -> np.ndarray | None:
    """The likeliest way through the chain: scores (phone, frame) -> index of a state (frame,).

    None where the states do not fit into the frames that they are allowed.
    """
    frames = scores.shape[1]
    lengths = np.array([SHORTEST_FRAMES[state.kind] for state in states])
    owner = np.repeat(np.arange(len(states)), lengths)  # a state is a row of places: one for each frame it must last
    enter = np.cumsum(lengths) - lengths
    leave = enter + lengths - 1
    chance = (lengths / np.array([MEAN_FRAMES[state.kind] for state in states]))[owner]  # of leaving a place
    stay, go = np.log1p(-chance), np.log(chance)
    step = np.concatenate([[-np.inf], go[:-1]])
    skip_from = np.zeros(len(owner), dtype=int)
    skip = np.full(len(owner), -np.inf)
    for index in range(2, len(states)):
        if states[index - 1].optional:
            skip_from[enter[index]], skip[enter[index]] = leave[index - 2], go[leave[index - 2]]
    time = np.arange(frames)[:, None]
    first, last = (np.array([getattr(state, name) for state in states])[owner] for name in ("first", "last"))
    heard = np.where((time >= first) & (time < last), scores.T[:, [states[i].phone for i in owner]], -np.inf)

    best = np.full(len(owner), -np.inf)
    for index in range(2 if states[0].optional and len(states) > 1 else 1):
        best[enter[index]] = heard[0, enter[index]]
    came_from = np.zeros((frames, len(owner)), dtype=np.int32)
    places = np.arange(len(owner))
    for frame in range(1, frames):
        ways = np.stack([best + stay, np.concatenate([[-np.inf], best[:-1]]) + step, best[skip_from] + skip])
        choice = ways.argmax(axis=0)
        came_from[frame] = np.choose(choice, [places, places - 1, skip_from])
        best = ways[choice, places] + heard[frame]
    ends = [leave[-1], *([leave[-2]] if states[-1].optional and len(states) > 1 else [])]
    place = max(ends, key=lambda end: best[end])
    if not np.isfinite(best[place]):
        return None
    path = np.empty(frames, dtype=np.int64)
    for frame in range(frames - 1, -1, -1):
        path[frame] = place
        place = came_from[frame, place]
    return owner[path]


def align_words(
    transcript: Transcript, inventory: Inventory, log_posteriors: np.ndarray, log_prior: np.ndarray
) -> np.ndarray | None:
    """Phone numbers (frame,) int64 of a clip whose words are timed; None where its phones do not fit its frames.

    log_posteriors (phone, frame) and log_prior (phone,) in natural log.
    """
    scores = log_posteriors - log_prior[:, None]
    states = chain_of(transcript, inventory)
    path = force_align(scores, states)
    if path is None:  # labels that are off by more than the tolerance: the order alone is believed
        path = force_align(scores, [replace(state, first=0, last=transcript.frames) for state in states])
    return None if path is None else np.array([state.phone for state in states])[path]

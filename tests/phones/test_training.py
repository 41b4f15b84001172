"""Learning the content encoder: alignments that get better, and runs that are killed and go on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from svc_core.config import CodeTrainConfig, Config
from svc_core.model.checkpoint import CheckpointError
from svc_core.model.content_encoder import ContentEncoder
from svc_core.phones.inventory import NO_PHONE, Inventory
from svc_core.phones.learning import PhoneHead
from svc_core.phones.training import Lesson, first_alignment, learn_code, log_posteriors, realign
from svc_core.training.processes import Processes

SINGERS = ("alto", "bass")


class Stop(Exception):
    """What kills a run in these tests."""


def learn(lessons, inventory, config, train, folder, on_checkpoint=None, singers=SINGERS):
    return learn_code(lessons, singers, inventory, 0, config, train, folder, Processes(), on_checkpoint)


def test_the_first_alignment_knows_what_the_labels_know(lessons: list[Lesson], inventory: Inventory):
    timed, _, word, unknown = first_alignment(lessons, inventory)
    assert timed.tolist() == [0] * 8 + [2] * 8 + [1] * 8 + [2] * 8 + [1] * 8 + [0] * 8
    assert (word[:4] == NO_PHONE).all() and (word[4:44] != NO_PHONE).all()
    assert unknown.tolist() == [NO_PHONE] * 10


def test_only_words_are_realigned(lessons: list[Lesson], inventory: Inventory, code_config: Config):
    first = first_alignment(lessons, inventory)
    again = realign(ContentEncoder(code_config).eval(), PhoneHead(4, 3), lessons, 0, inventory, first)
    assert [np.array_equal(one, two) for one, two in zip(first, again, strict=True)] == [True, True, False, True]


@pytest.mark.parametrize("wrong", [2, 5])
def test_words_that_cannot_be_aligned_keep_what_they_had(
    wrong: int, inventory: Inventory, lessons: list[Lesson], code_config: Config
):
    short = replace(lessons[2], content=lessons[2].content[:, :, :wrong])
    short = replace(short, transcript=replace(short.transcript, frames=wrong))
    before = [np.full(wrong, NO_PHONE)]
    assert realign(ContentEncoder(code_config), PhoneHead(4, 3), [short], 0, inventory, before) == before


def test_it_learns_the_phones_and_finds_them_in_a_word(
    lessons: list[Lesson], inventory: Inventory, code_config: Config, code_train: CodeTrainConfig, tmp_path: Path
):
    train = replace(code_train, batch=8, steps=60, learning_rate=1e-2, realign_every=30, ema_decay=0.8)
    encoder, head = learn(lessons, inventory, code_config, train, tmp_path)
    heard = log_posteriors(encoder, head, lessons[1].content[0]).argmax(axis=0)
    assert (heard == first_alignment(lessons, inventory)[1]).mean() > 0.9
    guess = first_alignment(lessons[2:3], inventory)
    (word,) = realign(encoder, head, lessons[2:3], 0, inventory, guess)
    truth = np.repeat([0, 2, 1, 2, 1, 0], 8)
    assert (word == truth).mean() > 0.75 > 0.6 > (guess[0] == truth).mean()


def test_a_run_that_was_killed_ends_as_one_that_was_not(
    lessons: list[Lesson], inventory: Inventory, code_config: Config, code_train: CodeTrainConfig, tmp_path: Path
):
    """Killed behind a checkpoint that lies between two alignments, which is what a resumed run must go on with."""
    whole, _ = learn(lessons, inventory, code_config, code_train, tmp_path / "whole")
    calls = []

    def stop(encoder: ContentEncoder, head: PhoneHead) -> dict[str, float]:
        calls.append(1)
        if len(calls) == 2:
            raise Stop
        return {}

    with pytest.raises(Stop):
        learn(lessons, inventory, code_config, code_train, tmp_path / "cut", stop)
    resumed, _ = learn(lessons, inventory, code_config, code_train, tmp_path / "cut")
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)


def test_other_phones_or_singers_cannot_go_on_with_a_run(
    lessons: list[Lesson], inventory: Inventory, code_config: Config, code_train: CodeTrainConfig, tmp_path: Path
):
    train = replace(code_train, steps=2)
    learn(lessons, inventory, code_config, train, tmp_path)
    with pytest.raises(CheckpointError, match="another configuration"):
        learn(lessons, inventory, code_config, train, tmp_path, singers=("alto", "tenor"))
    with pytest.raises(CheckpointError, match="another configuration"):
        learn(lessons, Inventory(("sil", "a", "k", "m")), code_config, train, tmp_path)


def test_without_any_label_it_learns_all_the_same(
    lessons: list[Lesson], code_config: Config, code_train: CodeTrainConfig, tmp_path: Path
):
    unlabelled = [replace(lesson, transcript=None) for lesson in lessons]
    train = replace(code_train, steps=40, learning_rate=2e-2, checkpoint_every=40, ema_decay=0.8)
    encoder, head = learn(unlabelled, Inventory(("sil",)), code_config, train, tmp_path)
    code = encoder(torch.from_numpy(lessons[0].content[:1]))[0]
    assert code.std(dim=1).mean() > 0.2  # not the same for every sound
    assert log_posteriors(encoder, head, lessons[0].content[0]).shape == (1, 48)

"""All probes of an encoder together, as a table and as plain values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from svc_core.config import Config, GridConfig
from svc_core.corpora.corpus import Clip, Phrase
from svc_core.model.content_encoder import ContentEncoder
from svc_core.phones.encoder_file import Recogniser
from svc_core.phones.inventory import Inventory
from svc_core.phones.learning import PhoneHead
from svc_core.phones.probes import Figure
from svc_core.phones.report import Row, as_records, as_table, probe_encoder
from svc_core.phones.training import Lesson
from svc_core.phones.transcript import Part, Transcript
from tests.phones.conftest import sing, timed

GRID = GridConfig()


def clip(name: str, singer: str, split: str) -> Clip:
    return Clip(Path(name), name, singer, "song", split, True, "CC BY 4.0")


@pytest.fixture(scope="module")
def rows(code_config: Config, inventory: Inventory) -> dict[str, Row]:
    """Probes of an untrained encoder on a corpus whose raw content tells phones and, in each of them, singers."""
    torch.manual_seed(0)
    recogniser = Recogniser(ContentEncoder(code_config).eval(), PhoneHead(4, 3).eval(), inventory)
    said = "-kaka-akak-" * 3
    splits = []
    for split, count in (("train", 2), ("test", 1)):
        clips = [clip(f"{split}{n}{s}", ("alto", "bass")[s], split) for n in range(count) for s in range(2)]
        lessons = [Lesson(sing(said, 9, s, seed=n * 2 + s), s, timed(said, 9)) for n in range(count) for s in range(2)]
        splits.append((clips, lessons))
    length_s = 11 * 9 * 256 / 24_000
    phrases = [Phrase("hymn", c, 0.0, length_s) for c in splits[1][0]]
    phrases.append(Phrase("hymn", clip("elsewhere", "alto", "unseen"), 0.0, 1.0))
    return {row.probe: row for row in probe_encoder(recogniser, 0, *splits, phrases, GRID)}


def test_every_probe_is_there_for_both_representations(rows: dict[str, Row]):
    assert list(rows) == [
        "singer",
        "singer, within a phone",
        "singer, within a phone of a phrase sung by two",
        "phone, timed by hand",
        "phone, aligned by the encoder itself",
    ]
    for name in list(rows)[:4]:
        assert None not in (rows[name].cepstra, rows[name].code, rows[name].decisions)


def test_the_raw_content_betrays_singers_and_phones(rows: dict[str, Row]):
    assert rows["singer, within a phone"].cepstra.value > 0.95
    assert rows["singer, within a phone of a phrase sung by two"].cepstra.value > 0.95
    assert rows["singer, within a phone of a phrase sung by two"].cepstra.count == "1 pairs of phrases"
    assert rows["phone, timed by hand"].cepstra.value > 0.95


def test_the_decisions_of_an_untrained_head_are_wrong(rows: dict[str, Row]):
    """While a probe would make the best of them."""
    assert rows["phone, timed by hand"].decisions.value < 0.8


def test_where_no_word_was_aligned_there_is_no_such_figure(rows: dict[str, Row]):
    row = rows["phone, aligned by the encoder itself"]
    assert row.cepstra is row.code is row.decisions is None


def test_a_phone_that_only_held_out_clips_have_is_left_out(code_config: Config, inventory: Inventory):
    torch.manual_seed(0)
    recogniser = Recogniser(ContentEncoder(code_config).eval(), PhoneHead(4, 3).eval(), inventory)
    learnt = [Lesson(sing("-kaka-" * 2, 9, 0), 0, timed("-kaka-" * 2, 9))]
    strange = Transcript((Part((("zh",),), 0, 9), Part((("a",),), 9, 18)), 18, timed=True)
    tested = [Lesson(sing("ka", 9, 0), 0, strange)]
    clips = [clip("one", "alto", "train")], [clip("two", "alto", "test")]
    rows = probe_encoder(recogniser, 0, (clips[0], learnt), (clips[1], tested), [], GRID)
    assert rows[3].decisions.count == "1 clips, 9 frames"


def test_the_table_has_a_line_a_probe_with_what_guessing_reaches():
    made = [
        Row("singer", "low", Figure(0.734, 1 / 3, "x"), Figure(0.4, 1 / 3, "11 phones, 90 frames"), None),
        Row("phone", "high", None, None, None),
    ]
    lines = as_table(made).splitlines()
    assert len(lines) == 3
    assert "73 % (33 %)" in lines[1] and "40 % (33 %)" in lines[1] and lines[1].endswith("11 phones, 90 frames")
    assert lines[2].split() == ["phone", "high", "-", "-", "-", "-"]


def test_the_rows_are_plain_values_for_a_file():
    made = [Row("singer", "low", Figure(0.5, 0.5, "n"), None, None)]
    assert json.loads(json.dumps(as_records(made))) == [
        {
            "probe": "singer",
            "better": "low",
            "cepstra": {"value": 0.5, "chance": 0.5, "count": "n"},
            "code": None,
            "decisions": None,
        }
    ]

"""Options that several commands share: what they mean, and what is refused."""

import argparse
from dataclasses import replace

import pytest

from svc_core.config import PRESETS, feature_key
from svc_core.options import above_zero, add_feature_options, chosen_config, key_shift, number, positive, whole


def given(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_feature_options(parser)
    return parser.parse_args(["--corpus", "corpus", *arguments])


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (positive, "1", 1),
        (positive, "1000", 1000),
        (whole, "0", 0),
        (whole, "7", 7),
        (number, "-1", -1.0),
        (number, "2.5", 2.5),
        (above_zero, "6e-4", 6e-4),
        (key_shift, "auto", None),
        (key_shift, "0", 0),
        (key_shift, "-5", -5),
        (key_shift, "+5", 5),
    ],
)
def test_numbers_are_read(read, text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [(positive, text) for text in ("0", "-1", "1.5", "", "many", "1e3")]
    + [(whole, text) for text in ("-1", "1.5", "", "some")]
    + [(number, text) for text in ("", "much", "nan", "inf", "-inf")]
    + [(above_zero, text) for text in ("0", "-0.1", "nan", "inf", "little")]
    + [(key_shift, text) for text in ("", "up", "1.5", "++2", "none")],
)
def test_other_texts_are_refused_by_name(read, text):
    with pytest.raises(argparse.ArgumentTypeError, match=f"^'{text.replace('+', '[+]')}' is (not|neither)"):
        read(text)


def test_without_options_it_is_the_small_preset():
    assert chosen_config(given()) == PRESETS["small"]


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_chosen(name):
    assert chosen_config(given("--preset", name)) == PRESETS[name]


def test_every_option_changes_what_it_names_and_nothing_else():
    chosen = chosen_config(given("--encoders", "cepstra", "hubert:X", "--alignment", "box", "--copies", "2"))
    small = PRESETS["small"]
    assert chosen.content == replace(small.content, encoders=("cepstra", "hubert:X"), alignment="box")
    assert chosen.augment == replace(small.augment, copies=2)
    assert replace(chosen, content=small.content, augment=small.augment) == small


@pytest.mark.parametrize("option", [["--encoders", "hubert:X"], ["--alignment", "box"], ["--copies", "1"]])
def test_each_of_them_asks_for_other_features(option):
    assert feature_key(chosen_config(given(*option))) != feature_key(chosen_config(given()))


@pytest.mark.parametrize(
    "arguments", [["--preset", "huge"], ["--alignment", "spline"], ["--copies", "-1"], ["--encoders"]]
)
def test_what_is_not_there_is_refused_by_name(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        given(*arguments)
    assert caught.value.code == 2
    assert arguments[0] in capsys.readouterr().err

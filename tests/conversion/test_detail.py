"""The sizes of traces against each other, and against what the rest of the package calls them."""

import numpy as np
import pytest

from svc_core.config import GridConfig
from svc_core.conversion.detail import DETAIL
from svc_core.conversion.hearing import encode_sound
from svc_core.conversion.job import DETAILS
from svc_core.traces import manifest

FULL, LIGHT, OWN = DETAIL["full"], DETAIL["light"], DETAIL["own"]


def test_plans_can_ask_for_all_but_a_visitors_own():
    assert {*DETAILS, "own"} == set(DETAIL) and "own" not in DETAILS


def test_a_manifest_may_name_just_these():
    assert set(manifest.DETAILS) == set(DETAIL)


def test_a_visitors_own_shows_every_step_of_forty_and_sounds_fewer():
    assert OWN.pictures == OWN.mapped == 40
    assert OWN.heard == OWN.measured < OWN.pictures  # what is measured is heard anyway
    assert OWN.lossless and not OWN.states_heard and OWN.quantum == FULL.quantum


def test_light_is_the_smaller_in_each_respect():
    for count in ("pictures", "measured", "heard", "mapped", "components"):
        assert 2 <= getattr(LIGHT, count) < getattr(FULL, count)
    assert LIGHT.quantum > FULL.quantum
    assert LIGHT.mp3_level > FULL.mp3_level
    assert (FULL.states_heard, LIGHT.states_heard) == (True, False)
    assert (FULL.lossless, LIGHT.lossless) == (True, False)


@pytest.mark.parametrize("detail", DETAIL.values(), ids=DETAIL)
def test_what_is_heard_is_measured_too(detail):
    assert detail.heard <= detail.measured


@pytest.mark.parametrize("detail", DETAIL.values(), ids=DETAIL)
def test_the_quantum_is_one_that_a_manifest_takes(detail):
    assert 1 <= detail.quantum <= 16


@pytest.mark.parametrize("detail", DETAIL.values(), ids=DETAIL)
def test_the_mp3_level_is_one_that_the_coder_takes(detail):
    assert encode_sound(np.zeros(2_400, np.float32), GridConfig(), detail.mp3_level)

"""Strided convolutions: what a label hears."""

import pytest

from svc_core.sound.speech import receptive_field


def test_huberts_convolutions_hear_four_hundred_samples_every_three_hundred_and_twenty():
    kernels, strides = (10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2)
    assert receptive_field(list(zip(kernels, strides, strict=True))) == (400, 320)


@pytest.mark.parametrize(
    ("convolutions", "field_and_hop"), [([(3, 1)], (3, 1)), ([(4, 4)], (4, 4)), ([(3, 2), (3, 2)], (7, 4))]
)
def test_small_ones_by_hand(convolutions, field_and_hop):
    assert receptive_field(convolutions) == field_and_hop

"""Frame i is compared with frame i: nothing is stretched, and what does not fit is refused."""

import numpy as np
import pytest

from svc_core.metrics.alignment import MetricError, same_frames
from tests.conftest import is_sentence


def test_one_frame_too_many_at_the_end_is_cut_from_the_longer():
    reference, estimate = same_frames(np.array([1.0, 2, 3]), np.array([4.0, 5, 6, 7]), "the F0")
    assert reference.tolist() == [1, 2, 3] and estimate.tolist() == [4, 5, 6]
    reference, estimate = same_frames(np.ones((2, 5)), np.zeros((2, 4)), "the mel")
    assert reference.shape == estimate.shape == (2, 4)


@pytest.mark.parametrize(
    ("reference", "estimate", "said"),
    [
        (np.ones(5), np.ones(7), "5 frames and the estimate 7"),
        (np.ones((2, 5)), np.ones((3, 5)), "(3, 5)"),
        (np.ones(5), np.ones(0), "no frame"),
        (np.float64(1), np.ones(1), "no frame"),
        (np.ones(3), np.array([1, np.nan, np.inf]), "2 values that are not numbers"),
    ],
    ids=["two frames apart", "other bands", "empty", "no axis", "NaN"],
)
def test_what_does_not_fit_is_refused_in_a_sentence(reference, estimate, said):
    with pytest.raises(MetricError) as caught:
        same_frames(reference, estimate, "the sound")
    assert said in str(caught.value) and is_sentence(str(caught.value))

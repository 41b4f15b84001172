"""The iSTFT-head network: pitch from the mel alone, gains, and sound on the grid."""

import inspect

import numpy as np
import pytest
import torch

from svc_core.config import DB_PER_LN, GridConfig
from svc_core.model.conditions import harmonic_combs
from svc_core.sound.mel import log_mel
from svc_core.sound.pitch import track_f0
from svc_core.vocoders.network import Heard, IstftNetwork, Pitch
from tests.vocoders.conftest import GRID, TINY, centre_of, impulse_mel


@pytest.fixture(scope="module")
def network() -> IstftNetwork:
    torch.manual_seed(0)
    return IstftNetwork(GRID, TINY).eval()


@pytest.fixture(scope="module")
def pitch() -> Pitch:
    torch.manual_seed(0)
    return Pitch(GRID, 16)


def heard_at(rows: list[float], voicing: list[float]) -> Heard:
    """Logits with a peak of 20 cents' width at each row."""
    logits = -(((torch.arange(536)[:, None] - torch.tensor(rows)) / 2) ** 2) / 2
    return Heard(logits[None], torch.tensor([voicing]))


def test_the_rows_are_ten_cents_apart_from_the_lowest_f0(pitch):
    assert harmonic_combs(GRID).shape == (len(pitch.combs), 100)
    f0_hz = torch.tensor([50.0, 100.0, 50 * 2 ** (1 / 120), 20.0])
    torch.testing.assert_close(pitch.rows(f0_hz), torch.tensor([0.0, 120.0, 1.0, 0.0]), atol=1e-3, rtol=0)


def test_f0_lies_between_rows_where_the_logits_say_so(pitch):
    rows = len(pitch.combs)
    heard = heard_at([120.0, 120.5, 240.25], [1.0, 1.0, 1.0])
    f0_hz, voiced = pitch.f0_hz(Heard(heard.pitch[:, :rows], heard.voicing))
    cents = 1200 * np.log2(f0_hz[0].numpy() / np.array([100, 100 * 2 ** (0.5 / 120), 200 * 2 ** (0.25 / 120)]))
    np.testing.assert_allclose(cents, 0, atol=0.5)
    assert (voiced == 1).all()


def test_a_far_second_peak_does_not_draw_f0_away(pitch):
    logits = heard_at([120.0], [1.0]).pitch
    logits[0, 240] = -0.5  # an octave above, nearly as likely
    f0_hz, _ = pitch.f0_hz(Heard(logits[:, : len(pitch.combs)], torch.ones(1, 1)))
    assert 1200 * abs(np.log2(f0_hz.item() / 100)) < 1


def test_gaps_are_bridged_and_marked(pitch):
    heard = heard_at([120.0, 300.0, 240.0], [1.0, -1.0, 1.0])
    f0_hz, voiced = pitch.f0_hz(Heard(heard.pitch[:, : len(pitch.combs)], heard.voicing))
    assert voiced.tolist() == [[1.0, 0.0, 1.0]]
    assert f0_hz[0, 1].item() == pytest.approx(np.sqrt(100 * 200), rel=1e-3)


def test_nothing_but_the_mel_goes_in():
    """The sound of a noisy step must tell what that step's mel tells: no F0 from outside."""
    assert list(inspect.signature(IstftNetwork.forward).parameters) == ["self", "mel", "generator", "iterations"]


def test_the_valleys_lie_between_the_harmonics_of_the_f0(network, sung_mel):
    """The network says how deep; a depth of one follows the pulses' own spectrum: 8 bins between harmonics."""
    frames = sung_mel.shape[1]
    f0_hz = torch.full((1, frames), 187.5)
    leave = network.filters.leave
    with torch.inference_mode():
        flat = network.parts(torch.from_numpy(sung_mel)[None], f0_hz, torch.ones(1, frames)).log_magnitude
        leave.bias[513:1026] = 1.0
        deep = network.parts(torch.from_numpy(sung_mel)[None], f0_hz, torch.ones(1, frames)).log_magnitude
        unvoiced = network.parts(torch.from_numpy(sung_mel)[None], f0_hz, torch.zeros(1, frames))
        leave.bias[513:1026] = 0.0
    change = (deep - flat)[0, :, 30]
    np.testing.assert_allclose(change[8:500:8], 0, atol=0.02)
    np.testing.assert_allclose(change[4:500:8], np.log(0.03), atol=0.02)
    assert (unvoiced.pulses == 0).all()


def test_an_untrained_vocoder_already_keeps_the_mel(network, sung_mel):
    """Gains start as the mel itself, and magnitudes are fitted to it: 2.3 dB were measured."""
    with torch.inference_mode():
        sound = network(torch.from_numpy(sung_mel)[None], torch.Generator().manual_seed(0))[0].numpy()
    assert sound.shape == (256 * sung_mel.shape[1],)
    assert np.abs(log_mel(sound, GRID) - sung_mel)[:, 3:-3].mean() * DB_PER_LN < 4


def test_told_the_pitch_it_sings_it(network, sung, sung_mel, monkeypatch):
    """With F0 put where the network would hear it, the sound has that F0: phases come from the source."""
    f0_hz = torch.from_numpy(track_f0(sung, GRID).astype(np.float32))[None]
    voiced = (f0_hz > 0).float()
    monkeypatch.setattr(network.pitch, "f0_hz", lambda heard: (f0_hz.clamp(min=200.0), voiced))
    with torch.inference_mode():
        network.filters.leave.bias[1026:] = 5.0  # all of it harmonic
        sound = network(torch.from_numpy(sung_mel)[None], torch.Generator().manual_seed(0))[0].numpy()
        network.filters.leave.bias[1026:] = 0.0
    again = track_f0(sound, GRID)
    both = (again > 0) & (f0_hz[0].numpy() > 0)
    assert both.mean() > 0.8
    assert np.median(1200 * np.abs(np.log2(again[both] / f0_hz[0].numpy()[both]))) < 5


def test_an_impulse_stays_where_it_was(network):
    """Within 1 ms, 24 samples, of the centre of its frame."""
    with torch.inference_mode():
        sound = network(torch.from_numpy(impulse_mel())[None], torch.Generator().manual_seed(0))[0].numpy()
    assert centre_of(sound, 256 * 20 + 128) == pytest.approx(256 * 20 + 128, abs=24)


def test_a_clips_mel_decides_its_own_sound_in_a_batch(network, sung_mel):
    mel = torch.from_numpy(sung_mel)[None]
    with torch.inference_mode():
        one = network.pitch(network.normalise(mel))
        two = network.pitch(network.normalise(torch.cat([mel - 1, mel])))
    torch.testing.assert_close(one.pitch[0], two.pitch[1], atol=1e-4, rtol=1e-4)
    assert GridConfig() == network.grid

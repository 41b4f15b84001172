"""What TensorBoard is shown of a model: pictures and sound of one held-out clip."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from svc_core.conversion.convert import convert_features
from svc_core.conversion.preview import PREVIEW_FRAMES, PREVIEW_STEPS, Preview
from svc_core.conversion.sampling import choose_sampling
from svc_core.model.conditions import condition_inputs, keep_all
from svc_core.model.system import VoiceConverter
from svc_core.sound.features import Features
from svc_core.training.objectives import as_student
from tests.conftest import SINGERS

LOW, HIGH = np.log(1e-5), 2.0  # of the pictures, in natural log


class Curves:
    """Keeps what a SummaryWriter would write."""

    def __init__(self) -> None:
        self.pictures: dict[str, np.ndarray] = {}
        self.sounds: dict[str, tuple[torch.Tensor, int, int]] = {}

    def add_image(self, tag: str, picture: np.ndarray, step: int, dataformats: str) -> None:
        assert (step, dataformats) == (7, "HW")
        self.pictures[tag] = picture

    def add_audio(self, tag: str, sound: torch.Tensor, step: int, sample_rate: int) -> None:
        self.sounds[tag] = (sound, step, sample_rate)


@pytest.fixture
def held_out(sung_features) -> Features:
    """Longer than is shown; variant 2 of its content is the plain one."""
    parts = (sung_features.mel, sung_features.f0_hz, sung_features.loudness_db, sung_features.content)
    return Features(*(np.tile(part, 3) for part in parts), sung_features.gain_db)


def shown(clip: Features, model: VoiceConverter, singer: int = 1) -> Curves:
    curves = Curves()
    Preview(clip, singer, plain=2)(model, curves, 7)
    return curves


def picture_of(mel: np.ndarray) -> np.ndarray:
    """Low bands at the bottom, from black at the floor to white at +17 dB."""
    return np.clip((mel[::-1] - LOW) / (HIGH - LOW), 0, 1)


def test_a_clip_is_sung_by_its_own_singer_and_the_next(held_out, tiny_model):
    curves = shown(held_out, tiny_model)
    assert list(curves.pictures) == ["recording", "draft", "bass as bass", "bass as alto"]
    assert list(curves.sounds) == ["bass as bass", "bass as alto"]
    assert {picture.shape for picture in curves.pictures.values()} == {(100, PREVIEW_FRAMES)}
    for sound, step, rate_hz in curves.sounds.values():
        assert sound.shape == (1, PREVIEW_FRAMES * 256)
        assert (step, rate_hz) == (7, 24_000)
        assert 0 < sound.abs().max() <= 1


def test_pictures_are_of_what_they_say(held_out, tiny_model):
    curves = shown(held_out, tiny_model)
    clip = Preview(held_out, 1, plain=2).clip
    assert np.array_equal(clip.content[0], held_out.content[2, :, :PREVIEW_FRAMES])
    np.testing.assert_allclose(curves.pictures["recording"], picture_of(held_out.mel[:, :PREVIEW_FRAMES]), atol=1e-6)
    with torch.no_grad():
        draft = tiny_model.gather(condition_inputs(clip, 1), keep_all(1)).draft
    expected = picture_of(tiny_model.denormalise(draft)[0].numpy())
    np.testing.assert_allclose(curves.pictures["draft"], expected, atol=1e-6)
    for name, singer in (("bass as bass", 1), ("bass as alto", 0)):
        mel = convert_features(clip, tiny_model, singer, 0, choose_sampling(tiny_model, steps=PREVIEW_STEPS)).numpy()
        np.testing.assert_allclose(curves.pictures[name], picture_of(mel), atol=1e-6)


def test_a_model_in_training_is_shown_as_it_would_convert(held_out, tiny_model):
    """Without dropout, without gradients."""
    before = shown(held_out, tiny_model)
    after = shown(held_out, tiny_model.train())
    assert all(np.array_equal(picture, after.pictures[name]) for name, picture in before.pictures.items())
    assert all(weight.grad is None for weight in tiny_model.parameters())


def test_a_student_takes_its_one_step(held_out, tiny_model):
    student = VoiceConverter(as_student(tiny_model.config), SINGERS)
    student.load_state_dict(tiny_model.state_dict())
    assert "bass as alto" in shown(held_out, student).pictures


def test_a_model_of_one_singer_shows_that_one(held_out, tiny_config):
    curves = shown(held_out, VoiceConverter(tiny_config, ("bass",)), singer=0)
    assert list(curves.sounds) == ["bass as bass"]


def test_a_model_without_a_draft_shows_none(held_out, tiny_config):
    config = replace(tiny_config, model=replace(tiny_config.model, draft="none", decoder_sees="conditions"))
    assert "draft" not in shown(held_out, VoiceConverter(config, SINGERS)).pictures

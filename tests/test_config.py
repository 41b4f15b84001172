"""Constants and the time grid's arithmetic."""

import json
from dataclasses import FrozenInstanceError, replace

import pytest

from svc_core.config import (
    DB_PER_LN,
    Config,
    ContentConfig,
    DiffusionConfig,
    GridConfig,
    ModelConfig,
    TrainConfig,
    feature_key,
)


def test_a_natural_log_unit_is_eight_point_seven_decibels():
    assert pytest.approx(8.685889638, abs=1e-9) == DB_PER_LN


def test_a_hop_is_ten_and_two_thirds_milliseconds():
    assert GridConfig().hop_ms == pytest.approx(10 + 2 / 3)


def test_edge_pad_is_half_of_what_a_window_exceeds_a_hop_by():
    assert GridConfig().edge_pad == 384
    assert GridConfig(n_fft=2048, hop=300).edge_pad == 874


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (255, 0), (256, 1), (511, 1), (512, 2), (24_000, 93)])
def test_frame_count_leaves_the_unfinished_frame_out(samples, frames):
    assert GridConfig().frame_count(samples) == frames


def test_first_frame_is_centred_half_a_hop_into_the_clip():
    assert GridConfig().frame_centre_s(0) == pytest.approx(128 / 24_000)
    assert GridConfig().frame_centre_s(93.25) == pytest.approx(24_000 / 24_000)


def test_configuration_survives_json():
    config = Config(
        GridConfig(hop=300),
        ContentConfig(warps=(0.9, 1.0)),
        ModelConfig(width=8),
        DiffusionConfig(steps=7),
        TrainConfig(seed=5),
    )
    assert Config.from_json(config.to_json()) == config
    assert isinstance(Config.from_json(config.to_json()).content.warps, tuple)


def test_a_field_of_another_version_is_refused():
    parts = json.loads(Config().to_json())
    parts["model"]["heads"] = 4
    with pytest.raises(TypeError, match="heads"):
        Config.from_json(json.dumps(parts))


def test_configuration_cannot_be_changed_in_place():
    with pytest.raises(FrozenInstanceError):
        GridConfig().hop = 320


def test_feature_key_follows_grid_and_content():
    key = feature_key(Config())
    assert feature_key(replace(Config(), grid=GridConfig(hop=320))) != key
    assert feature_key(replace(Config(), content=ContentConfig(warps=(1.0,)))) != key
    assert feature_key(Config()) == key


def test_feature_key_ignores_what_features_do_not_depend_on():
    other = Config(model=ModelConfig(width=8), diffusion=DiffusionConfig(steps=7), train=TrainConfig(seed=5))
    assert feature_key(other) == feature_key(Config())


def test_feature_key_can_be_a_folder_name():
    assert len(feature_key(Config())) == 12
    assert set(feature_key(Config())) <= set("0123456789abcdef")

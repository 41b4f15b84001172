"""Constants and the time grid's arithmetic."""

import json
import math
from dataclasses import FrozenInstanceError, asdict, replace

import pytest

from svc_core.config import (
    DB_PER_LN,
    PRESETS,
    AugmentConfig,
    Config,
    ContentConfig,
    DiffusionConfig,
    DistillConfig,
    EdmConfig,
    GridConfig,
    ModelConfig,
    TrainConfig,
    feature_key,
)

# As the first version wrote it, before there were several encoders, drafts, parametrisations and samplers.
FIRST_VERSION = """{
"content": {"cepstra": 20, "warps": [0.84, 0.92, 1.0, 1.09, 1.19]},
"diffusion": {"beta_first": 0.0001, "beta_last": 0.02, "steps": 1000},
"grid": {"f0_high_hz": 1100.0, "f0_low_hz": 50.0, "hop": 256, "log_floor": 1e-05, "mel_high_hz": 12000.0,
"mel_low_hz": 0.0, "n_fft": 1024, "n_mels": 100, "normal_loudness_db": -20.0, "sample_rate_hz": 24000,
"voiced_share": 0.5},
"model": {"condition_dropout": 0.12, "content_bottleneck": 24, "denoiser_layers": 8, "dilation_cycle": 4,
"draft_dropout": 0.1, "draft_layers": 6, "draft_width": 256, "step_embedding": 128, "width": 160},
"train": {"batch": 16, "checkpoint_every": 500, "clip_norm": 1.0, "crop_frames": 128, "denoiser_steps": 7000,
"draft_steps": 4000, "ema_decay": 0.999, "learning_rate": 0.0006, "log_every": 20, "seed": 0,
"singer_balance": 0.5, "warmup_steps": 300, "weight_decay": 0.01}
}"""


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
        grid=GridConfig(hop=300),
        content=ContentConfig(encoders=("cepstra", "whisper:openai/whisper-medium"), warps=(0.9, 1.0)),
        augment=AugmentConfig(copies=2),
        model=ModelConfig(width=8, draft="none"),
        diffusion=DiffusionConfig(steps=7),
        edm=EdmConfig(rho=5.0),
        train=TrainConfig(seed=5),
        distill=DistillConfig(grid_steps=18),
    )
    assert Config.from_json(config.to_json()) == config
    assert Config.from_json(config.to_json()).content.encoders == ("cepstra", "whisper:openai/whisper-medium")


def test_a_model_of_the_first_version_means_what_it_meant():
    """It had cepstra, a ConvNeXt draft, a preconditioned clean mel and uniform DDPM steps, and nothing else."""
    config = Config.from_json(FIRST_VERSION)
    content = (config.content.encoders, config.content.warps, config.content.pitches)
    assert content == (("cepstra",), (0.84, 0.92, 1.0, 1.09, 1.19), ())
    kinds = (config.model.draft, config.model.decoder_sees, config.model.prediction, config.train.noise)
    assert kinds == ("convnext", "both", "edm", "uniform")
    assert not config.model.consistency
    assert not config.model.content_encoder
    assert config.model.content_width == config.content.cepstra
    assert config.augment.copies == 0
    assert config.train.draft_loss == "l1"


def test_what_an_older_file_says_counts_more_than_todays_default():
    parts = json.loads(FIRST_VERSION)
    parts["model"]["width"], parts["content"]["warps"] = 24, [1.0]
    config = Config.from_json(json.dumps(parts))
    assert config.model == ModelConfig(width=24)
    assert config.content.warps == (1.0,)


def test_a_field_of_another_version_is_refused():
    parts = json.loads(Config().to_json())
    parts["model"]["heads"] = 4
    with pytest.raises(TypeError, match="heads"):
        Config.from_json(json.dumps(parts))


def test_a_part_of_another_version_is_refused_by_its_name():
    with pytest.raises(TypeError, match="no part colour, shade"):
        Config.from_json('{"shade": {}, "grid": {}, "colour": {}}')


@pytest.mark.parametrize("text", ["[]", "5", "null", '"grid"', '{"model": 5}', '{"model": [["width", 8]]}'])
def test_what_is_no_configuration_is_refused_as_such(text):
    with pytest.raises(TypeError, match="object of objects"):
        Config.from_json(text)


@pytest.mark.parametrize("width", ['"8"', "true", "8.5", "null", "[8]"])
def test_a_number_that_is_none_is_refused_by_its_name(width):
    with pytest.raises(TypeError, match="width"):
        Config.from_json(f'{{"model": {{"width": {width}}}}}')


def test_a_whole_number_may_stand_for_a_broken_one():
    assert Config.from_json('{"diffusion": {"beta_last": 1}}').diffusion.beta_last == 1


def test_configuration_cannot_be_changed_in_place():
    with pytest.raises(FrozenInstanceError):
        GridConfig().hop = 320


def test_feature_key_follows_grid_and_content():
    key = feature_key(Config())
    assert feature_key(replace(Config(), grid=GridConfig(hop=320))) != key
    for content in (
        ContentConfig(warps=(1.0,)),
        ContentConfig(alignment="box"),
        ContentConfig(encoders=("whisper:openai/whisper-medium",)),
        ContentConfig(pitches=(-2.0, 2.0)),
    ):
        assert feature_key(replace(Config(), content=content)) != key
    assert feature_key(replace(Config(), augment=AugmentConfig(copies=1))) != key
    assert feature_key(Config()) == key


def test_feature_key_ignores_what_features_do_not_depend_on():
    other = Config(model=ModelConfig(width=8), diffusion=DiffusionConfig(steps=7), train=TrainConfig(seed=5))
    assert feature_key(other) == feature_key(Config())


def test_feature_key_can_be_a_folder_name():
    assert len(feature_key(Config())) == 12
    assert set(feature_key(Config())) <= set("0123456789abcdef")


# presets


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_json(name):
    assert Config.from_json(PRESETS[name].to_json()) == PRESETS[name]


def test_presets_of_the_seed_systems_have_their_published_sizes():
    for name in ("diffwavenetsvc", "comosvc"):
        model = PRESETS[name].model
        assert (model.denoiser_layers, model.width, model.dilation_cycle, model.step_embedding) == (20, 384, 4, 128)
        assert asdict(PRESETS[name].diffusion) == {"steps": 1000, "beta_first": 1e-4, "beta_last": 0.02}
        assert model.content_width == 1024 + 256  # Whisper-medium and ContentVec side by side
        assert [encoder.split(":")[0] for encoder in PRESETS[name].content.encoders] == ["whisper", "contentvec"]
    draft = PRESETS["comosvc"].model
    assert (draft.draft, draft.draft_width, draft.draft_layers, draft.draft_heads) == ("conformer", 384, 6, 2)
    assert (draft.draft_filter, draft.draft_dropout, draft.decoder_sees) == (512, 0.1, "draft")


def test_diffwavenetsvc_predicts_noise_from_the_conditions_alone():
    config = PRESETS["diffwavenetsvc"]
    assert (config.model.prediction, config.model.draft, config.model.decoder_sees) == ("epsilon", "none", "conditions")
    assert config.train.noise == "uniform"
    assert config.train.draft_steps == 0


@pytest.mark.parametrize("name", ["small", "comosvc"])
def test_comosvcs_presets_train_as_edm_does(name):
    config = PRESETS[name]
    assert (config.model.prediction, config.train.noise, config.train.draft_loss) == ("edm", "log-normal", "ssim+l2")
    assert (config.distill.grid_steps, config.distill.target_decay, config.edm.rho) == (40, 0.95, 7.0)


def test_training_reaches_the_noise_that_samplers_start_from():
    """ln sigma is normal: about one draw in 75 lies beyond sigma_max, fewer than one in 10 000 below sigma_min."""
    edm = EdmConfig()
    beyond = 0.5 * math.erfc((math.log(edm.sigma_max) - edm.p_mean) / edm.p_std / 2**0.5)
    below = 0.5 * math.erfc((edm.p_mean - math.log(edm.sigma_min)) / edm.p_std / 2**0.5)
    assert 1 / beyond == pytest.approx(75, abs=1)
    assert below < 1e-4

"""From samples to the sound of another voice without torch, beside the same with it."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from svc_core.conversion.convert import convert_features
from svc_core.conversion.key import ConversionError
from svc_core.conversion.sampling import choose_sampling
from svc_core.light.files import LightError
from svc_core.light.spectrum import refine_phase
from tests.conftest import is_sentence
from tests.light.conftest import MODELS, REPOSITORY, SAMPLE, SINGERS, SONGS, SUNG


@pytest.mark.parametrize("clip", SUNG)
@pytest.mark.parametrize("singer", SINGERS)
def test_the_whole_way_sounds_as_with_torch(light, with_torch, clips, clip, singer):
    features, model = clips[clip], with_torch.model
    converted = light.convert(features, singer, seed=4)
    sampling = choose_sampling(model, seed=4)
    mel = convert_features(features, model, model.singer_id(singer), converted.key_shift_semitones, sampling).numpy()
    expected = with_torch.vocoder.synthesize(mel)
    assert np.abs(expected).max() > 0.1
    assert np.abs(light.sound(converted.mel) - expected).max() < SAMPLE


def test_it_warms_up_on_half_a_second_of_its_own(light, monkeypatch):
    heard = []

    def listen(*given):
        heard.append(refine_phase(*given))
        return heard[-1]

    monkeypatch.setattr("svc_core.light.vocoder.refine_phase", listen)
    light.warm_up()
    assert [len(samples) for samples in heard] == [46 * 256]


def test_the_level_is_the_source_s_again(light, clips):
    mel = clips["makam"].mel
    np.testing.assert_allclose(light.sound(mel, gain_db=20.0), 0.1 * light.sound(mel), atol=1e-6)


def test_a_key_that_is_asked_for_is_taken(light, clips):
    assert light.convert(clips["makam"], "makam-f3", key_shift=2).key_shift_semitones == 2


def test_an_unknown_singer_is_refused(light, clips):
    with pytest.raises(LightError, match="knows no singer 'nobody'") as caught:
        light.convert(clips["makam"], "nobody")
    assert is_sentence(str(caught.value))


def test_where_nothing_is_voiced_nothing_is_sung(light, clips):
    whispered = replace(clips["makam"], f0_hz=np.zeros_like(clips["makam"].f0_hz))
    with pytest.raises(ConversionError, match="no voiced frame") as caught:
        light.convert(whispered, "makam-f3")
    assert is_sentence(str(caught.value))


WITHOUT_TORCH = """
import json, sys
from svc_core.light.convert import open_light
from svc_core.sound.audio import load_audio
light = open_light(sys.argv[1], threads=1)
features = light.measure(load_audio(sys.argv[2], light.description.config.grid, 0.0, 1.0))
sound = light.sound(light.convert(features, "makam-m2").mel, features.gain_db)
heavy = sorted({name.split(".")[0] for name in sys.modules} & {"torch", "torchaudio", "safetensors", "streamlit"})
print(json.dumps({"samples": len(sound), "peak": float(abs(sound).max()), "heavy": heavy}))
"""


def test_nothing_on_the_way_imports_torch():
    song = SONGS / "pjs-m1" / "pjs055.flac"
    command = [sys.executable, "-c", WITHOUT_TORCH, str(MODELS / "light"), str(song)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["heavy"] == []
    assert told["samples"] == 93 * 256
    assert told["peak"] > 0.01

"""What all pretrained encoders share: fetching a checkpoint, resampling, and cutting long clips into windows.

A clip that is longer than an encoder was made for is encoded in windows. Attention looks both ways,
so a label near the edge of a window is told less than the others: windows therefore overlap by at
least two times CONTEXT_S, the cut lies in the middle of the overlap, and every label that is kept has
heard that much to both sides (or as far as the clip goes). The windows are spread evenly, so the last
one is as full as the first; a nearly empty one would be encoded mostly from padding.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TypeVar, cast

import librosa
import numpy as np
import torch
import transformers
from safetensors import SafetensorError
from transformers import PreTrainedModel

from svc_core.sound.encoders import EncoderError

Model = TypeVar("Model", bound=PreTrainedModel)

WINDOW_S = 30.0  # Whisper's; the others were trained on less and would take memory with the square of it
CONTEXT_S = 2.5  # a phrase's worth of words to either side of a seam


def load_checkpoint(
    model_class: type[Model], kind: str, name: str, needed: Callable[[str], bool]
) -> tuple[Model, set[str]]:
    """A model from a folder or, by its name, from the Hugging Face cache or hub; in evaluation mode, in 32 bits.

    Returns it with the names of the weights that the checkpoint lacks; ``needed`` tells of a name
    whether it must be there. Raises EncoderError where the checkpoint is not to be had or such a weight
    is missing: transformers would fill the gap with noise.
    """
    folder = Path(name).expanduser()
    source = str(folder) if folder.is_dir() else name
    if name.startswith(("/", ".", "~")) and not folder.is_dir():
        raise EncoderError(f"{kind}:{name}: there is no such folder; check the path.")
    transformers.logging.set_verbosity_error()  # it lists every weight it has no use for: the decoder's, here
    transformers.logging.disable_progress_bar()
    # what it returns is annotated as the model alone; with the loading info it is a pair
    load = cast(
        Callable[..., tuple[Model, dict[str, set[str]]]],
        partial(model_class.from_pretrained, source, output_loading_info=True, dtype=torch.float32),
    )
    try:
        try:  # the cache first: a network that is down is otherwise waited for
            model, found = load(local_files_only=True)
        except OSError:
            if folder.is_dir():
                raise
            model, found = load()
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
        if folder.is_dir():
            reason = str(error).strip().splitlines()[0].rstrip(".")
            raise EncoderError(
                f"{kind}:{name}: this folder holds no {kind} checkpoint that can be read ({reason}); "
                "it needs a config.json and a model.safetensors, as they lie on huggingface.co."
            ) from error
        raise EncoderError(
            f"{kind}:{name}: this checkpoint is not on this machine and cannot be downloaded; fetch "
            f"https://huggingface.co/{name} where there is a network, put it into a folder, and say {kind}:FOLDER."
        ) from error
    if missing := sorted(filter(needed, found["missing_keys"])):
        raise EncoderError(
            f"{kind}:{name}: {len(missing)} weights are missing, the first being {missing[0]}; "
            f"this is not a {kind} checkpoint, or not a whole one."
        )
    return model.eval(), found["missing_keys"]


def resample(samples: np.ndarray, rate_hz: int, wanted_hz: int) -> np.ndarray:
    """(samples,) at ``rate_hz`` -> (samples,) float32 at ``wanted_hz``."""
    if rate_hz == wanted_hz:
        return samples.astype(np.float32)
    resampled = librosa.resample(samples, orig_sr=rate_hz, target_sr=wanted_hz, res_type="soxr_hq")
    return resampled.astype(np.float32)


def cut_windows(labels: int, window: int, context: int) -> list[tuple[slice, slice]]:
    """Windows of ``window`` labels over a clip of ``labels``: for each, the labels encoded and those kept of them."""
    if labels <= window:
        return [(slice(0, labels), slice(0, labels))]
    count = -(-(labels - 2 * context) // (window - 2 * context))
    starts = [round(number * (labels - window) / (count - 1)) for number in range(count)]
    cuts = [0, *((left + window + right) // 2 for left, right in pairwise(starts)), labels]
    return [
        (slice(start, start + window), slice(first, last))
        for start, (first, last) in zip(starts, pairwise(cuts), strict=True)
    ]


def encode_windows(
    labels: int, hop_s: float, encode: Callable[[slice], np.ndarray], window: int | None = None
) -> np.ndarray:
    """Join what ``encode(labels as a slice) -> (channel, label)`` makes of the windows of a clip."""
    context = round(CONTEXT_S / hop_s)
    window = window or round(WINDOW_S / hop_s)
    parts = []
    for heard, kept in cut_windows(labels, window, min(context, window // 4)):
        parts.append(encode(heard)[:, kept.start - heard.start : kept.stop - heard.start])
    return np.concatenate(parts, axis=1)

"""A network of torch as an ONNX file, half its size and without a word about the machine that made it."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from svc_core.exporting.networks import Exportable
from svc_core.whole import write_whole

OPSET = 18  # onnxruntime runs it since 1.14
SMALLEST = 256  # weights of fewer numbers are not worth a node


def write_graph(network: Exportable, path: Path, facts: dict[str, str]) -> None:
    """Write ``network`` to ``path``, for any number of frames; ``facts`` go into the file.

    The file appears under its name only when it is whole.
    """
    example = network.example()
    frame = torch.export.Dim("frame", min=1)
    axes = {
        name: {given.dim() - 1: frame} if given.dim() > 1 else None
        for name, given in zip(network.NAMES, example, strict=True)
    }
    for talks in ("torch.onnx", "onnxscript"):  # of torchvision, which nothing here needs, and of its own rules
        logging.getLogger(talks).setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of its own use of what it deprecates
        program = torch.onnx.export(
            network,
            example,
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=list(network.NAMES),
            output_names=list(network.OUTPUTS),
            dynamic_shapes=axes,
        )
    assert program is not None  # with dynamo there is always one
    model = program.model_proto
    forget_the_maker(model)
    halve(model)
    helper.set_model_props(model, facts)
    onnx.checker.check_model(model, full_check=True)
    write_whole(path, model.SerializeToString(deterministic=True))


def forget_the_maker(model: onnx.ModelProto) -> None:
    """Take out what torch writes beside the arithmetic: source lines, and with them the paths of this machine."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    del graph.value_info[:]  # shapes of everything in between, which onnxruntime infers again
    del model.functions[:]  # all are inlined


def halve(model: onnx.ModelProto) -> None:
    """Keep weights in 16 bits that need no more, as a shipped model's; the graph casts them back: nothing is lost."""
    graph, casts = model.graph, []
    for stored in graph.initializer:
        if stored.data_type != TensorProto.FLOAT or np.prod(stored.dims) < SMALLEST:
            continue
        values = numpy_helper.to_array(stored)
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), values):
            continue
        name = stored.name
        stored.CopyFrom(numpy_helper.from_array(half, f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)

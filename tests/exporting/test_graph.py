"""What is done to a graph before it is written: nothing of the machine stays, and no weight changes its value."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from svc_core.exporting.graph import SMALLEST, forget_the_maker, halve, write_graph


def graph_of(weights: np.ndarray) -> onnx.ModelProto:
    """x (1, rows) -> x @ weights."""
    rows, columns = weights.shape
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, rows])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, columns])
    node = helper.make_node("MatMul", ["x", "weights"], ["y"], doc_string="made in /home/somebody")
    node.metadata_props.add(key="stack_trace", value='File "/home/somebody/graph.py"')
    graph = helper.make_graph([node], "graph", [x], [y], [numpy_helper.from_array(weights, "weights")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


SIXTEEN_BITS = np.linspace(-2, 2, 20 * 20).reshape(20, 20).astype(np.float16).astype(np.float32)


def test_weights_of_sixteen_bits_are_kept_in_sixteen_and_nothing_is_lost():
    model, x = graph_of(SIXTEEN_BITS), np.ones((1, 20), np.float32)
    before = run(model, x)
    halve(model)
    onnx.checker.check_model(model)
    assert [stored.data_type for stored in model.graph.initializer] == [TensorProto.FLOAT16]
    np.testing.assert_array_equal(run(model, x), before)


@pytest.mark.parametrize("change", [1e-6, 1e6, np.inf])
def test_weights_that_need_more_stay_as_they_are(change):
    weights = SIXTEEN_BITS.copy()
    weights[3, 3] += change
    model = graph_of(weights)
    halve(model)
    kept = model.graph.initializer[0]
    if np.isinf(change):  # 16 bits know infinity too
        assert kept.data_type == TensorProto.FLOAT16
    else:
        np.testing.assert_array_equal(numpy_helper.to_array(kept), weights)


def test_a_few_numbers_are_not_worth_a_node():
    few = np.ones((1, SMALLEST - 1), np.float32)
    model = graph_of(few)
    halve(model)
    assert [node.op_type for node in model.graph.node] == ["MatMul"]


def test_no_path_of_the_machine_stays():
    model = graph_of(SIXTEEN_BITS)
    assert b"somebody" in model.SerializeToString()
    forget_the_maker(model)
    assert b"somebody" not in model.SerializeToString()


class Doubled(torch.nn.Module):
    """x (1, frame) -> twice as much, and ``number`` (1,) more."""

    NAMES, OUTPUTS = ("x", "number"), ("y",)

    def forward(self, x, number):
        return 2 * x + number

    def example(self):
        return torch.zeros(1, 7), torch.zeros(1)


def test_any_number_of_frames_and_the_facts_with_it(tmp_path):
    write_graph(Doubled(), tmp_path / "doubled.onnx", {"model": "abc"})
    assert [path.name for path in tmp_path.iterdir()] == ["doubled.onnx"]
    session = onnxruntime.InferenceSession(tmp_path / "doubled.onnx", providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().custom_metadata_map == {"model": "abc"}
    for frames in (1, 2, 500):
        x = np.arange(frames, dtype=np.float32)[None]
        (y,) = session.run(["y"], {"x": x, "number": np.array([0.5], np.float32)})
        np.testing.assert_array_equal(y, 2 * x + 0.5)

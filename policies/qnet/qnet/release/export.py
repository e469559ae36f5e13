"""The served function as an ONNX file: plain operators of opset 18, weights inside, the same model the same bytes."""

from __future__ import annotations

import logging
import warnings

import onnx
import torch
from onnx import ModelProto

from .served import OUTPUTS, Served

OPSET = 18
IR_VERSION = 8  # the format of opset 18's time: every runtime that knows the opset reads it
MOST_BYTES = 2 * 1024 * 1024  # what the reader accepts; four members of width 128 take 1.3 MB
INPUTS = ("state", "candidates", "mask")
# All that the reader's slow reference knows and a file needs (functions/adapters/onnx/operators.ts has some more).
OPERATORS = frozenset({
    "Add", "Cast", "Clip", "Concat", "Div", "Equal", "Exp", "Gather", "LayerNormalization", "Log", "MatMul", "Mul",
    "Pow", "ReduceMax", "ReduceMean", "ReduceSum", "Reshape", "Round", "Shape", "Sigmoid", "Sqrt", "Sub", "Transpose",
    "Unsqueeze", "Where",
})  # fmt: skip


class BadExport(Exception):
    """The file would not be read by those who serve it: a fault of this program, or a network too large."""


def onnx_bytes(served: Served) -> bytes:
    """The file of a model; decisions and candidates may be any number. Raises BadExport where it breaks a rule."""
    model = _traced(served.eval())
    _strip(model)
    content: bytes = model.SerializeToString(deterministic=True)
    check(model, len(content))
    return content


def check(model: ModelProto, size: int) -> None:
    """Raises BadExport unless the file is small, whole, and made of the standard's operators alone."""
    onnx.checker.check_model(model, full_check=True)
    own = {node.op_type for node in model.graph.node if node.domain} | {one.name for one in model.functions}
    strange = own | {node.op_type for node in model.graph.node} - OPERATORS
    if strange:
        raise BadExport(f"it uses operators that its reader does not know: {', '.join(sorted(strange))}")
    if any(one.data_location == onnx.TensorProto.EXTERNAL for one in model.graph.initializer):
        raise BadExport("a weight lies outside the file")
    if [(one.domain, one.version) for one in model.opset_import] != [("", OPSET)]:
        raise BadExport(f"it is not of opset {OPSET} alone")
    if size > MOST_BYTES:
        raise BadExport(f"it has {size} bytes, at most {MOST_BYTES} are served; train a narrower network")


def _traced(served: Served) -> ModelProto:
    """B and K are traced at sizes that are no other length, so that they stay free."""
    S, A = len(served.network.state_mean), len(served.network.candidate_mean)
    example = (torch.zeros(3, S), torch.zeros(3, 5, A), torch.ones(3, 5, dtype=torch.bool))
    decisions, candidates = torch.export.Dim("B"), torch.export.Dim("K")
    axes = {"state": {0: decisions}, "candidates": {0: decisions, 1: candidates}, "mask": {0: decisions, 1: candidates}}
    loud = logging.getLogger("torch.onnx").level
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it warns of torchvision, which nothing here needs
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the exporter's own insides
            program = torch.onnx.export(
                served,
                example,
                dynamo=True,
                opset_version=OPSET,
                input_names=list(INPUTS),
                output_names=list(OUTPUTS),
                dynamic_shapes=axes,
                external_data=False,
                verbose=False,
            )
    finally:
        logging.getLogger("torch.onnx").setLevel(loud)
    if program is None:
        raise BadExport("the exporter gave nothing")
    return program.model_proto


def _strip(model: ModelProto) -> None:
    """Takes out what tells of the machine that exported it: paths and stacks would change the bytes, and the hash."""
    model.ir_version = IR_VERSION
    model.producer_name, model.producer_version, model.doc_string = "quell", "", ""
    del model.metadata_props[:]
    for one in (model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer):
        one.doc_string = ""
        del one.metadata_props[:]
    del model.graph.value_info[:]

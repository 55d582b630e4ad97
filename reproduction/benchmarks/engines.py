"""Other programs that run a stock network, where they happen to be installed: onnxruntime and OpenVINO."""

from __future__ import annotations

import importlib
import importlib.util
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from reproduction.benchmarks import compiling
from reproduction.benchmarks.measuring import Contender

NEEDED = "onnx", "onnxscript"  # torch writes a network as ONNX with these


def contenders(net: nn.Module, shown: Tensor, facts: list[str]) -> list[Contender]:
    """One contender for each engine that is there; `shown` (1, C, S, S) is what `net` is given."""
    there = [name for name in _ENGINES if importlib.util.find_spec(name)]
    if not there or not all(importlib.util.find_spec(name) for name in NEEDED):
        return []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "network.onnx"
        written = compiling.tried("writing as ONNX", lambda: _write(net, shown, path), facts)
        if not written:
            return []
        racing = []
        for name in there:
            racing += compiling.tried(name, _ENGINES[name](path, shown), facts)
        if "onnxruntime" in there:
            racing += _int8(path, shown, facts)
        return racing


def _int8(path: Path, shown: Tensor, facts: list[str]) -> list[Contender]:
    """onnxruntime with the weights of fully connected layers in one byte each."""
    narrow, name = path.with_name("int8.onnx"), "onnxruntime, int8"

    def write() -> None:
        quantisation: Any = importlib.import_module("onnxruntime.quantization")
        kinds = ["MatMul", "Gemm"]
        quantisation.quantize_dynamic(str(path), str(narrow), op_types_to_quantize=kinds)

    if not compiling.tried(name, write, facts):
        return []
    return compiling.tried(name, _onnxruntime(narrow, shown), facts)


def _write(net: nn.Module, shown: Tensor, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what its own parts think of each other
        torch.onnx.export(net, (shown,), str(path), dynamo=True, verbose=False)


def _onnxruntime(path: Path, shown: Tensor) -> Callable[[], object]:
    runtime: Any = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    given = {session.get_inputs()[0].name: shown.numpy()}
    return lambda: session.run(None, given)


def _openvino(path: Path, shown: Tensor) -> Callable[[], object]:
    openvino: Any = importlib.import_module("openvino")
    settings = {
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
    }
    compiled = openvino.Core().compile_model(str(path), "CPU", settings)
    request, given = compiled.create_infer_request(), shown.numpy()
    return lambda: request.infer([given])


_ENGINES: dict[str, Callable[[Path, Tensor], Callable[[], object]]] = {
    "onnxruntime": _onnxruntime,
    "openvino": _openvino,
}

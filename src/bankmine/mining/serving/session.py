"""An onnxruntime session as bankmine uses it: one thread, the CPU, quiet.

One thread because sums of floats then have one order, and because a service answers many requests beside each
other anyway. onnxruntime is imported when the first session is made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def session(model: bytes | Path) -> Any:
    """An `InferenceSession` of a serialised model, or of a model's file."""
    import onnxruntime  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    given = str(model) if isinstance(model, Path) else model
    return onnxruntime.InferenceSession(given, options, providers=["CPUExecutionProvider"])

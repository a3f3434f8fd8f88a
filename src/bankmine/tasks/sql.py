"""SQL files beside their tasks: read once, parameters bound, never pasted together with values."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@cache
def statement(folder: Path, name: str) -> str:
    """The text of `<name>.sql` in a task's folder."""
    return (folder / f"{name}.sql").read_text(encoding="utf-8").strip()


def instants(values: NDArray[np.int64]) -> Any:
    """Microseconds since 1970 as an Arrow column of UTC instants."""
    import pyarrow as pa

    return pa.array(np.asarray(values, dtype=np.int64)).cast(pa.timestamp("us", tz="UTC"))


def micros(column: Any) -> NDArray[np.int64]:
    """An Arrow column of instants as microseconds since 1970."""
    import pyarrow as pa

    return np.asarray(column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy(), dtype=np.int64)

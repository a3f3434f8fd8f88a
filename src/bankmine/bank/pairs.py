"""Keys made of two others, such as an account and the account it pays: made by the load, or while reading.

Files written before a pair was declared lack its column; as it is a function of two columns they have, it is
made when it is read, and no number depends on when a bank was loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.columns import Table
from bankmine.bank.hashing import pair_tokens


def pair_column(first: Any, second: Any) -> Any:
    """The tokens (Arrow int64) of each row's two keys together, null where one of them is."""
    import pyarrow as pa

    here = np.asarray(first.is_valid()) & np.asarray(second.is_valid())
    return pa.array(pair_tokens(_numbers(first), _numbers(second)), mask=~here)


def read_columns(file: Any, declared: Table, names: Sequence[str]) -> Any:
    """The columns of a Parquet file of a bank table, in the order given."""
    held = set(file.schema_arrow.names)
    lacking = [name for name in names if name not in held and declared.column(name).pair_of]
    made = {name: declared.column(name).pair_of or () for name in lacking}
    wanted = [name for name in names if name not in made]
    wanted += [name for parts in made.values() for name in parts if name not in wanted]
    found = file.read(columns=list(dict.fromkeys(wanted)), use_threads=False)
    for name, parts in made.items():
        found = found.append_column(name, pair_column(*(found.column(part) for part in parts)))
    return found.select(list(names)) if made else found


def _numbers(values: Any) -> NDArray[np.int64]:
    import pyarrow.compute as pc

    return np.ascontiguousarray(pc.fill_null(values, 0).to_numpy(zero_copy_only=False), np.int64)

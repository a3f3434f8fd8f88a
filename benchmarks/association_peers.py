"""What one would mine itemsets with instead: mlxtend (FP-growth on a table of booleans) and pyfim (C).

Each gives {itemset (ascending): baskets}. The peers get their own form of the data ready made, outside the
time; bankmine starts from an Arrow list column, and its conversion is inside.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Counts = dict[tuple[Any, ...], int]


def boolean_table(column: Any, products: int) -> Any:
    """A pandas table of booleans; sparse above a thousand products."""
    import pandas as pd
    from scipy.sparse import csr_matrix

    offsets, items = column.offsets.to_numpy(), column.values.to_numpy()
    matrix = csr_matrix((np.ones(len(items), dtype=bool), items, offsets), shape=(len(column), products))
    if products <= 1_000:
        return pd.DataFrame(matrix.toarray())
    return pd.DataFrame.sparse.from_spmatrix(matrix)


def by_mlxtend(table: Any, support: float, longest: int | None) -> Any:
    """mlxtend's answer: its table of itemsets."""
    from mlxtend.frequent_patterns import fpgrowth

    return fpgrowth(table, min_support=support, max_len=longest)


def mlxtend_counts(found: Any, baskets: int) -> Counts:
    """mlxtend's table as counts."""
    return {
        tuple(sorted(map(int, one))): round(support * baskets)
        for one, support in zip(found["itemsets"], found["support"], strict=True)
    }


def by_pyfim(lists: list[list[Any]], count: int, longest: int) -> Any:
    """pyfim's answer: pairs of itemset and baskets; -1 lets itemsets be of any length."""
    import fim

    return fim.fpgrowth(lists, target="s", supp=-count, zmin=1, zmax=longest, report="a")


def pyfim_counts(found: Any) -> Counts:
    """pyfim's answer as counts."""
    return {tuple(sorted(items)): int(count) for items, count in found}


def bankmine_counts(found: Any) -> Counts:
    """bankmine's answer as counts."""
    table = found.table
    return {
        tuple(items): count
        for items, count in zip(
            table.column("itemset").to_pylist(), table.column("count").to_pylist(), strict=True
        )
    }


def has(name: str) -> bool:
    """Whether a peer is installed here."""
    from importlib.util import find_spec

    return find_spec(name) is not None

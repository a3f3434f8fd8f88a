"""T4: the frequent itemsets of the retail data at several supports, against mlxtend and pyfim in one run."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from bankmine.mining.association.itemsets import frequent_itemsets, minimum_count
from benchmarks import association_peers as peers
from benchmarks.association_data import retail
from benchmarks.rows import Row

SUPPORTS = (0.05, 0.01, 0.005, 0.002, 0.001)
LOW = 0.0005  # for pyfim alone: mlxtend takes minutes


def run() -> Row:
    """Each support, all lengths."""
    lists = retail()
    column = pa.array(lists, pa.large_list(pa.int64()))
    table = peers.boolean_table(column, int(max(map(max, lists))) + 1)
    ours: dict[str, Any] = {}
    theirs: dict[str, Any] = {}
    same = True
    for support in (*SUPPORTS, LOW):
        own = peers.bankmine_counts(frequent_itemsets(column, support=support, longest=None))
        ours[str(support)] = len(own)
        others = {}
        if support != LOW:
            others["mlxtend"] = peers.mlxtend_counts(peers.by_mlxtend(table, support, None), len(lists))
        if peers.has("fim"):
            count = minimum_count(len(lists), support, None)
            others["pyfim"] = peers.pyfim_counts(peers.by_pyfim(lists, count, -1))
        theirs[str(support)] = {name: len(one) for name, one in others.items()}
        same = same and all(own == one for one in others.values())
    return Row(
        row="T4",
        bankmine={"itemsets": ours, "identical": same},
        reference=theirs,
        bar="the same itemsets with the same counts as mlxtend in the same run, at every support",
        met=same,
        protocol="fimi retail, 88,162 baskets, 16,470 items, itemsets of any length",
        versions=("mlxtend", "pyfim", "pandas"),
    )

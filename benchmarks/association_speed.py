"""S10: frequent itemsets of a million small baskets, and of two hundred thousand over many products.

bankmine, mlxtend and pyfim mine the same baskets in one process, in turn; the itemsets must be identical.
mlxtend runs once on the large sets (it is far from the bar), the others three times.
"""

from __future__ import annotations

import os
from typing import Any

from bankmine.mining.association.itemsets import frequent_itemsets, minimum_count
from benchmarks import association_peers as peers
from benchmarks.association_data import few_products, many_products
from benchmarks.rows import Row, alternate, timed

SHAPES = (
    ("few", few_products, 1_000_000, 60, 0.005),
    ("many", many_products, 200_000, 20_000, 0.0015),
)
LONGEST = 4


def run() -> Row:
    """Both shapes."""
    share = int(os.environ.get("BENCH_ROWS", SHAPES[0][2])) / SHAPES[0][2]
    frequent_itemsets([[1, 2], [1, 2]], count=1)
    found = {
        name: measure(make(round(baskets * share)), products, support)
        for name, make, baskets, products, support in SHAPES
    }
    few, many = found["few"], found["many"]
    met = few["same"] and many["same"] and few["times_mlxtend"] >= 50 and many["times_mlxtend"] >= 50
    if few["times_pyfim"] is not None:
        met = met and few["times_pyfim"] >= 3 and many["times_pyfim"] >= 1
    return Row(
        row="S10",
        bankmine={name: {key: one[key] for key in OURS} for name, one in found.items()},
        reference={name: {key: one[key] for key in THEIRS} for name, one in found.items()},
        bar="identical itemsets; >= 50 x faster than mlxtend, >= 3 x pyfim on few products, >= 1 x on many "
        "(CPU seconds)",
        met=bool(met),
        protocol="1 M baskets of about 4 of 60 made-up products at support .005, 200 k of about 9 of 20,000 "
        "at .0015, up to 4 items; bankmine from an Arrow list column (also: from Python lists), mlxtend's "
        "fpgrowth from a ready table of booleans (sparse for many products), pyfim's from ready lists",
        versions=("mlxtend", "pyfim", "pandas", "numba", "pyarrow"),
    )


OURS = ("itemsets", "same", "cpu_s", "wall_s", "cpu_s_from_lists", "times_mlxtend", "times_pyfim",
        "times_pyfim_from_lists")  # fmt: skip
THEIRS = ("mlxtend_cpu_s", "pyfim_cpu_s")


def measure(column: Any, products: int, support: float) -> dict[str, Any]:
    """One set of baskets, all miners."""
    lists, count = column.to_pylist(), minimum_count(len(column), support, None)
    work = {
        "ours": lambda: frequent_itemsets(column, support=support, longest=LONGEST),
        "lists": lambda: frequent_itemsets(lists, support=support, longest=LONGEST),
    }
    if peers.has("fim"):
        work["pyfim"] = lambda: peers.by_pyfim(lists, count, LONGEST)
    seen = alternate(work, rounds=3)
    table = peers.boolean_table(column, products)
    _, cpu, answer = timed(lambda: peers.by_mlxtend(table, support, LONGEST))
    ours = peers.bankmine_counts(work["ours"]())
    same = ours == peers.mlxtend_counts(answer, len(column))
    if "pyfim" in work:
        same = same and ours == peers.pyfim_counts(work["pyfim"]())
    own = seen["ours"]["cpu_s"]
    return {
        "itemsets": len(ours), "same": same, "cpu_s": own, "wall_s": seen["ours"]["wall_s"],
        "cpu_s_from_lists": seen["lists"]["cpu_s"],
        "mlxtend_cpu_s": round(cpu, 2), "times_mlxtend": round(cpu / own, 1),
        "pyfim_cpu_s": seen["pyfim"]["cpu_s"] if "pyfim" in seen else None,
        "times_pyfim": round(seen["pyfim"]["cpu_s"] / own, 1) if "pyfim" in seen else None,
        "times_pyfim_from_lists": round(seen["pyfim"]["cpu_s"] / seen["lists"]["cpu_s"], 1)
        if "pyfim" in seen else None,
    }  # fmt: skip

"""S15: BG/NBD on 100,000 customers, bankmine and the reference library in turn.

Both fit the same made-up histories; the reference library's fit counts as equal if the parameters agree
within 1e-3 of their size, and bankmine's likelihood must not be lower.
"""

from __future__ import annotations

import os
from typing import Any

from benchmarks.rows import Row, alternate
from benchmarks.value_data import likelihood_at, made_up, rounded

CUSTOMERS = int(os.environ.get("BENCH_CUSTOMERS", "100000"))


def run() -> Row:
    """Times both in turn, three rounds, and compares the fits."""
    from lifetimes import BetaGeoFitter

    from bankmine.mining.value.beta_geometric import BgNbd

    values = made_up(CUSTOMERS)
    fits: dict[str, Any] = {}

    def own() -> None:
        fits["bankmine"] = BgNbd().fit(values)

    def theirs() -> None:
        fits["lifetimes"] = BetaGeoFitter().fit(*values.T)

    own(), theirs()  # imports and caches
    seen = alternate({"bankmine": own, "lifetimes": theirs})
    mine, other = fits["bankmine"], fits["lifetimes"].params_
    parameters = mine.parameters_
    apart = max(abs(parameters[name] - other[name]) / other[name] for name in parameters)
    gap = mine.fitted_.log_likelihood - likelihood_at(mine, values, other)
    share = seen["bankmine"]["wall_s"] / seen["lifetimes"]["wall_s"]
    return Row(
        row="S15",
        bankmine={**seen["bankmine"], "share_of_reference": round(share, 3), **rounded(parameters),
                  "log_likelihood_above_reference": round(gap, 5)},
        reference={**seen["lifetimes"], **rounded({name: other[name] for name in parameters}),
                   "farthest_parameter_apart": round(float(apart), 6)},
        bar="at most the reference's time in one run, parameters within 1e-3",
        met=bool(share <= 1.0 and apart <= 1e-3 and gap >= -1e-3),
        protocol=f"{CUSTOMERS:,} histories made up with CDNOW's parameters, 26 to 78 weeks; in turn, three "
        "rounds, medians; bankmine tries four starts and gives intervals, the reference one start and none.",
        versions=("lifetimes", "scipy", "numpy"),
    )  # fmt: skip

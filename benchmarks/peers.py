"""The peers of the snapshot rows: DuckDB, Polars, pandas and PySpark doing the shipped list of features.

Each takes the same Parquet files and gives, for each cutoff, an Arrow table with `customer_id` and one column
a feature, in no order of rows. `equal_values` compares one with bankmine's. What the peers leave out is said
in `peers_plan`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.peers_plan import Calendar, Plan, calendar, plan_of
from benchmarks.peers_sql import events_sql, filter_sql, state_statements, windows_sql

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bankmine.windows import Feature


def asked(warehouse: Any, features: Sequence[Feature], cutoffs: NDArray[np.int64]) -> tuple[Plan, Calendar]:
    """The plan and the calendar of the peers."""
    plan = plan_of(features)
    return plan, calendar(warehouse.zone, [int(one) for one in cutoffs], plan.months)


def duckdb_snapshot(
    warehouse: Any,
    features: Sequence[Feature],
    cutoffs: NDArray[np.int64],
    *,
    shape: str = "states",
    memory: str = "12GB",
    threads: int = 2,
) -> Iterator[Any]:
    """DuckDB: states once and windows for each cutoff, or with `shape="filter"` one statement a cutoff."""
    from bankmine.engine.duck import connect

    plan, days = asked(warehouse, features, cutoffs)
    files = ", ".join(f"'{path}'" for path in warehouse.paths("transaction"))
    source = f"read_parquet([{files}], hive_partitioning = false)"
    with connect(memory=memory, threads=threads) as connection:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"CREATE TEMP VIEW e AS {events_sql(plan, days, source, 'epoch_us(event_time)')}")
        if shape == "states":
            for name, sql in state_statements(plan, "duckdb").items():
                connection.execute(f"CREATE TEMP TABLE {name}_states AS {sql}")
        for cutoff in cutoffs:
            look = days.look(int(cutoff), plan.months)
            if shape == "states":
                sql = windows_sql(plan, look, "duckdb")
            else:
                sql = filter_sql(plan, look, "e", "duckdb")
            yield connection.execute(sql).to_arrow_table()


def polars_snapshot(
    warehouse: Any, features: Sequence[Feature], cutoffs: NDArray[np.int64], *, shape: str = "filter"
) -> Iterator[Any]:
    """Polars, streaming: a conditional aggregate a feature, or with `shape="states"` states first."""
    from benchmarks.peers_polars import snapshot

    plan, days = asked(warehouse, features, cutoffs)
    return snapshot(warehouse.paths("transaction"), plan, days, cutoffs, shape)


def pandas_snapshot(warehouse: Any, features: Sequence[Feature], cutoffs: NDArray[np.int64]) -> Iterator[Any]:
    """pandas: everything in memory, one thread."""
    from benchmarks.peers_pandas import snapshot

    plan, days = asked(warehouse, features, cutoffs)
    return snapshot(warehouse.paths("transaction"), plan, days, cutoffs)


def spark_snapshot(
    warehouse: Any, features: Sequence[Feature], cutoffs: NDArray[np.int64], *, spark: Any = None
) -> Iterator[Any]:
    """PySpark on both cores of this machine; give a running session to leave its start out."""
    from benchmarks.peers_spark import session, snapshot

    plan, days = asked(warehouse, features, cutoffs)
    return snapshot(spark or session(), warehouse.paths("transaction"), plan, days, cutoffs)


def equal_values(mine: Any, theirs: Any, features: Sequence[Feature]) -> int:
    """How many values two tables share, by customer; AssertionError names the first that differs.

    Whole numbers and missing values must be the same; fractions to 9 digits, because the peers add doubles
    in any order. Customers of `theirs` that `mine` has not are left out.
    """
    a, b = _by_customer(mine), _by_customer(theirs)
    keys, other = (table.column("customer_id").to_numpy() for table in (a, b))
    place = np.searchsorted(other, keys)
    if not np.array_equal(other[np.minimum(place, len(other) - 1)], keys):
        raise AssertionError("the peer lacks customers")
    equal = 0
    for feature in features:
        own, their = (_doubles(table.column(feature.name)) for table in (a, b))
        if not np.allclose(own, their[place], rtol=1e-9, atol=1e-6, equal_nan=True):
            wrong = np.flatnonzero(~np.isclose(own, their[place], rtol=1e-9, atol=1e-6, equal_nan=True))
            shown = f"{own[wrong[0]]} and {their[place][wrong[0]]}"
            raise AssertionError(f"{feature.name} differs for {len(wrong)} customers: {shown}")
        equal += len(own)
    return equal


def unmended(warehouse: Any) -> NDArray[np.int64]:
    """The customers, ascending, none of whose events came late or was corrected: there peers must agree."""
    import pyarrow.compute as pc

    raw = warehouse.read("transaction", ["customer_id", "event_time", "known_at"])
    customer = raw.column("customer_id").to_numpy()
    odd = pc.not_equal(raw.column("known_at"), raw.column("event_time")).to_numpy(zero_copy_only=False)
    return np.setdiff1d(customer, customer[odd])


def _by_customer(table: Any) -> Any:
    return table.sort_by("customer_id")


def _doubles(column: Any) -> NDArray[np.float64]:
    import pyarrow as pa
    import pyarrow.compute as pc

    return np.asarray(pc.fill_null(column.cast(pa.float64(), safe=False), float("nan")), np.float64)

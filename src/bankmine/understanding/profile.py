"""What a table and its columns hold: counts, missing, distinct, quantiles, distributions, months.

Everything is computed by SQL over a `Scan`, a few questions a column; the statement stands beside each
result. Money stays in minor units; months and days are civil.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np

from bankmine.bank.columns import Column, Type
from bankmine.engine.duck import quoted
from bankmine.understanding.scan import LEVELLED, NUMERIC, SYSTEM, Scan, day_of
from bankmine.understanding.statistics import population_stability_index, stability_band, total_variation

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
EXACT_ROWS = 5_000_000
BINS = 30
TOP = 10


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Difference between the first and the last fifth of the rows in time.

    `index` is the population stability index; above `band` it is more than sampling would give in 95 %
    of cases. Drift is information: customers and prices change.
    """

    index: float
    band: float
    total_variation: float
    sql: str


@dataclass(frozen=True, kw_only=True)
class ColumnProfile:
    """One column. Shares are of all rows, except `top` and `outliers`, which are of the filled ones.

    `quantiles` maps probability to value; `edges` has one more entry than `counts` (bins closed below,
    open above, the last closed; values beyond the 0.5 % and 99.5 % quantiles enter the outer bins);
    dates are counted in days since 1970. `outliers` counts values beyond 3 × the inter-quartile range
    of the logarithm (amounts) or of the value. `months` holds one mapping a month.
    """

    name: str
    type: str
    sentence: str
    unit: str | None
    rows: int
    missing: int
    distinct: int | None = None
    minimum: Any = None
    maximum: Any = None
    mean: float | None = None
    deviation: float | None = None
    quantiles: Mapping[str, float] = field(default_factory=dict)
    zeros: int | None = None
    negatives: int | None = None
    outliers: int | None = None
    edges: Sequence[float] = ()
    counts: Sequence[int] = ()
    top: Sequence[tuple[Any, int]] = ()
    constant: bool = False
    drift: Drift | None = None
    months: Sequence[Mapping[str, Any]] = ()
    sql: Sequence[str] = ()

    @property
    def missing_share(self) -> float:
        """Share of rows without a value."""
        return self.missing / self.rows if self.rows else 0.0


@dataclass(frozen=True, kw_only=True)
class TableProfile:
    """One bank table. `versions` counts rows as written, `rows` those that count now.

    `first_day` and `last_day` are of the time axis; `months`, `weekdays` (0 = Monday) and `hours` count
    rows; `coverage` is what the loads speak for, half-open, as ISO instants.
    """

    name: str
    kind: str
    sentence: str
    rows: int
    versions: int
    axis: str | None
    first_day: str | None
    last_day: str | None
    coverage: tuple[str, str] | None
    days_with_rows: int
    days_without_rows: int
    months: Sequence[tuple[str, int]]
    weekdays: Sequence[int]
    hours: Sequence[int]
    columns: Sequence[ColumnProfile]
    sql: Sequence[str] = ()

    def column(self, name: str) -> ColumnProfile:
        """The profile of that column; KeyError where there is none."""
        return {column.name: column for column in self.columns}[name]


def profile_table(scan: Scan) -> TableProfile:
    """Profiles one table and all its columns."""
    warehouse, table = scan.session.warehouse, scan.table
    days = scan.days
    span = int(days[-1] - days[0] + 1) if len(days) else 0
    coverage = warehouse.coverage(scan.name)
    show = warehouse.zone.show
    start = len(scan.statements)
    months, weekdays, hours = _calendar(scan)
    return TableProfile(
        name=scan.name,
        kind=table.kind.value,
        sentence=table.sentence,
        rows=scan.rows,
        versions=warehouse.rows(scan.name),
        axis=scan.axis.column if scan.axis else None,
        first_day=day_of(days[0]).isoformat() if len(days) else None,
        last_day=day_of(days[-1]).isoformat() if len(days) else None,
        coverage=(show(coverage[0]), show(coverage[1])) if coverage else None,
        days_with_rows=len(days),
        days_without_rows=span - len(days),
        months=months,
        weekdays=weekdays,
        hours=hours,
        columns=[profile_column(scan, column) for column in table.all_columns],
        sql=tuple(scan.statements[start : start + 1]),
    )


def _calendar(scan: Scan) -> tuple[list[tuple[str, int]], list[int], list[int]]:
    """Rows by month, by weekday and by hour of the table's axis."""
    if not len(scan.days):
        return [], [], []
    months: dict[str, int] = {}
    weekdays = [0] * 7
    for number, rows in zip(scan.days.tolist(), scan.day_rows.tolist(), strict=True):
        day = day_of(number)
        months[day.isoformat()[:7]] = months.get(day.isoformat()[:7], 0) + rows
        weekdays[day.weekday()] += rows
    hours: list[int] = []
    if scan.axis and scan.axis.hour:
        got = scan.ask("SELECT hour, count(*) AS n FROM scan GROUP BY hour ORDER BY hour")
        hours = [0] * 24
        for hour, n in zip(got["hour"].to_pylist(), got["n"].to_pylist(), strict=True):
            hours[hour] = n
    return sorted(months.items()), weekdays, hours


def profile_column(scan: Scan, column: Column) -> ColumnProfile:
    """Profiles one column; an empty or encrypted one has counts of missing only."""
    filled = scan.filled[column.name]
    common: dict[str, Any] = {
        "name": column.name, "type": column.type.value, "sentence": column.sentence, "unit": column.unit,
        "rows": scan.rows, "missing": scan.rows - filled,
    }  # fmt: skip
    if not filled or column.encrypted:
        return ColumnProfile(**common)
    start = len(scan.statements)
    measured = _basics(scan, column)
    if column.name in SYSTEM or measured["constant"]:
        if column.type in LEVELLED:
            measured["top"] = _top(scan, column)
        return ColumnProfile(**common, **measured, sql=tuple(scan.statements[start:]))
    if column.type in NUMERIC or column.type in (Type.DATE, Type.INSTANT):
        measured |= _distribution(scan, column)
    if column.type in LEVELLED or (column.type in NUMERIC and measured["distinct"] <= 1000):
        measured["top"] = _top(scan, column)
    measured["drift"] = _drift(scan, column)
    measured["months"] = _months(scan, column)
    return ColumnProfile(**common, **measured, sql=tuple(scan.statements[start:]))


def _basics(scan: Scan, column: Column) -> dict[str, Any]:
    name = quoted(column.name)
    distinct = f"count(DISTINCT {name})" if scan.rows <= EXACT_ROWS else f"approx_count_distinct({name})"
    row = scan.ask(f"SELECT {distinct} AS distinct_values, min({name}) AS low, max({name}) AS high FROM scan")
    found = row.to_pylist()[0]
    scan.distinct[column.name] = found["distinct_values"]
    shown = column.type is not Type.KEY
    return {
        "distinct": found["distinct_values"],
        "minimum": plain(found["low"]) if shown else None,
        "maximum": plain(found["high"]) if shown else None,
        "constant": found["distinct_values"] == 1,
    }


def plain(value: Any) -> Any:
    """A value as JSON takes it."""
    return value.isoformat() if isinstance(value, date | datetime) else value


def as_number(column: Column) -> str:
    """The column as an SQL number: dates and instants in days since 1970."""
    name = quoted(column.name)
    if column.type is Type.DATE:
        return f"CAST({name} - DATE '1970-01-01' AS DOUBLE)"
    if column.type is Type.INSTANT:
        return f"epoch({name}) / 86400"
    return name


def _distribution(scan: Scan, column: Column) -> dict[str, Any]:
    """Moments, quantiles, histogram and outliers of a number or time."""
    value = as_number(column)
    function = _quantile(scan)
    wanted = [0.005, *QUANTILES, 0.995]
    row = scan.ask(
        f"SELECT {function}({value}, {wanted}) AS q, avg({value}) AS mean, stddev_samp({value}) AS "
        f"deviation, "
        f"count(*) FILTER (WHERE {value} = 0) AS zeros, count(*) FILTER (WHERE {value} < 0) AS negatives "
        f"FROM scan"
    ).to_pylist()[0]
    quantiles = [float(q) for q in row["q"]]
    edges, counts = _histogram(scan, value, quantiles[0], quantiles[-1])
    measured: dict[str, Any] = {
        "quantiles": {str(p): q for p, q in zip(QUANTILES, quantiles[1:-1], strict=True)},
        "mean": _settled(row["mean"]),
        "edges": edges,
        "counts": counts,
    }
    if column.type in NUMERIC:
        measured |= {
            "deviation": _settled(row["deviation"]),
            "zeros": row["zeros"],
            "negatives": row["negatives"],
        }
        measured["outliers"] = _outliers(scan, value, column, quantiles[3], quantiles[5])
    return measured


def _quantile(scan: Scan) -> str:
    """The exact quantile function, and the approximate one for very many rows."""
    return "quantile_cont" if scan.rows <= EXACT_ROWS else "approx_quantile"


def _settled(value: float | None) -> float | None:
    """Ten significant digits: the last ones of a parallel sum depend on the order of its parts."""
    return None if value is None else float(f"{value:.10g}")


def _histogram(scan: Scan, value: str, low: float, high: float) -> tuple[list[float], list[int]]:
    if high <= low:
        return [low, low + 1], [int(scan.ask(f"SELECT count({value}) AS n FROM scan")["n"][0].as_py())]
    width = (high - low) / BINS
    got = scan.ask(
        f"SELECT CAST(greatest(0, least({BINS - 1}, floor(({value} - {low!r}) / {width!r}))) AS INTEGER) "
        f"AS bin, "
        f"count(*) AS n FROM scan WHERE {value} IS NOT NULL GROUP BY bin"
    )
    counts = np.zeros(BINS, np.int64)
    counts[got["bin"].to_numpy()] = got["n"].to_numpy()
    return [low + width * i for i in range(BINS + 1)], counts.tolist()


def _outliers(scan: Scan, value: str, column: Column, lower: float, upper: float) -> int:
    """Values beyond three inter-quartile ranges from the quartiles; on the log scale for amounts > 0."""
    if column.type is Type.MONEY and lower > 0:
        a, b = np.log(lower), np.log(upper)
        reach = 3 * (b - a)
        low, high = float(np.exp(a - reach)), float(np.exp(b + reach))
    else:
        reach = 3 * (upper - lower)
        low, high = lower - reach, upper + reach
    if high <= low:
        return 0
    got = scan.ask(f"SELECT count(*) FILTER (WHERE {value} < {low!r} OR {value} > {high!r}) AS n FROM scan")
    return int(got["n"][0].as_py())


def _top(scan: Scan, column: Column) -> list[tuple[Any, int]]:
    name = quoted(column.name)
    got = scan.ask(
        f"SELECT {name} AS value, count(*) AS n FROM scan WHERE {name} IS NOT NULL "
        f"GROUP BY 1 ORDER BY n DESC, 1 LIMIT {TOP}"
    )
    return [(plain(v), n) for v, n in zip(got["value"].to_pylist(), got["n"].to_pylist(), strict=True)]


def _drift(scan: Scan, column: Column) -> Drift | None:
    """Population stability between the first and last fifth of the rows; None without a time axis."""
    if len(scan.days) < 10 or column.type is Type.KEY:
        return None
    reached = np.cumsum(scan.day_rows) / scan.day_rows.sum()
    early = int(scan.days[np.searchsorted(reached, 0.2)])
    late = int(scan.days[np.searchsorted(reached, 0.8)])
    if column.type in LEVELLED:
        bin_sql = f"hash({quoted(column.name)}) % 64"
    else:
        value = as_number(column)
        bounds = scan.ask(
            f"SELECT {_quantile(scan)}({value}, [.1, .2, .3, .4, .5, .6, .7, .8, .9]) AS q FROM scan"
        )
        cuts = sorted({float(q) for q in bounds["q"][0].as_py()})
        bin_sql = " + ".join(f"CAST({value} > {cut!r} AS INTEGER)" for cut in cuts)
    got = scan.ask(
        f"SELECT coalesce(CAST({bin_sql} AS INTEGER), -1) AS bin, count(*) FILTER (WHERE day <= {early}) "
        f"AS first_rows, "
        f"count(*) FILTER (WHERE day > {late}) AS last_rows FROM scan GROUP BY bin ORDER BY bin"
    )
    first, last = got["first_rows"].to_numpy().astype(float), got["last_rows"].to_numpy().astype(float)
    if first.sum() == 0 or last.sum() == 0:
        return None
    return Drift(
        index=population_stability_index(first, last),
        band=stability_band(first.sum(), last.sum(), len(first)),
        total_variation=total_variation(first, last),
        sql=scan.statements[-1],
    )


def _months(scan: Scan, column: Column) -> list[dict[str, Any]]:
    """Per month: rows, missing, and quartiles (numbers) or the share of the commonest value (levels)."""
    if scan.axis is None or column.type is Type.KEY:
        return []
    name = quoted(column.name)
    extra = ""
    if column.type in NUMERIC:
        extra = f", quantile_cont({name}, [.25, .5, .75]) AS quartiles"
    got = scan.ask(
        f"SELECT month, count(*) AS n, "
        f"count(*) - count({name}) AS missing{extra} FROM scan WHERE day IS NOT NULL GROUP BY month ORDER "
        f"BY month"
    )
    return [row | {"month": f"{row['month'] // 100}-{row['month'] % 100:02d}"} for row in got.to_pylist()]

"""The states and the windows as SQL, for DuckDB and for Spark: see `peers_plan`."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.peers_plan import REST, Calendar, Look, Plan, Wanted

WIDE = {"duckdb": "HUGEINT", "spark": "DECIMAL(38, 0)"}
_STATES = {"n": "count(*)", "s": "sum(a)", "low": "min(a)", "high": "max(a)", "last": "max(d)"}
_COMBINED = {"n": "sum", "s": "sum", "low": "min", "high": "max", "q": "sum", "last": "max", "days": "sum"}
_RESTS_ON = {
    "count": ("n",), "sum": ("s",), "mean": ("n", "s"), "min": ("low",), "max": ("high",),
    "std": ("n", "s", "q"), "recency": ("last",), "active_days": ("days",),
}  # fmt: skip


def events_sql(plan: Plan, calendar: Calendar, source: str, time: str) -> str:
    """Each event: customer, period m, civil day d, part p, amount a, and the columns told apart by level.

    `time` is an SQL expression for event_time in µs.
    """
    parts = " ".join(
        f"WHEN {' AND '.join(f'{c} = {_text(v)}' for c, v in one.items())} THEN {number}"
        for number, one in enumerate(plan.parts, 1)
    )
    columns = ", ".join(f"CASE WHEN {by} IN ({_list(levels)}) THEN {by} ELSE 'other' END AS {by}"
                        for by, levels in plan.levels.items())  # fmt: skip
    return (
        f"SELECT customer_id, {_step(time, [int(one) for one in calendar.starts])} AS m, "
        f"{_day(time, calendar)} AS d, CASE {parts} ELSE {REST} END AS p, base_minor AS a, {columns} "
        f"FROM {source}"
    )


def state_statements(plan: Plan, dialect: str) -> dict[str, str]:
    """A SELECT for each family of states, over the events `e`."""
    square = f"sum(CAST(a AS {WIDE[dialect]}) * a) AS q"
    base = ", ".join([*(f"{sql} AS {name}" for name, sql in _STATES.items()), square])
    found = {
        "base": f"SELECT customer_id, m, p, {base} FROM e GROUP BY customer_id, m, p",
        "days": "SELECT customer_id, m, count(DISTINCT d) AS days FROM e GROUP BY customer_id, m",
    }
    for by in plan.levels:
        found[by] = (
            f"SELECT customer_id, m, p, {by}, count(*) AS n, sum(a) AS s FROM e WHERE p <> {REST} "
            f"GROUP BY customer_id, m, p, {by}"
        )
    return found


def windows_sql(plan: Plan, look: Look, dialect: str) -> str:
    """All features of all customers at one cutoff, from the states."""
    families: list[str | None] = [None, *plan.levels]
    joined = "base" + "".join(f" LEFT JOIN {by} USING (customer_id)" for by in ("days", *plan.levels))
    parts = [f"base AS ({_base(plan, look)})", f"days AS ({_days(plan, look)})"]
    parts += [f"{by} AS ({_levels(plan, by, look)})" for by in plan.levels]
    shown = ", ".join(_shown(one, look.day, dialect) for by in families for one in plan.of(by))
    return f"WITH {', '.join(parts)} SELECT customer_id, {shown} FROM {joined}"


def filter_sql(plan: Plan, look: Look, source: str, dialect: str) -> str:
    """The plain shape: one conditional aggregate for each total a feature rests on, over the events."""
    totals = {name: sql for one in plan.wanted for name, sql in _totals(one, look, dialect)}
    columns = ", ".join(f"{sql} AS {name}" for name, sql in totals.items())
    shown = ", ".join(_shown(one, look.day, dialect) for one in plan.wanted)
    return (
        f"SELECT customer_id, {shown} FROM (SELECT customer_id, {columns} FROM {source} GROUP BY customer_id)"
    )


def _totals(one: Wanted, look: Look, dialect: str) -> list[tuple[str, str]]:
    tests = [f"m >= {look.starts[one.months]}", f"m < {look.end}"]
    tests += [f"p = {one.part}"] if one.part else []
    tests += [f"{one.by} = {_text(str(one.level))}"] if one.by else []
    square = f"sum(CAST(a AS {WIDE[dialect]}) * a)"
    sql = {**_STATES, "q": square, "days": "count(DISTINCT d)"}
    return [
        (_total(one, state), f"{sql[state]} FILTER (WHERE {' AND '.join(tests)})")
        for state in _RESTS_ON[one.aggregate]
    ]


def _base(plan: Plan, look: Look) -> str:
    """Windows of each part first, then parts side by side: few conditional aggregates at a time."""
    states = [state for state in _COMBINED if state != "days"]
    inner = ", ".join(f"{_COMBINED[state]}({state}) FILTER (WHERE m >= {look.starts[w]}) AS {state}{w}"
                      for w in plan.months for state in states)  # fmt: skip
    outer: dict[str, str] = {}
    for one in plan.of(None):
        for state in _RESTS_ON[one.aggregate]:
            if state != "days":
                only = f" FILTER (WHERE p = {one.part})" if one.part else ""
                outer[_total(one, state)] = f"{_COMBINED[state]}({state}{one.months}){only}"
    columns = ", ".join(f"{sql} AS {name}" for name, sql in outer.items())
    return (
        f"SELECT customer_id, {columns} FROM (SELECT customer_id, p, {inner} FROM base_states "
        f"WHERE m < {look.end} GROUP BY customer_id, p) AS w GROUP BY customer_id"
    )


def _days(plan: Plan, look: Look) -> str:
    columns = ", ".join(
        f"sum(days) FILTER (WHERE m >= {look.starts[one.months]}) AS {_total(one, 'days')}"
        for one in plan.of(None)
        if one.aggregate == "active_days"
    )
    return f"SELECT customer_id, {columns} FROM days_states WHERE m < {look.end} GROUP BY customer_id"


def _levels(plan: Plan, by: str, look: Look) -> str:
    inner = ", ".join(f"sum({state}) FILTER (WHERE m >= {look.starts[w]}) AS {state}{w}"
                      for w in plan.months for state in ("n", "s"))  # fmt: skip
    outer: dict[str, str] = {}
    for one in plan.of(by):
        for state in _RESTS_ON[one.aggregate]:
            only = f"p = {one.part} AND {by} = {_text(str(one.level))}"
            outer[_total(one, state)] = f"sum({state}{one.months}) FILTER (WHERE {only})"
    columns = ", ".join(f"{sql} AS {name}" for name, sql in outer.items())
    return (
        f"SELECT customer_id, {columns} FROM (SELECT customer_id, p, {by}, {inner} FROM {by}_states "
        f"WHERE m < {look.end} GROUP BY customer_id, p, {by}) AS w GROUP BY customer_id"
    )


def _shown(one: Wanted, day: int, dialect: str) -> str:
    n, s, low, high, q, last, days = (
        _total(one, state) for state in ("n", "s", "low", "high", "q", "last", "days")
    )
    wide = WIDE[dialect]
    spread = f"CAST({n} * {q} - CAST({s} AS {wide}) * {s} AS DOUBLE)"
    sql = {
        "count": f"CAST(coalesce({n}, 0) AS BIGINT)", "sum": f"CAST(coalesce({s}, 0) AS BIGINT)",
        "mean": f"CAST({s} AS DOUBLE) / {n}", "min": low, "max": high,
        "std": f"CASE WHEN {n} > 1 THEN sqrt({spread} / (CAST({n} AS DOUBLE) * ({n} - 1))) END",
        "recency": f"{day} - {last}", "active_days": f"CAST(coalesce({days}, 0) AS BIGINT)",
    }[one.aggregate]  # fmt: skip
    return f"{sql} AS {one.name}"


def _total(one: Wanted, state: str) -> str:
    return f"t_{state}_{one.part or 0}_{one.level or ''}_{one.by or ''}_{one.months}"


def _step(time: str, starts: Sequence[int], first: int = 0) -> str:
    """The number of starts at or before a time, less one: a balanced tree of comparisons."""
    if not starts:
        return str(first - 1)
    half = len(starts) // 2
    below, above = starts[:half], starts[half + 1 :]
    return (
        f"CASE WHEN {time} < {starts[half]} THEN {_step(time, below, first)} "
        f"ELSE {_step(time, above, first + half + 1)} END"
    )


def _day(time: str, calendar: Calendar) -> str:
    cases = " ".join(f"WHEN {time} >= {start} THEN {offset}" for start, offset in reversed(calendar.shifts))
    shifted = f"({time} + CASE {cases} ELSE 0 END)"
    return f"CAST(floor({shifted} / 86400000000) AS INTEGER)"


def _list(levels: Sequence[str]) -> str:
    return ", ".join(_text(level) for level in levels)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"

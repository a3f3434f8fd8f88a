"""Polars, streaming: the plain shape (one conditional aggregate a feature) and the states of `peers_plan`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import TYPE_CHECKING, Any

import polars as pl

from benchmarks.peers_plan import REST, Calendar, Look, Plan, Wanted

if TYPE_CHECKING:
    from numpy.typing import NDArray

WHOLE = ("count", "sum", "active_days")


def snapshot(
    paths: list[str], plan: Plan, days: Calendar, cutoffs: NDArray[Any], shape: str
) -> Iterator[Any]:
    """An Arrow table for each cutoff."""
    lazy = _events(pl.scan_parquet(paths, hive_partitioning=False), plan, days)
    states = _states(lazy, plan) if shape == "states" else {}
    for cutoff in cutoffs:
        look = days.look(int(cutoff), plan.months)
        if shape == "states":
            yield _windows(states, plan, look).to_arrow()
        else:
            frame = lazy.group_by("customer_id").agg(_feature(one, look) for one in plan.wanted)
            yield frame.collect(engine="streaming").to_arrow()


def _events(lazy: pl.LazyFrame, plan: Plan, days: Calendar) -> pl.LazyFrame:
    """Customer, period m, civil day d, part p, amount a and the columns told apart by level."""
    time = pl.col("event_time").cast(pl.Int64)
    offset = pl.lit(0, pl.Int64)
    for start, shift in days.shifts:
        offset = pl.when(time >= start).then(shift).otherwise(offset)
    part = pl.lit(REST, pl.Int8)
    for number, conditions in enumerate(plan.parts, 1):
        met = reduce(lambda a, b: a & b, (pl.col(name) == value for name, value in conditions.items()))
        part = pl.when(met).then(pl.lit(number, pl.Int8)).otherwise(part)
    levels = [
        pl.when(pl.col(by).is_in(list(levels))).then(pl.col(by)).otherwise(pl.lit("other")).alias(by)
        for by, levels in plan.levels.items()
    ]
    return lazy.select(
        "customer_id", _step(time, [int(one) for one in days.starts]).cast(pl.Int16).alias("m"),
        ((time + offset) // 86_400_000_000).cast(pl.Int32).alias("d"), part.alias("p"),
        pl.col("base_minor").alias("a"), *levels,
    )  # fmt: skip


def _step(time: pl.Expr, starts: list[int], first: int = 0) -> pl.Expr:
    """The number of starts at or before a time, less one."""
    if not starts:
        return pl.lit(first - 1)
    half = len(starts) // 2
    below, above = _step(time, starts[:half], first), _step(time, starts[half + 1 :], first + half + 1)
    return pl.when(time < starts[half]).then(below).otherwise(above)


def _feature(one: Wanted, look: Look) -> pl.Expr:
    """A feature as a conditional aggregate over events."""
    met = (pl.col("m") >= look.starts[one.months]) & (pl.col("m") < look.end)
    if one.part:
        met &= pl.col("p") == one.part
    if one.by:
        met &= pl.col(one.by) == one.level
    amount, when = pl.col("a").filter(met), pl.col("d").filter(met)
    made = {
        "count": amount.len().cast(pl.Int64), "sum": amount.sum(), "mean": amount.mean(), "min": amount.min(),
        "max": amount.max(), "std": amount.std(), "recency": look.day - when.max(),
        "active_days": when.n_unique(),
    }[one.aggregate]  # fmt: skip
    return made.alias(one.name)


def _states(lazy: pl.LazyFrame, plan: Plan) -> dict[str, pl.DataFrame]:
    """The states of each family, aggregated in one pass each."""
    amount = pl.col("a")
    base = [
        pl.len().alias("n"), amount.sum().alias("s"), amount.min().alias("low"), amount.max().alias("high"),
        (amount.cast(pl.Int128) * amount).sum().alias("q"), pl.col("d").max().alias("last"),
    ]  # fmt: skip
    found = {
        "base": lazy.group_by("customer_id", "m", "p").agg(base),
        "days": lazy.group_by("customer_id", "m").agg(pl.col("d").n_unique().alias("days")),
    }
    for by in plan.levels:
        spent = lazy.filter(pl.col("p") != REST).group_by("customer_id", "m", "p", by)
        found[by] = spent.agg(pl.len().alias("n"), amount.sum().alias("s"))
    frames = pl.collect_all(list(found.values()), engine="streaming")
    return dict(zip(found, frames, strict=True))


def _windows(states: dict[str, pl.DataFrame], plan: Plan, look: Look) -> pl.DataFrame:
    """All features of all customers at one cutoff, from the states."""
    families = {"base": [one for one in plan.of(None) if one.aggregate != "active_days"],
                "days": [one for one in plan.of(None) if one.aggregate == "active_days"],
                **{by: list(plan.of(by)) for by in plan.levels}}  # fmt: skip
    everyone = states["base"].lazy().select("customer_id").unique()
    for name, some in families.items():
        past = states[name].lazy().filter(pl.col("m") < look.end)
        everyone = everyone.join(
            past.group_by("customer_id").agg(_combined(one, look) for one in some),
            on="customer_id", how="left",
        )  # fmt: skip
    whole = [one.name for one in plan.wanted if one.aggregate in WHOLE]
    return everyone.with_columns(pl.col(whole).fill_null(0)).collect(engine="streaming")


def _combined(one: Wanted, look: Look) -> pl.Expr:
    """A feature as a conditional aggregate over states."""
    met = pl.col("m") >= look.starts[one.months]
    if one.part:
        met &= pl.col("p") == one.part
    if one.by:
        met &= pl.col(one.by) == one.level

    def of(state: str) -> pl.Expr:
        return pl.col(state).filter(met)

    count = of("n").sum() if one.aggregate in ("count", "mean", "std") else pl.lit(0)
    known = pl.when(count > 0)
    made = {
        "count": lambda: count.cast(pl.Int64),
        "sum": lambda: of("s").sum(),
        "mean": lambda: known.then(of("s").sum() / count),
        "min": lambda: of("low").min(),
        "max": lambda: of("high").max(),
        "std": lambda: pl.when(count > 1).then(_deviation(count, of("s").sum(), of("q").sum())),
        "recency": lambda: look.day - of("last").max(),
        "active_days": lambda: of("days").sum().cast(pl.Int64),
    }[one.aggregate]()
    return made.alias(one.name)


def _deviation(count: pl.Expr, total: pl.Expr, squares: pl.Expr) -> pl.Expr:
    wide = count.cast(pl.Int128)
    spread = (wide * squares - total.cast(pl.Int128) * total).cast(pl.Float64)
    return (spread / (count.cast(pl.Float64) * (count.cast(pl.Float64) - 1))).sqrt()

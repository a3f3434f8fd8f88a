"""pandas: the whole table in memory, one grouping a window and part, levels unstacked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.peers_plan import Calendar, Look, Plan, Wanted

if TYPE_CHECKING:
    from numpy.typing import NDArray

WHOLE = ("count", "sum", "active_days")
_NAMES = {"count": "size", "sum": "sum", "mean": "mean", "min": "min", "max": "max", "std": "std"}


def snapshot(paths: list[str], plan: Plan, days: Calendar, cutoffs: NDArray[Any]) -> Iterator[Any]:
    """An Arrow table for each cutoff."""
    import pandas as pd
    import pyarrow as pa

    frame = _events(paths, plan, days)
    everyone = pd.Index(np.sort(frame["customer_id"].unique()), name="customer_id")
    for cutoff in cutoffs:
        look = days.look(int(cutoff), plan.months)
        columns: dict[str, Any] = {}
        for months in plan.months:
            inside = frame[(frame["m"] >= look.starts[months]) & (frame["m"] < look.end)]
            columns |= _window(inside, plan, look, months, everyone)
        made = pd.DataFrame({one.name: columns[one.name] for one in plan.wanted}, index=everyone)
        yield pa.Table.from_pandas(made.reset_index(), preserve_index=False)


def _events(paths: list[str], plan: Plan, days: Calendar) -> Any:
    """Customer, period m, civil day d, part p, amount a and the columns told apart by level."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tested = {column for conditions in plan.parts for column in conditions}
    names = ["customer_id", "event_time", "base_minor", *sorted({*plan.levels, *tested})]
    rows = pa.concat_tables([pq.ParquetFile(path).read(columns=names) for path in paths])
    frame = rows.to_pandas(strings_to_categorical=True)
    time = frame.pop("event_time").astype("int64").to_numpy()
    frame["m"] = np.searchsorted(days.starts, time, side="right") - 1
    turn = np.searchsorted([start for start, _ in days.shifts], time, side="right") - 1
    frame["d"] = (time + np.array([shift for _, shift in days.shifts])[turn]) // 86_400_000_000
    frame["p"] = 0
    for number, conditions in enumerate(plan.parts, 1):
        met = np.logical_and.reduce([frame[name] == value for name, value in conditions.items()])
        frame.loc[met, "p"] = number
    for by, levels in plan.levels.items():
        frame[by] = frame[by].where(frame[by].isin(levels)).cat.add_categories(["other"]).fillna("other")
    return frame.rename(columns={"base_minor": "a"})


def _window(inside: Any, plan: Plan, look: Look, months: int, everyone: Any) -> dict[str, Any]:
    """The features of one window, by name."""
    found: dict[str, Any] = {}
    wanted = [one for one in plan.wanted if one.months == months]
    for part in dict.fromkeys(one.part for one in wanted):
        rows = inside if part is None else inside[inside["p"] == part]
        some = [one for one in wanted if one.part == part]
        found |= _plain(rows, [one for one in some if one.by is None], look, everyone)
        for by in plan.levels:
            found |= _by_level(rows, by, [one for one in some if one.by == by], everyone)
    return found


def _plain(rows: Any, wanted: list[Wanted], look: Look, everyone: Any) -> dict[str, Any]:
    grouped = rows.groupby("customer_id", sort=False)
    found = {}
    for one in wanted:
        if one.aggregate == "recency":
            found[one.name] = look.day - grouped["d"].max().reindex(everyone)
        elif one.aggregate == "active_days":
            found[one.name] = grouped["d"].nunique().reindex(everyone, fill_value=0)
        else:
            values = getattr(grouped["a"], _NAMES[one.aggregate])()
            fill = 0 if one.aggregate in WHOLE else np.nan
            found[one.name] = values.reindex(everyone, fill_value=fill)
    return found


def _by_level(rows: Any, by: str, wanted: list[Wanted], everyone: Any) -> dict[str, Any]:
    found = {}
    for aggregate in dict.fromkeys(one.aggregate for one in wanted):
        grouped = rows.groupby(["customer_id", by], sort=False, observed=True)["a"]
        wide = getattr(grouped, _NAMES[aggregate])().unstack(fill_value=0).reindex(everyone, fill_value=0)
        for one in wanted:
            if one.aggregate == aggregate:
                found[one.name] = wide[one.level] if one.level in wide.columns else 0
    return found

"""A table a person sees: its rows are theirs already, so whatever is asked of it can show no other.

Asking is: search by the beginning of a pseudonym, conditions on columns, an order, a page. Equal values stay
in the order in which the table was written; missing ones come last in either direction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bankmine.access.columns import Bools, Column, Ints, Keys
from bankmine.access.conditions import Condition
from bankmine.access.kept import Kept
from bankmine.errors import UsageError

PAGE, MOST_ROWS, CHUNK = 50, 1_000, 5_000
Sort = tuple[str, bool]  # column, whether the largest come first


@dataclass(frozen=True)
class Shown:
    """A column as a page shows it; `kind` is that of the report's columns (text, key, number, money …)."""

    name: str
    label: str
    kind: str
    unit: str = ""
    digits: int | None = None


@dataclass(frozen=True)
class Rows:
    """A page of rows under `columns`; `total` is how many rows there are on all pages together."""

    columns: tuple[Shown, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int
    page: int = 1
    size: int = PAGE

    def __iter__(self) -> Iterator[dict[str, Any]]:
        names = [one.name for one in self.columns]
        return (dict(zip(names, row, strict=True)) for row in self.rows)


@dataclass(frozen=True)
class Table:
    """Rows held in memory: `columns` by name, `shown` those a page shows, in their order.

    `searched` are the key columns that a search looks into.
    """

    columns: Mapping[str, Column]
    shown: tuple[Shown, ...]
    length: int
    searched: tuple[str, ...] = ()
    orders: Kept = field(default_factory=lambda: Kept(8), compare=False, repr=False)

    def take(self, rows: Ints) -> Table:
        """The same table with these rows."""
        columns = {name: one.take(rows) for name, one in self.columns.items()}
        return Table(columns, self.shown, len(rows), self.searched)

    def with_column(self, name: str, column: Column) -> Table:
        """The same table with that column in its place."""
        return Table({**self.columns, name: column}, self.shown, self.length, self.searched)

    def column(self, name: str) -> Column:
        """A column; UsageError where the table has none of that name."""
        if name not in self.columns or name.startswith("_"):
            raise UsageError(
                f"the list has no column {name[:40]!r}",
                hint=f"It has {', '.join(n for n in sorted(self.columns) if n[0] != '_')}.",
            )
        return self.columns[name]

    def matching(self, filters: Mapping[str, Condition] | None = None, search: str = "") -> Bools:
        """Which rows meet all conditions and the search; an empty search finds all."""
        found = np.ones(self.length, dtype=np.bool_)
        for name, condition in (filters or {}).items():
            found &= self.column(name).meets(condition, name)
        if search.strip():
            hit = np.zeros(self.length, dtype=np.bool_)
            for name in self.searched:
                column = self.columns[name]
                if isinstance(column, Keys):
                    hit |= column.begins(search)
            found &= hit
        return found

    def count(self, filters: Mapping[str, Condition] | None = None, search: str = "") -> int:
        """How many rows do."""
        return int(self.matching(filters, search).sum()) if filters or search.strip() else self.length

    def rows(
        self,
        filters: Mapping[str, Condition] | None = None,
        sort: Sort | None = None,
        page: int = 1,
        size: int = PAGE,
        search: str = "",
    ) -> Rows:
        """A page (the first is 1) of at most 1,000 rows; one past the end is empty."""
        if page < 1 or not 1 <= size <= MOST_ROWS:
            raise UsageError(
                f"page {page} of {size} rows was asked", hint="Pages begin at 1, 1 to 1,000 rows."
            )
        chosen = self._ordered(filters, sort, search)
        rows = chosen[(page - 1) * size : page * size]
        return Rows(self.shown, self.values(rows), len(chosen), page, size)

    def export(
        self, filters: Mapping[str, Condition] | None = None, sort: Sort | None = None, search: str = ""
    ) -> Iterator[tuple[Any, ...]]:
        """Every row in the order asked, a few thousand at a time; what cannot be meant is refused at once."""
        chosen = self._ordered(filters, sort, search)
        chunks = (chosen[start : start + CHUNK] for start in range(0, len(chosen), CHUNK))
        return (row for chunk in chunks for row in self.values(chunk))

    def values(self, rows: Ints, names: Sequence[str] | None = None) -> tuple[tuple[Any, ...], ...]:
        """These rows of the columns shown, or of those named."""
        wanted = [one.name for one in self.shown] if names is None else list(names)
        columns = [self.columns[name].shown(rows) for name in wanted]
        return tuple(zip(*columns, strict=True)) if columns else ()

    def _ordered(self, filters: Mapping[str, Condition] | None, sort: Sort | None, search: str) -> Ints:
        """The rows that match, in the order asked."""
        asked = bool(filters) or bool(search.strip())
        found = self.matching(filters, search) if asked else None
        if sort is None:
            return np.flatnonzero(found) if found is not None else np.arange(self.length)
        name, largest_first = sort
        column = self.column(name)
        if found is not None and int(found.sum()) * 8 < self.length:
            rows = np.flatnonzero(found)
            return np.asarray(rows[_order(column.take(rows), largest_first)])
        order: Ints = self.orders.get((name, largest_first), lambda: _order(column, largest_first))
        return order if found is None else np.asarray(order[found[order]])


def _order(column: Column, largest_first: bool) -> Ints:
    """The rows by value, missing ones last, equal ones as they stand."""
    place = column.place()
    if largest_first:
        place = -place if place.dtype.kind == "f" else ~place
    missing = column.missing()
    order = np.argsort(place, kind="stable")
    if not missing.any():
        return np.asarray(order, dtype=np.int64)
    gone = missing[order]
    return np.concatenate([order[~gone], np.flatnonzero(missing)])

"""A list of a run as a person works it: searched, filtered, sorted, paged and exported, own rows only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bankmine.access.columns import Column
from bankmine.access.conditions import Condition
from bankmine.access.run_tables import ROW, SCORES
from bankmine.access.tables import PAGE, Rows, Shown, Sort, Table
from bankmine.governance import Permission

if TYPE_CHECKING:
    from bankmine.access.view import View
    from bankmine.lifecycle.run import Run

WHY = Shown("why", "Why", "reasons")


@dataclass(frozen=True)
class ListSource:
    """The rows of one table of a run that lie in the person's scope.

    `whole_bank` says that the table's rows belong to no customer: it is empty for whoever sees a part.
    """

    view: View = field(repr=False)
    run: Run = field(repr=False)
    name: str
    table: Table = field(repr=False)
    whole_bank: bool

    @property
    def title(self) -> str:
        """The list's title."""
        return str(self._declared.get("title") or self.run.about["title"])

    @property
    def sentence(self) -> str:
        """What it shows."""
        return str(self._declared.get("sentence", ""))

    @property
    def columns(self) -> tuple[Shown, ...]:
        """The columns of a page."""
        return self.table.shown

    @property
    def total(self) -> int:
        """How many rows there are."""
        return self.table.length

    def count(self, filters: Mapping[str, Condition] | None = None, search: str = "") -> int:
        """How many meet all conditions and the search."""
        return self.table.count(filters, search)

    def rows(
        self,
        filters: Mapping[str, Condition] | None = None,
        sort: Sort | None = None,
        page: int = 1,
        size: int = PAGE,
        search: str = "",
        *,
        why: bool = False,
    ) -> Rows:
        """A page; by rank where no order is asked and there is one. `why` adds each score's reasons."""
        order = sort or (("rank", False) if "rank" in self.table.columns else None)
        with_why = why and self.name == SCORES
        if not with_why:
            return self.table.rows(filters, order, page, size, search)
        shown = (*self.table.shown, Shown(ROW, "", "number"))
        found = replace(self.table, shown=shown).rows(filters, order, page, size, search)
        words = self.view.state.reasons(self.run).of([row[-1] for row in found.rows])
        rows = tuple((*row[:-1], said) for row, said in zip(found.rows, words, strict=True))
        return replace(found, columns=(*self.table.shown, WHY), rows=rows)

    def export(
        self, filters: Mapping[str, Condition] | None = None, sort: Sort | None = None, search: str = ""
    ) -> Iterator[tuple[Any, ...]]:
        """Every row that meets all conditions; Forbidden without `lists:export`."""
        self.view.person.require(Permission.LISTS_EXPORT)
        order = sort or (("rank", False) if "rank" in self.table.columns else None)
        return self.table.export(filters, order, search)

    def column(self, name: str) -> Column:
        """A whole column of the rows in the scope, for figures."""
        return self.table.column(name)

    @property
    def _declared(self) -> Mapping[str, Any]:
        declared: Mapping[str, Any] = self.run.about.get("tables", {}).get(self.name, {})
        return declared

"""What the openings of other product families teach about one: further rows for its model to learn from.

A family has a hundred or two openings in the months of training, all families together ten times as many, and
much of what precedes them is alike: the product's page is looked at, an offer is accepted, something happened
in a life. So the rows of the other families stand beside a family's own, each with its own family's pages,
applications and offers in the columns of that name, and count less than the family's own (learning with
auxiliary data: Wu and Dietterich 2004; the columns that are shared: Daumé 2007). They are never tested on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.bank.hashing import splitmix64
from bankmine.tasks.contract import Floats, Ints, More, Truth
from bankmine.tasks.sql import micros
from bankmine.tasks.study import Work

if TYPE_CHECKING:
    from bankmine.tasks.next_product import NextProduct

EVERY = 3  # months between the cutoffs looked at: each opening is seen once
SHARE = 0.3  # what such a row counts; at every third month that is a tenth of a family's own rows
PARTS = 16  # of the rows a question may learn from, so many are of each class of one other family


@dataclass(frozen=True)
class _Drawn:
    """Rows of one family's question with label and weight (1 over the share of its class that was drawn)."""

    rows: Any
    cutoffs: Ints
    truth: Truth
    weight: Floats


class OtherFamilies:
    """The rows of several families' questions, drawn once each and shared by all the others."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._drawn: dict[str, _Drawn] = {}
        self.questions: dict[str, NextProduct] = {}

    def more(self, family: str, columns: Sequence[str], cutoffs: Ints) -> More:
        """Rows of all other families between the first and the last of the training cutoffs (µs).

        Labels are known when those of the cutoffs are, because all families have one rule. `columns` are what
        the family's model reads; its own family's are filled with those of each row's family.
        """
        import pyarrow as pa

        tables, truth, weight = [], [], []
        for name in self.questions:
            if name != family:
                one = self._rows_of(name)
                inside = np.flatnonzero((one.cutoffs >= cutoffs.min()) & (one.cutoffs <= cutoffs.max()))
                tables.append(self._features(name, family, columns, one.rows.take(inside)))
                truth.append(one.truth[inside])
                weight.append(SHARE * one.weight[inside])
        return More(
            features=pa.concat_tables(tables, promote_options="permissive"), truth=np.concatenate(truth),
            weight=np.concatenate(weight),
        )  # fmt: skip

    def _rows_of(self, family: str) -> _Drawn:
        if family not in self._drawn:
            self._drawn[family] = self._draw(self.questions[family])
        return self._drawn[family]

    def _draw(self, question: NextProduct) -> _Drawn:
        """Mature rows at every third cutoff: of each class so many, by a hash of customer and cutoff."""
        bank = replace(self._work.bank, statements={})
        plan = question.plan(bank)
        mature = plan.cutoffs[:-1][::-EVERY][::-1]
        rows = question.population(bank, replace(plan, cutoffs=mature))
        truth, _ = question.label(bank, rows)
        cutoffs = micros(rows.column("cutoff"))
        mixed = splitmix64(np.asarray(rows.column("customer_id").to_numpy(), dtype=np.int64))
        lot = (splitmix64(mixed.view(np.int64) ^ cutoffs) >> np.uint64(11)).astype(np.float64) / 2.0**53
        most, weight = bank.budget.learning_rows // PARTS, np.zeros(len(lot))
        for kind in (truth, ~truth):
            share = min(1.0, most / max(int(kind.sum()), 1))
            weight[kind & (lot < share)] = 1 / share
        kept = np.flatnonzero(weight > 0)
        return _Drawn(rows.take(kept), cutoffs[kept], truth[kept], weight[kept])

    def _features(self, name: str, family: str, columns: Sequence[str], rows: Any) -> Any:
        """The columns of `family`'s model for rows of the family `name`; null where that one has none."""
        import pyarrow as pa

        question, bank = self.questions[name], self._work.bank
        names = question.features(bank)
        made = self._work.matrix(rows, names, catalogue=question.catalogue(bank))
        own = question.own_columns(family)
        found = {}
        for column in columns:
            source = own.get(column, column)
            absent = source not in made.column_names
            found[column] = pa.nulls(rows.num_rows, pa.float64()) if absent else made.column(source)
        return pa.table(found)

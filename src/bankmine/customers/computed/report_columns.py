"""The numbers of a credit-bureau report: counts and sums over windows, what follows what, what runs."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bankmine.customers.computed.report import (
    ISSUED,
    KINDS,
    REPAID,
    SPANS,
    Bools,
    Ints,
    Report,
    days_between,
    window_starts,
)  # fmt: skip

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

Floats = NDArray[np.float64]
_NONE = np.iinfo(np.int64).min


class ReportColumns:
    """The columns of one report a row, made when they are asked for.

    `known`, `age`; `<kind>_count_<span>`, `<kind>_sum_<span>` (minor units), `<kind>_days_since_last`;
    `unfollowed_count_<span>`, `followed_share_<span>`, `issued_to_asked_<span>`, `lenders_count_<span>`;
    `open_count`, `facilities_open_count`, `facilities_open_sum`. All but `known` are missing where there is
    no report that may be read; those of a window also where it leaves the coverage.
    """

    def __init__(self, warehouse: Warehouse, report: Report) -> None:
        self._warehouse, self._report = warehouse, report

    def column(self, name: str) -> Any:
        """One column as an Arrow array; shape (n,)."""
        import pyarrow as pa

        told = self._report.told
        if name == "known":
            said = told | np.asarray(self._report.consent.is_valid()).astype(bool)
            return pa.array(told.astype(np.int64), mask=~said)
        values, there = self._made(name)
        return pa.array(values, mask=~(told & there))

    def _made(self, name: str) -> tuple[Any, Bools]:
        report = self._report
        every = np.ones(len(report.told), np.bool_)
        if name == "age":
            return days_between(self._warehouse, report.drawn, report.subjects.cutoffs), every
        if name.endswith("_days_since_last"):
            return self._days_since(KINDS.index(name.removesuffix("_days_since_last")))
        if name == "open_count":
            return report.items.total(report.matched.open.astype(np.int64)), every
        if name.startswith("facilities_open_"):
            running = self._running
            weight = running if name.endswith("count") else np.where(running, self._amount, 0)
            return report.items.total(weight.astype(np.int64)), every
        stem, _, span = name.rpartition("_")
        place = SPANS.index(span)
        return self._over(stem, self._within[:, place], self._edges[1][:, place])

    def _over(self, stem: str, within: Bools, covered: Bools) -> tuple[Any, Bools]:
        """A number of the items within a window; shape (n,) each."""
        items, matched, kind = self._report.items, self._report.matched, self._report.kind
        if stem == "unfollowed_count":
            return items.total((matched.unfollowed & within).astype(np.int64)), covered
        if stem == "followed_share":
            yes, no = (
                items.total((one & within).astype(np.int64)) for one in (matched.followed, matched.unfollowed)
            )
            return yes / np.maximum(yes + no, 1), covered & (yes + no > 0)
        if stem == "issued_to_asked":
            return self._issued_to_asked(within, covered)
        if stem == "lenders_count":
            return self._lenders(within), covered
        what, _, how = stem.rpartition("_")
        mine = (kind == KINDS.index(what)) & within
        return items.total((mine * self._amount if how == "sum" else mine).astype(np.int64)), covered

    def _issued_to_asked(self, within: Bools, covered: Bools) -> tuple[Floats, Bools]:
        """What was lent on answered enquiries as a multiple of what they asked for, where both say."""
        items, matched = self._report.items, self._report.matched
        answered = matched.followed & within & (self._amount > 0)
        partner = np.where(answered, matched.partner, 0)
        lent = np.where(answered, self._amount[partner] if len(partner) else 0, 0)
        asked = items.total(np.where(answered & (lent > 0), self._amount, 0))
        got = items.total(lent)
        return got / np.maximum(asked, 1), covered & (asked > 0)

    def _lenders(self, within: Bools) -> Ints:
        """How many different institutions asked."""
        items = self._report.items
        asked = self._report.asks & within & items.given("institution_id")
        pairs = np.unique(
            np.stack([items.row[asked], items.whole("institution_id", _NONE)[asked]], axis=1), axis=0
        )
        return np.bincount(pairs[:, 0], minlength=items.rows).astype(np.int64)

    def _days_since(self, kind: int) -> tuple[Ints, Bools]:
        mine = self._report.items.where(self._report.kind == kind)
        last = mine.last()
        there = last >= 0
        time = np.where(there, mine.time[last] if len(mine.time) else 0, self._report.drawn)
        return days_between(self._warehouse, time, self._report.drawn), there

    @cached_property
    def _edges(self) -> tuple[Ints, Bools]:
        return window_starts(self._warehouse, self._report, SPANS)

    @cached_property
    def _within(self) -> Bools:
        """Which items lie in each window; shape (m, W)."""
        items = self._report.items
        return np.asarray(items.time[:, None] >= self._edges[0][items.row], np.bool_)

    @cached_property
    def _amount(self) -> Ints:
        return self._report.items.whole("amount_minor", 0)

    @cached_property
    def _running(self) -> Bools:
        """Loans issued whose facility was not repaid since."""
        items, kind = self._report.items, self._report.kind
        facility = items.whole("facility_id", _NONE)
        named = items.given("facility_id")
        repaid = (kind == REPAID) & named
        order = np.lexsort((items.time, facility, items.row))
        # The last item of issue or repayment of a facility says whether it runs.
        both = order[((kind == ISSUED) & named | repaid)[order]]
        same = (np.diff(items.row[both], append=-1) == 0) & (np.diff(facility[both], append=0) == 0)
        running = np.zeros(len(kind), np.bool_)
        running[both[~same]] = kind[both[~same]] == ISSUED
        return running

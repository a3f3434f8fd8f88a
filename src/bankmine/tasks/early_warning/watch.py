"""The signals of all borrowers at all looks, and what became of them: what everything else is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.bank.civil import DAY
from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank, Floats, Ints
from bankmine.tasks.early_warning.panel import Panel
from bankmine.tasks.early_warning.signals import SIGNALS, Signal
from bankmine.tasks.early_warning.since import since
from bankmine.tasks.sql import micros, statement

FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Borrowers × looks. `panel` holds borrowers only; `values` and `on` have shape (signals, borrowers,
    looks), `since` the look at which each run began (−1 where off); `days` (borrowers, looks): days from the
    look until a credit was next seen 90 days past due, infinite where it was not by the run's cutoff."""

    signals: Sequence[Signal]
    panel: Panel
    values: Any
    on: Any
    since: Any
    days: Floats

    @property
    def looked_at(self) -> Any:
        """Borrowers and looks at which something is owed and nothing is in default."""
        return self.panel.at_risk


def watch(bank: Bank, panel: Panel, signals: Sequence[Signal] = SIGNALS) -> Watch:
    """Measures the signals over the whole bank (neighbours and peers too), and keeps the borrowers."""
    borrowers = np.flatnonzero((panel.measures["exposure"] > 0).any(axis=1))
    values, on = [], []
    for one in signals:
        found, lit = one.on(panel)
        values.append(found[borrowers].astype(np.float32))
        on.append(np.asarray(lit)[borrowers])
    small = replace(
        panel, customers=panel.customers[borrowers], links=(),
        measures={name: values_[borrowers] for name, values_ in panel.measures.items()},
        codes={name: codes[borrowers] for name, codes in panel.codes.items()},
    )  # fmt: skip
    lit = np.stack(on)
    first = np.stack([since(one).astype(np.int16) for one in on])
    return Watch(
        signals=tuple(signals), panel=small, values=np.stack(values), on=lit, since=first,
        days=_days_to_default(bank, small),
    )  # fmt: skip


def _days_to_default(bank: Bank, panel: Panel) -> Floats:
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory) as session:
        found = session.arrow(statement(FOLDER, "defaults"))
        bank.note("defaults", session.statements)
    who = np.searchsorted(panel.customers, found.column("customer_id").to_numpy())
    return days_to_next(who, micros(found.column("event_time")), panel.cutoffs, len(panel.customers))


def days_to_next(who: Ints, when: Ints, cutoffs: Ints, count: int) -> Floats:
    """Days from each cutoff to the next instant `when` at or after it, for each of `count` places.

    `who` is the place of each instant; infinite where there is none.
    """
    found = np.full((count, len(cutoffs)), np.inf)
    order = np.lexsort([when, who])
    who, when = who[order], when[order]
    begin = np.searchsorted(who, np.arange(count), side="left")
    end = np.searchsorted(who, np.arange(count), side="right")
    for place in np.flatnonzero(end > begin):
        own = when[begin[place] : end[place]]
        next_ = np.searchsorted(own, cutoffs, side="left")
        there = next_ < len(own)
        found[place, there] = (own[next_[there]] - cutoffs[there]) / DAY
    return found

"""The credit portfolio over the loans of own customers: vintages, roll rates, and how grades are held.

The counting is that of behaviour_score (`tasks/behaviour_score/vintage.py`, `roll.py`), over the loans whose
owner lies in the person's scope, as known at the view's date; grades are those of the published rating.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bankmine.access.columns import Numbers, Words
from bankmine.engine.session import Session
from bankmine.errors import NotFound
from bankmine.governance import Permission
from bankmine.tasks.behaviour_score import roll, vintage

if TYPE_CHECKING:
    from bankmine.access.view import View

OWNERS = """
SELECT loan_id, arg_max(customer_id, known_at) AS customer_id FROM loan
WHERE customer_id IS NOT NULL GROUP BY loan_id ORDER BY loan_id
""".strip()


@dataclass(frozen=True, kw_only=True)
class Grade:
    """One grade of the rating over own customers; money in minor units."""

    name: str
    customers: int
    exposure_minor: int
    expected_loss_minor: int
    chance: float | None


@dataclass(frozen=True, kw_only=True)
class Portfolio:
    """What is held: `vintages` by form (loans, lines) and `rolls` as a run's figures say them; both empty
    where there is nothing to count."""

    loans: int
    vintages: Mapping[str, Mapping[str, Any]]
    rolls: Mapping[str, Any]
    grades: tuple[Grade, ...]


@dataclass(frozen=True)
class _Asked:
    """As much of a bank as the counting asks for."""

    warehouse: Any
    cutoff: int
    memory: str
    threads: int

    def note(self, name: str, statements: Any) -> None:
        """What a run would keep; nothing is kept here."""


def portfolio(view: View) -> Portfolio:
    """The portfolio of the customers in the scope. Forbidden without `credit:read`."""
    view.person.require(Permission.CREDIT_READ)
    made: Portfolio = view.place.seen.get(
        ("portfolio", view.state.name, view.cutoff, view.person.scope), lambda: _made(view)
    )
    return made


def _made(view: View) -> Portfolio:
    state, config = view.state, view.state.bank.config
    if not state.warehouse.has("loan") or not state.warehouse.has("loan_event"):
        return Portfolio(loans=0, vintages={}, rolls={}, grades=_grades(view))
    with Session(state.warehouse, view.cutoff, memory=config.memory, threads=config.threads) as session:
        found = session.arrow(OWNERS)
    loans, owners = found.column("loan_id").to_numpy(), found.column("customer_id").to_numpy()
    attachment = state.attachment
    own = attachment.rows_seen(attachment.place(owners), view.person.scope)
    left_out = np.delete(loans, own)
    asked = cast("Any", _Asked(state.warehouse, view.cutoff, config.memory, config.threads))
    dates, matrices = roll.read_rolls(asked, left_out, most=12)
    curves = vintage.read_vintages(asked, left_out)
    return Portfolio(
        loans=len(own),
        vintages={form: vintage.as_plain(one) for form, one in curves.items()},
        rolls=roll.as_plain(dates, matrices) if len(own) else {},
        grades=_grades(view),
    )


def _grades(view: View) -> tuple[Grade, ...]:
    """The grades in the rating's order; none without a published rating."""
    try:
        source = view.list("rating", "credit_class")
    except NotFound:
        return ()
    grade, chance = source.column("grade"), source.column("grade_chance")
    exposure, loss = source.column("exposure_minor"), source.column("expected_loss_minor")
    assert isinstance(grade, Words)
    found = []
    for code, word in enumerate(grade.words):
        rows = np.flatnonzero(grade.codes == code)
        if len(rows):
            found.append(
                Grade(
                    name=str(word), customers=len(rows), exposure_minor=_sum(exposure, rows),
                    expected_loss_minor=_sum(loss, rows), chance=_mean(chance, rows),
                )
            )  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.chance is None, one.chance or 0.0, one.name)))


def _sum(column: Any, rows: Any) -> int:
    assert isinstance(column, Numbers)
    there = rows[~column.absent[rows]]
    return int(column.values[there].sum())


def _mean(column: Any, rows: Any) -> float | None:
    assert isinstance(column, Numbers)
    there = rows[~column.absent[rows]]
    return float(column.values[there].mean()) if len(there) else None

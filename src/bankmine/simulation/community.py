"""One community of customers, made step by step: causes first, then what the bank's tables show of them.

    people → life → leaving → products → accounts → credit ─┐
                                 spending ── crime ─────────┴→ ledger → service

Each step reads only steps before it. Its `tables` are rows of raw extracts, its `truth` what no table says.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from bankmine.simulation.accounts import accounts_of
from bankmine.simulation.credit import credit_of
from bankmine.simulation.crime import crime_of
from bankmine.simulation.entries import joined
from bankmine.simulation.frame import Frame
from bankmine.simulation.inactivity_truth import inactivity_truth
from bankmine.simulation.leaving import leaving_of
from bankmine.simulation.leaving_truth import truth_of
from bankmine.simulation.ledger import book
from bankmine.simulation.ledger_tables import shared_counterparties
from bankmine.simulation.life import life_of
from bankmine.simulation.merchants import shared_tables
from bankmine.simulation.people import people_of
from bankmine.simulation.products import products_of
from bankmine.simulation.reference import reference_tables
from bankmine.simulation.service import service_of
from bankmine.simulation.spending import spending_of

Tables = dict[str, pa.Table]


@dataclass(frozen=True)
class Made:
    """Rows of extracts by name, and rows of the truth by name."""

    extracts: Tables
    truth: Tables


def shared(frame: Frame) -> Tables:
    """The extracts that all communities share."""
    return {
        **reference_tables(frame),
        **shared_tables(frame),
        "counterparties": shared_counterparties(),
    }


def make(frame: Frame, community: int) -> Made:
    """Everything of one community."""
    who = people_of(frame, community)
    life = life_of(frame, who)
    leave = leaving_of(frame, who, life)
    held = products_of(frame, who, life, leave)
    acc = accounts_of(frame, who, life, leave, held)
    credit = credit_of(frame, who, life, leave, held, acc)
    money = spending_of(frame, who, life, leave, held, acc, credit)
    crime = crime_of(frame, who, life, leave, acc, money)
    every = joined([money, credit.entries, held.entries(frame, who, acc), crime.entries])
    ledger = book(frame, who, acc, every)
    service = service_of(frame, who, life, leave, held, acc, credit, crime)
    return Made(
        extracts=_together(
            [
                acc.tables(frame, who),
                ledger.tables(frame, who, acc),
                held.tables(frame, who),
                service.tables(frame, who),
                credit.tables(frame, who),
                crime.tables(frame, who, acc, ledger, credit),
            ]
        ),
        truth=_together(
            [
                truth_of(frame, who, life, leave),
                inactivity_truth(frame, who, life, leave, acc, ledger),
                held.truth(frame, who),
                service.truth(frame, who),
                credit.truth(frame, who, life, leave),
                crime.truth(frame, who, acc, ledger),
            ]
        ),
    )


def _together(parts: list[Tables]) -> Tables:
    """Rows of the same name below each other; the first that names a table gives its columns."""
    found: dict[str, list[pa.Table]] = {}
    for part in parts:
        for name, table in part.items():
            rows = found.setdefault(name, [])
            rows.append(table.select(rows[0].column_names).cast(rows[0].schema) if rows else table)
    return {name: pa.concat_tables(rows) for name, rows in found.items()}

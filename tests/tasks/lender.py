"""A small made-up lender for tests of credit: what goes bad hangs on income and on the bureau."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from made_up_bank import ZONE, full, write

from bankmine.bank.civil import DAY, HOUR, Zone
from bankmine.bank.warehouse import Warehouse

PRAGUE = Zone(ZONE)
FROM, UNTIL = PRAGUE.midnight(date(2018, 1, 1)), PRAGUE.midnight(date(2022, 1, 1))


@dataclass
class Lender:
    """Columns of each table, which a test may change before `made`; applications one a row, oldest first."""

    application: dict[str, Any]
    event: dict[str, Any]
    report: dict[str, Any]
    customer: dict[str, Any]
    consent: dict[str, Any]
    left_out: tuple[str, ...] = ()
    until: int = UNTIL
    more: dict[str, pa.Table] = field(default_factory=dict)

    def made(self, folder: Path, name: str = "one") -> Warehouse:
        """The bank's warehouse."""
        tables = {
            "credit_application": _table("credit_application", self.application),
            "bureau_event": _table("bureau_event", self.event),
            "bureau_report": _table("bureau_report", self.report),
            "customer": _table("customer", self.customer),
            "consent": _table("consent", self.consent),
            **self.more,
        }
        kept = {name: one for name, one in tables.items() if name not in self.left_out}
        warehouse: Warehouse = write(folder, kept, start=FROM, end=self.until, name=name)
        return warehouse


def lender(applications: int = 1_100, customers: int = 500, seed: int = 5, until: int = UNTIL) -> Lender:
    """Four years of applications. Low income against the amount, and payments overdue elsewhere, make bad.

    One in seven is declined, the last few are undecided; a good outcome is known a year after the decision,
    a bad one as soon as after a hundred days.
    """
    draw = np.random.default_rng(seed)
    count = applications
    at = np.sort(FROM + DAY + (draw.random(count) * (until - FROM - 2 * DAY)).astype(np.int64))
    who = draw.integers(1, customers + 1, count)
    income = np.round(draw.lognormal(7.6, 0.5, count)).astype(np.int64) * 100
    amount = np.round(draw.lognormal(9.0, 0.6, count)).astype(np.int64) * 100
    overdue = draw.poisson(0.5, count)
    burden = np.log(amount / income) - 1.4
    bad = draw.random(count) < 1 / (1 + np.exp(3.0 - 1.6 * burden - 1.1 * overdue))
    granted = draw.random(count) > 0.14
    decided = at + draw.integers(1, 72, count) * HOUR
    decided[-3:] = until  # too late to be known
    known = np.where(bad, at + draw.integers(100, 360, count) * DAY, decided + 365 * DAY)
    open_ = decided >= until
    application = {
        "application_id": np.arange(1, count + 1), "customer_id": who, "product_code": ["LOAN"] * count,
        "amount_minor": amount, "term_months": draw.choice([12, 24, 36, 48], count),
        "stated_income_minor": income, "channel": draw.choice(["web", "branch"], count).tolist(),
        "decision": [None if late else "approved" if yes else "declined"
                     for late, yes in zip(open_, granted, strict=True)],
        "decided_at": [None if late else int(then) for late, then in zip(open_, decided, strict=True)],
        "bad": [bool(one) if yes else None for one, yes in zip(bad, granted & ~open_, strict=True)],
        "bad_known_at": [int(one) if yes else None for one, yes in zip(known, granted & ~open_, strict=True)],
        "event_time": at, "known_at": at,
    }  # fmt: skip
    report = {"report_id": np.arange(1, count + 1), "customer_id": who, "event_time": at, "known_at": at}
    place = np.repeat(np.arange(count), overdue)
    before = at[place] - (draw.random(len(place)) * 300 * DAY).astype(np.int64) - DAY
    event = {
        "bureau_event_id": np.arange(1, len(place) + 1), "customer_id": who[place], "report_id": place + 1,
        "kind": ["overdue"] * len(place), "amount_minor": draw.integers(1_000, 90_000, len(place)),
        "institution_kind": ["bank"] * len(place), "event_time": before, "known_at": at[place],
    }  # fmt: skip
    ids = np.arange(1, customers + 1)
    customer = {
        "customer_id": ids, "kind": ["company" if one % 9 == 0 else "person" for one in ids],
        "valid_from": np.full(customers, FROM), "known_at": np.full(customers, FROM),
    }  # fmt: skip
    asked = ids[ids % 10 > 0]  # every tenth customer lets nobody ask the bureau
    consent = {
        "customer_id": asked, "purpose": ["bureau"] * len(asked), "channel": ["app"] * len(asked),
        "given_at": np.full(len(asked), FROM), "valid_from": np.full(len(asked), FROM),
        "known_at": np.full(len(asked), FROM),
    }  # fmt: skip
    return Lender(application, event, report, customer, consent, until=until)


def _table(name: str, columns: dict[str, Any]) -> pa.Table:
    rows = len(next(iter(columns.values())))
    usual: dict[str, Any] = {}
    if name not in ("customer", "consent"):
        usual = {"seq": np.arange(1, rows + 1), "cancelled": [False] * rows}
    table: pa.Table = full(name, {**usual, **columns}, rows)
    return table

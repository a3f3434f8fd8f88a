"""The two lists that are worked: prospects who left a form, and people behind counterparties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.customers.conditions import NO_SALE, WORDS, Conditions
from bankmine.engine.session import Session
from bankmine.tasks.acquisition.expected import ACTIONS, Prices, Pursuit, expected_profit, pursue
from bankmine.tasks.acquisition.likeness import FIELDS, GOLDEN, Likeness, prospect_forms
from bankmine.tasks.acquisition.prospects import Forms, prospect_rows
from bankmine.tasks.contract import Bank, Decision, Floats, Ints, Truth, exponent_of
from bankmine.tasks.flags import with_flags
from bankmine.tasks.sql import statement
from bankmine.tasks.study import Asked, Block

FOLDER = Path(__file__).parent
PROSPECTS, COUNTERPARTIES = "prospects", "counterparties"
FULL_AGE = 18
TOP = 3


@dataclass(frozen=True)
class List:
    """One list: its block of scores, chances of joining and being golden, expected profit, who is barred.

    `through` is, for each subject, the customer it is approached through (0 for nobody), `transfers` the
    payments between the two in 12 months; both empty where nobody stands between.
    """

    block: Block
    subjects: Ints
    joins: Floats
    golden: Floats
    profit: Floats
    pursuit: Pursuit
    through: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    transfers: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def kept(self) -> Floats:
        """Expected profit of those to be pursued, 0 for the others."""
        return np.where([bool(one) for one in self.pursuit.reasons], 0.0, self.profit)


def prospect_list(
    bank: Bank, known: Forms, like: Likeness, price: Prices, joining: Asked | None, share: float
) -> List:
    """All who left a form and have not joined, by expected profit.

    The chance of joining is the question's answer where it could be asked of the form, else the share of past
    forms that led to a customer.
    """
    table = prospect_forms(bank, bank.cutoff)
    ids = np.asarray(table.column("prospect_id").to_numpy(), dtype=np.int64)
    open_ones = known.open_at(bank.cutoff)[np.searchsorted(known.prospects, ids)]
    table, ids = table.filter(open_ones), ids[open_ones]
    chances = like.form.probabilities(table)
    major = 10 ** exponent_of(bank.warehouse.currency)
    per_win = (like.form.expected_profit(chances)[:, 0] + like.form.actions[0].cost) * major / price.years
    joins = _joining(ids, joining, share)
    profit = expected_profit(joins, per_win, price)
    consent = table.column("consent").to_pylist()
    age = np.asarray(table.column("age").to_numpy(zero_copy_only=False), dtype=np.float64)
    pursuit = pursue(
        profit,
        {
            "no consent": np.array(["marketing" not in (one or "") for one in consent], dtype=np.bool_),
            "under age": np.asarray(age < FULL_AGE, dtype=np.bool_),
        },
    )
    golden = chances[:, like.form.outcomes.index(GOLDEN)]
    block = _block(PROSPECTS, prospect_rows(ids, bank.cutoff), joins, profit, pursuit, _why(like, table))
    return List(block, ids, joins, golden, profit, pursuit)


def counterparty_list(
    bank: Bank, golden: Asked, joining: Asked | None, price: Prices, brings: tuple[float, float],
    share: float, known: Conditions,
) -> List:  # fmt: skip
    """All who are tied to customers and are none, by expected profit.

    `brings` is what a golden customer and any other bring a year; `share` the chance of joining where it
    cannot be learnt. They are approached through the customer they deal with most, so nobody is pursued who
    is known through one to whom nothing may be sold; nor who is tied to a confirmed case.
    """
    ids = np.asarray(golden.rows.column("subject_id").to_numpy(), dtype=np.int64)
    yearly = golden.probability * brings[0] + (1 - golden.probability) * brings[1]
    joins = _joining(ids, joining, share)
    profit = expected_profit(joins, yearly, price)
    nearest = golden.rows.column("customer_id").to_pylist()
    pursuit = pursue(profit, {**unreachable(known, nearest), "tied to a confirmed case": _suspect(bank, ids)})
    block = _block(COUNTERPARTIES, golden.rows, joins, profit, pursuit, golden.reasons)
    through = np.array([one or 0 for one in nearest], dtype=np.int64)
    transfers = transfers_between(bank, ids, through)
    return List(block, ids, joins, golden.probability, profit, pursuit, through, transfers)


def unreachable(known: Conditions, nearest: Sequence[int | None]) -> dict[str, Truth]:
    """By reason, which rows are known through a customer to whom nothing may be sold; reasons that occur."""
    own = [NO_SALE.intersection(known.of(one)) for one in nearest]
    return {
        f"known through a customer: {WORDS.get(name, name)}": np.array(
            [name in one for one in own], dtype=np.bool_
        )
        for name in sorted(NO_SALE)
        if any(name in one for one in own)
    }


def transfers_between(bank: Bank, ids: Ints, through: Ints) -> Ints:
    """For each counterparty its payments with that customer in the 12 months before the cutoff."""
    import pyarrow as pa

    asked = pa.table({"counterparty_id": ids, "customer_id": through})
    since = bank.warehouse.zone.months_before(bank.cutoff, 12)
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory, threads=1) as session:
        session.register("asked_ties", asked)
        found = session.arrow(statement(FOLDER, "through"), {"since": since})
        bank.note("through", session.statements)
    count = dict(zip(*(found.column(name).to_pylist() for name in found.column_names), strict=True))
    return np.array([count.get(one, 0) for one in ids.tolist()], dtype=np.int64)


def list_table(one: List, subject: str, known: Conditions) -> Any:
    """The list as a table, best first, with the reasons of those not to be pursued; where somebody stands
    between, the customer with their flags."""
    import pyarrow as pa

    order = np.lexsort([one.subjects, one.pursuit.order])
    between = {}
    if len(one.through):
        between = {"customer_id": one.through[order], "transfers": one.transfers[order]}
    table = pa.table(
        {
            subject: one.subjects[order],
            **between,
            "grade": [one.pursuit.grade[place] for place in order],
            "golden": one.golden[order],
            "joins": one.joins[order],
            "profit_minor": one.profit[order],
            "reason": [", ".join(one.pursuit.reasons[place]) for place in order],
        }
    )
    return with_flags(table, known) if between else table


def _joining(ids: Ints, joining: Asked | None, share: float) -> Floats:
    chance = np.full(len(ids), share)
    if joining is None:
        return chance
    asked = np.asarray(joining.rows.column("subject_id").to_numpy(), dtype=np.int64)
    order = np.argsort(asked)
    place = np.minimum(np.searchsorted(asked[order], ids), max(len(asked) - 1, 0))
    here = asked[order][place] == ids if len(asked) else np.zeros(len(ids), dtype=np.bool_)
    chance[here] = joining.probability[order][place[here]]
    return chance


def _suspect(bank: Bank, ids: Ints) -> Truth:
    """Which counterparties deal with what an investigation has confirmed."""
    if not bank.warehouse.has("feedback"):
        return np.zeros(len(ids), dtype=np.bool_)
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory, threads=1) as session:
        found = session.arrow(statement(FOLDER, "suspect"))
        bank.note("suspect", session.statements)
    return np.isin(ids, found.column("counterparty_id").to_numpy())


def _block(question: str, rows: Any, joins: Floats, profit: Floats, pursuit: Pursuit, reasons: Any) -> Block:
    """Rows of the scores; none of these subjects is a customer, so they name none."""
    import pyarrow as pa

    place = rows.column_names.index("customer_id")
    rows = rows.set_column(place, "customer_id", pa.nulls(rows.num_rows, pa.int64()))
    decision = Decision(
        value=profit, unit="minor units", grade=pursuit.grade, order=pursuit.order, actions=ACTIONS,
        flags=pursuit.reasons,
    )  # fmt: skip
    return Block(question=question, rows=rows, decision=decision, probability=joins, reasons=reasons)


def _why(like: Likeness, table: Any) -> Any:
    """What of each form speaks for or against a golden customer, as reasons of the scores."""
    import pyarrow as pa

    moved, codes = like.form.contributions(table.select(list(FIELDS)), GOLDEN)
    order = np.argsort(-np.abs(moved), axis=1, kind="stable")[:, :TOP]
    fields, found = like.form.fields, []
    for row, places in enumerate(order.tolist()):
        told: list[dict[str, Any]] = []
        for place in places:
            if moved[row, place] == 0:
                continue
            field, code = fields[place], codes[row, place]
            name = f"{field.name}={field.show(code)}" if field.is_text else field.name
            side = "raises" if moved[row, place] > 0 else "lowers"
            told.append(
                {
                    "feature": name, "value": 1.0 if field.is_text else float(code),
                    "contribution": float(moved[row, place]), "event_ids": [],
                    "sentence_key": f"acquisition.{name}.{side}",
                }
            )  # fmt: skip
        found.append(told)
    return pa.array(found, pa.list_(_reason_type()))


def _reason_type() -> Any:
    """The struct of one reason, as scores keep it."""
    import pyarrow as pa

    return pa.struct(
        [("feature", pa.string()), ("value", pa.float64()), ("contribution", pa.float64()),
         ("event_ids", pa.list_(pa.int64())), ("sentence_key", pa.string())]
    )  # fmt: skip

"""The score after each action: what a payment, a missed due day or a drawing does to the chance of default.

The month's score is weeks old when a payment comes or fails to come. So the same model also answers for the
instant after an action (its time or when it became known, whichever is later, and one microsecond): after the
newest action of every loan, and after each action of the last three months of loans that are late now, which
draws the path of their score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.bank.hashing import splitmix64
from bankmine.engine.session import Session
from bankmine.tasks.behaviour_score.grades import grade_of
from bankmine.tasks.behaviour_score.rows import day_of, moment
from bankmine.tasks.contract import ROW_COLUMNS, Bank, Floats, Ints
from bankmine.tasks.sql import instants, micros, statement
from bankmine.tasks.study import Asked, Kept, Shape

FOLDER = Path(__file__).parent
BACK_DAYS = 92
MOST_QUICK, MOST = 2_000, 60_000
PATHS, WEEKS = 6, 13
WORDS = {
    "due": "instalment fell due", "paid": "payment", "prepaid": "early repayment", "drawn": "drawing",
    "disbursed": "disbursement", "restructured": "restructuring", "recovered": "recovery",
}  # fmt: skip


def since(bank: Bank) -> int:
    """The instant (µs) from which actions are scored."""
    return bank.warehouse.zone.days_before(bank.cutoff, BACK_DAYS)


def action_rows(bank: Bank, running: Any, late: Ints, *, most: int) -> Any:
    """Rows (ROW_COLUMNS) at the instants after actions of the running loans (rows of the run's cutoff).

    All actions of the loans in `late`, the newest one of the others; of these as many as `most` leaves,
    chosen by a hash of the loan.
    """
    import pyarrow as pa

    found = read_actions(bank, running.column("subject_id"))
    loan = np.asarray(found.column("subject_id").to_numpy(), dtype=np.int64)
    back = np.asarray(found.column("back").to_numpy(), dtype=np.int64)
    is_late = np.isin(loan, late)
    others = np.flatnonzero(~is_late & (back == 1))
    left = max(0, most - int(is_late.sum()))
    others = others[np.argsort(splitmix64(loan[others]), kind="stable")][:left]
    found = found.take(np.sort(np.concatenate([np.flatnonzero(is_late), others])))
    count = found.num_rows
    columns = {
        "subject_kind": pa.array(["loan"] * count, pa.string()),
        "subject_id": found.column("subject_id").cast(pa.int64()),
        "customer_id": found.column("customer_id").cast(pa.int64()),
        "cutoff": instants(micros(found.column("moment")) + 1),
        "seq": pa.nulls(count, pa.int64()),
        "value_minor": found.column("value_minor").cast(pa.int64()).fill_null(0),
    }
    return pa.table({name: columns[name] for name in ROW_COLUMNS})


def read_actions(bank: Bank, loans: Any) -> Any:
    """The actions of these loans in the last BACK_DAYS, by loan and instant."""
    import pyarrow as pa

    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory,
                 threads=bank.threads) as session:  # fmt: skip
        session.register("running", pa.table({"loan_id": loans}))
        found = session.arrow(
            statement(FOLDER, "actions"), {"since": moment(since(bank)), "until": moment(bank.cutoff)}
        )
        bank.note("actions", session.statements)
    return found


def after_actions(bank: Bank, asked: Asked) -> tuple[dict[str, Kept], dict[str, Any]]:
    """The tables of scores after actions and of paths, and the figures of the page."""
    at = micros(asked.rows.column("cutoff"))
    loan = np.asarray(asked.rows.column("subject_id").to_numpy(), dtype=np.int64)
    month = bank.warehouse.zone.months_before(bank.cutoff, 1)
    now, before = (_by_loan(loan, at, asked.probability, one) for one in (bank.cutoff, month))
    acted = np.flatnonzero((at != bank.cutoff) & (at != month))
    if not len(acted):
        return {}, {}
    told = _kinds(bank, asked, acted)
    newest = _newest(loan[acted], at[acted])
    rows = [
        _line(bank, int(loan[one]), told[one], float(asked.probability[one]), now, before)
        for one in acted[newest]
    ]
    rows.sort(key=lambda row: (-(row["change"] if row["change"] is not None else -1.0), row["loan_id"]))
    paths = _paths(bank, asked, acted, now)
    return _tables(rows, _path_rows(bank, asked, acted, told)), {**_figures(rows), "paths": paths}


def _kinds(bank: Bank, asked: Asked, acted: Ints) -> dict[int, Mapping[str, Any]]:
    """What happened just before each of the rows."""
    import pyarrow.compute as pc

    found = read_actions(bank, pc.unique(asked.rows.column("subject_id").take(acted)))
    known = {
        (loan, when + 1): {"kind": kind, "amount_minor": amount, "value_minor": left, "at": when}
        for loan, when, kind, amount, left in zip(
            found.column("subject_id").to_pylist(), micros(found.column("moment")).tolist(),
            found.column("kind").to_pylist(), found.column("amount_minor").to_pylist(),
            found.column("value_minor").to_pylist(), strict=True,
        )
    }  # fmt: skip
    loans = asked.rows.column("subject_id").take(acted).to_pylist()
    when = micros(asked.rows.column("cutoff").take(acted)).tolist()
    return {int(one): known[key] for one, key in zip(acted, zip(loans, when, strict=True), strict=True)}


def _line(
    bank: Bank, loan: int, told: Mapping[str, Any], chance: float, now: Mapping[int, float],
    before: Mapping[int, float],
) -> dict[str, Any]:  # fmt: skip
    month = before.get(loan)
    return {
        "loan_id": loan, "action": WORDS.get(told["kind"], told["kind"]),
        "day": day_of(bank, told["at"]), "amount_minor": told["amount_minor"],
        "left_minor": told["value_minor"], "month": month, "after": chance,
        "change": None if month is None else chance - month, "now": now.get(loan),
        "grade": grade_of(chance),
    }  # fmt: skip


def _figures(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """How many newest actions moved a loan into a worse or better grade, and by kind of action."""
    seen = [row for row in rows if row["change"] is not None]
    kinds = sorted({row["action"] for row in seen})
    return {
        "loans": len(rows), "compared": len(seen),
        "worse": sum(_rank(row["after"]) < _rank(row["month"]) for row in seen),
        "better": sum(_rank(row["after"]) > _rank(row["month"]) for row in seen),
        "by_kind": [
            {
                "action": kind, "loans": len(own),
                "change": float(np.mean([row["change"] for row in own])),
                "rose": float(np.mean([row["change"] > 0 for row in own])),
            }
            for kind in kinds if (own := [row for row in seen if row["action"] == kind])
        ],
    }  # fmt: skip


def _rank(chance: float) -> int:
    """Place of the chance's grade, the riskiest first."""
    from bankmine.tasks.behaviour_score.grades import GRADES

    return GRADES.index(grade_of(chance))


def _paths(bank: Bank, asked: Asked, acted: Ints, now: Mapping[int, float]) -> dict[str, Any]:
    """By week, the score after the last action so far, of the loans whose score moved most."""
    zone, at = bank.warehouse.zone, micros(asked.rows.column("cutoff"))
    loan = np.asarray(asked.rows.column("subject_id").to_numpy(), dtype=np.int64)
    weeks = [zone.days_before(bank.cutoff, 7 * back) for back in range(WEEKS - 1, -1, -1)]
    moved: list[tuple[float, int]] = []
    for one in np.unique(loan[acted]):
        own = asked.probability[acted[loan[acted] == one]]
        if len(own) > 2:
            moved.append((-float(own.max() - own.min()), int(one)))
    series = []
    for _, one in sorted(moved)[:PATHS]:
        places = acted[loan[acted] == one]
        places = places[np.argsort(at[places], kind="stable")]
        series.append({"loan_id": one, "values": [_held(at[places], asked.probability[places], week)
                                                  for week in weeks[:-1]] + [now.get(one)]})  # fmt: skip
    return {"weeks": [zone.show(week)[:10] for week in weeks], "series": series}


def _held(at: Ints, chance: Floats, when: int) -> float | None:
    """The score after the last action before an instant; None before the first."""
    place = int(np.searchsorted(at, when, side="right")) - 1
    return None if place < 0 else float(chance[place])


def _path_rows(
    bank: Bank, asked: Asked, acted: Ints, told: Mapping[int, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Every action of the loans of which more than the newest was scored."""
    loan = asked.rows.column("subject_id").to_pylist()
    times = Counter(loan[one] for one in acted.tolist())
    return [
        {
            "loan_id": loan[one], "day": day_of(bank, told[one]["at"]),
            "action": WORDS.get(told[one]["kind"], told[one]["kind"]),
            "amount_minor": told[one]["amount_minor"], "after": float(asked.probability[one]),
        }
        for one in acted.tolist()
        if times[loan[one]] > 1
    ]  # fmt: skip


def _tables(rows: list[dict[str, Any]], path: list[dict[str, Any]]) -> dict[str, Kept]:
    import pyarrow as pa

    columns = {
        "loan_id": Shape("Loan", "key"), "action": Shape("Newest action"), "day": Shape("Day", "day"),
        "amount_minor": Shape("Amount", "money"), "left_minor": Shape("Principal left", "money"),
        "month": Shape("Score a month ago", "share"), "after": Shape("After the action", "share"),
        "now": Shape("Today", "share"), "grade": Shape("Grade"),
    }  # fmt: skip
    steps = {
        "loan_id": Shape("Loan", "key"), "day": Shape("Day", "day"), "action": Shape("Action"),
        "amount_minor": Shape("Amount", "money"), "after": Shape("Score after it", "share"),
    }  # fmt: skip
    schema = pa.schema(
        [("loan_id", pa.int64()), ("day", pa.date32()), ("action", pa.string()), ("amount_minor", pa.int64()),
         ("after", pa.float64())]
    )  # fmt: skip
    return {
        "after_actions": Kept(
            table=pa.Table.from_pylist(rows), title="The score after the newest action", columns=columns,
            sentence="Loans whose score rose most since the month's score stand first.",
        ),
        "path": Kept(
            table=pa.Table.from_pylist(path, schema=schema), title="The path of the score", columns=steps,
            shown=12,
            sentence="Actions of the last three months of loans that are late now, with the score after.",
        ),
    }  # fmt: skip


def _by_loan(loan: Ints, at: Ints, chance: Floats, when: int) -> dict[int, float]:
    here = np.flatnonzero(at == when)
    return dict(zip(loan[here].tolist(), chance[here].tolist(), strict=True))


def _newest(loan: Ints, at: Ints) -> Ints:
    """The place of each loan's last row, by loan."""
    order = np.lexsort((at, loan))
    last = np.append(loan[order][1:] != loan[order][:-1], True)
    return np.asarray(order[last], dtype=np.int64)

"""What those who left did in the 90 days before, against others in the same 90 days.

Each leaver of the last year is set beside three customers, drawn by a hash, whose relation was open on the
same day and stayed so; both are looked at over the 90 days that end a week before that day, for in the last
week accounts are only wound up. The comparison is that of `mining.description.before`: Mann–Whitney over
persons, with control of false discoveries over all kinds. Of more than `MOST_LEAVERS` leavers so many are
looked at, drawn by a hash: each is set against all customers of its day.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import DAY, Zone
from bankmine.bank.hashing import splitmix64
from bankmine.engine.session import Session
from bankmine.errors import FeasibilityError
from bankmine.tasks.churn.features import own_bank
from bankmine.tasks.contract import Bank, Floats, Ints
from bankmine.tasks.sql import instants, statement

FOLDER = Path(__file__).parent
DAYS, WINDING_UP, LATEST, OTHERS, MOST = 90, 7, 365, 3, 20
MOST_LEAVERS = 2_000
_PARTS = {"transaction": "before_paid", "digital_event": "before_digital", "interaction": "before_said"}
_OPEN = "SELECT customer_id, since FROM customer WHERE since IS NOT NULL ORDER BY customer_id"


def what_they_did(bank: Bank, closed: dict[int, int]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The kinds that set leavers apart, strongest first, and how many were compared.

    None where fewer than ten left.
    """
    asked, leavers = _asked(bank, closed)
    about = {
        "leavers": int(leavers.sum()),
        "others": int((~leavers).sum()),
        "days": DAYS,
        "ends_before": WINDING_UP,
    }
    if leavers.sum() < 10:
        return [], about
    kinds, counts = _counts(bank, asked)
    from bankmine.mining.description.before import traces

    try:
        found = traces(counts[leavers], counts[~leavers], kinds)
    except FeasibilityError:
        return [], about
    return [asdict(one) for one in found[:MOST]], about | {"kinds": len(kinds)}


def _asked(bank: Bank, closed: dict[int, int]) -> tuple[Any, Any]:
    """One row a leaver and a few for others on the same day: customer, window; and which rows leave."""
    import pyarrow as pa

    zone = bank.warehouse.zone
    today = int(zone.to_local(np.array([bank.cutoff]))[0] // DAY)
    recent = _few([(one, day) for one, day in sorted(closed.items()) if today - LATEST <= day < today])
    with Session(bank.warehouse, bank.cutoff, memory=bank.memory, threads=bank.threads) as session:
        every = session.arrow(_OPEN)
    ids = every.column("customer_id").to_numpy()
    since = every.column("since").cast("int32").to_numpy()
    ends = np.array([closed.get(int(one), 10**6) for one in ids])
    people, days, leaves = [], [], []
    for number, (customer, day) in enumerate(recent):
        stay = np.flatnonzero((since < day - DAYS) & (ends > day + DAYS))
        drawn = _least(splitmix64(ids[stay] ^ np.int64(number)), OTHERS)
        for one, leaving in [(customer, True), *((int(ids[stay[place]]), False) for place in drawn)]:
            people.append(one)
            days.append(day)
            leaves.append(leaving)
    to = (np.array(days, dtype=np.int64) - WINDING_UP) * DAY
    return (
        pa.table(
            {
                "row_number": np.arange(len(people)), "customer_id": pa.array(people, pa.int64()),
                "window_from": _instants(zone, to - DAYS * DAY), "window_to": _instants(zone, to),
            }
        ),
        np.array(leaves, dtype=np.bool_),
    )  # fmt: skip


def _few(leavers: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The (customer, day) of at most MOST_LEAVERS of them, in order."""
    if len(leavers) <= MOST_LEAVERS:
        return leavers
    drawn = _least(splitmix64(np.array([one for one, _ in leavers], dtype=np.int64)), MOST_LEAVERS)
    return [leavers[place] for place in np.sort(drawn)]


def _least(values: NDArray[np.uint64], count: int) -> Ints:
    """The places of the least `count` of different values, ascending by value."""
    some = np.argpartition(values, count)[:count] if len(values) > count else np.arange(len(values))
    return np.asarray(some[np.argsort(values[some], kind="stable")], dtype=np.int64)


def _instants(zone: Zone, local: Ints) -> Any:
    return instants(zone.to_utc(local))


def _counts(bank: Bank, asked: Any) -> tuple[list[str], Floats]:
    """The kinds of all tables the bank has, and how often each row did each; shape (rows, kinds)."""
    parts = []
    with Session(bank.warehouse, bank.cutoff, memory=bank.memory, threads=bank.threads) as session:
        session.register("asked_rows", asked)
        for table, name in _PARTS.items():
            if bank.warehouse.has(table):
                sql = statement(FOLDER, name)
                given = {"own_bank": own_bank(bank)} if "$own_bank" in sql else None
                parts.append(session.arrow(sql, given))
        bank.note("before", session.statements)
    kinds = sorted({kind for part in parts for kind in part.column("kind").to_pylist()})
    place = {kind: number for number, kind in enumerate(kinds)}
    counts = np.zeros((asked.num_rows, len(kinds)))
    for part in parts:
        rows = part.column("row_number").to_numpy()
        columns = [place[kind] for kind in part.column("kind").to_pylist()]
        counts[rows, columns] = part.column("times").to_numpy()
    return kinds, counts

"""What loans of each state are expected to lose in a year, from the bank's own past.

For every month of history with a whole follow-up: of the principal lent in a state (line or instalments, by
days past due), the part written off in the months after, less what comes back. States with few losses take
the rate of both forms together; with few in both, that of the whole book. A year's loss spread over twelve
months adds up over the book to what was really lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank
from bankmine.tasks.sql import instants, statement

FOLDER = Path(__file__).parent
LATE_FROM = (0, 1, 31, 61, 90)
FORMS = ("instalments", "line")
FEWEST = 5  # losses below which a state borrows the rate of a wider one
_UNIT = 100_000_000
_FOLLOW, _LONGEST = 12, 48


class State(NamedTuple):
    """Principal lent over all months, what of it was lost, and how many loans lost it."""

    lent: int
    lost: int
    losses: int


def loss_rates(bank: Bank, cutoffs: Sequence[int]) -> Any:
    """Yearly loss by cutoff, form and lateness in [late_from, late_until), in whole 1e-8 of the principal."""
    import pyarrow as pa

    rows = []
    for at in cutoffs:
        rates = _rates_at(bank, at)
        for (form, late), rate in rates.items():
            place = LATE_FROM.index(late)
            until = LATE_FROM[place + 1] if place + 1 < len(LATE_FROM) else 1 << 40
            rows.append((at, form, late, until, round(rate * _UNIT)))
    columns = list(zip(*rows, strict=True))
    return pa.table(
        {
            "cutoff": pa.array(columns[0], pa.int64()), "form": pa.array(columns[1], pa.string()),
            "late_from": pa.array(columns[2], pa.int64()), "late_until": pa.array(columns[3], pa.int64()),
            "loss": pa.array(columns[4], pa.int64()),
        }
    )  # fmt: skip


def _rates_at(bank: Bank, at: int) -> dict[tuple[str, int], float]:
    """The yearly net loss of each state as known at a cutoff; zero for banks without events of loans."""
    states = {(form, late): State(0, 0, 0) for form in FORMS for late in LATE_FROM}
    if not (bank.warehouse.has("loan") and bank.warehouse.has("loan_event")):
        return dict.fromkeys(states, 0.0)
    follow, grid = _grid(bank, at)
    with Session(bank.warehouse, at, until=at, memory=bank.memory, threads=bank.threads) as session:
        session.register("grid", grid)
        found = session.arrow(statement(FOLDER, "loan_losses"), {"cutoff": at}).to_pylist()
        back = session.arrow(statement(FOLDER, "loan_recoveries")).to_pylist()[0]
        bank.note("expected loss of loans", session.statements)
    for row in found:
        state = State(int(row["lent_minor"]), int(row["lost_minor"]), int(row["losses"]))
        states[row["form"], int(row["late_from"])] = state
    kept = 1.0 - min(1.0, int(back["recovered_minor"]) / max(int(back["lost_minor"]), 1))
    return yearly(states, share_lost=kept, follow_months=follow)


def yearly(
    states: dict[tuple[str, int], State], *, share_lost: float, follow_months: int
) -> dict[tuple[str, int], float]:
    """The yearly net loss of each state, wider states standing in where fewer than five loans lost."""
    scale = share_lost * 12.0 / max(follow_months, 1)
    book = _together(list(states.values()))
    rates = {}
    for form, late in states:
        own = states[form, late]
        alike = _together([states[other, late] for other in FORMS])
        chosen = next((one for one in (own, alike) if one.losses >= FEWEST), book)
        rates[form, late] = min(1.0, scale * chosen.lost / chosen.lent) if chosen.lent else 0.0
    return rates


def _together(states: Sequence[State]) -> State:
    return State(*(sum(one) for one in zip(*states, strict=True)))


def _grid(bank: Bank, at: int) -> tuple[int, Any]:
    """Month ends with a whole follow-up, and how many months that is: twelve, or half of a short history."""
    import pyarrow as pa

    zone, covered = bank.warehouse.zone, bank.warehouse.coverage("loan_event")
    start = covered[0] if covered else at
    months = 0
    while months < _LONGEST and zone.months_before(at, months + 1) >= start:
        months += 1
    follow = max(1, min(_FOLLOW, months // 2))
    ends = [zone.months_before(at, back) for back in range(follow, months)]
    later = [zone.months_before(at, back - follow) for back in range(follow, months)]
    table = pa.table(
        {
            "cutoff": np.full(len(ends), at, dtype=np.int64),
            "ends": instants(np.array(ends, dtype=np.int64)),
            "follow_ends": instants(np.array(later, dtype=np.int64)),
        }
    )
    return follow, table

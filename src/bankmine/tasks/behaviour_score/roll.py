"""Roll rates: of the loans in each bucket of days past due, how many are where a month later.

Each end is read as known at that end, so a matrix can be drawn on the day the month is over and is never
made better by what was learnt later. A loan counts in a month where it stood in a bucket at its beginning;
where it stands at the end is always said, also repaid, written off, or no longer known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.engine.journey import Journey
from bankmine.evaluation.calibration import wilson
from bankmine.tasks.behaviour_score.rows import civil
from bankmine.tasks.contract import Bank, Ints
from bankmine.tasks.population import months_back
from bankmine.tasks.sql import statement

FOLDER = Path(__file__).parent
EDGES = (1, 30, 60, 90)  # days past due from which a bucket begins
BUCKETS = ("current", "1–29", "30–59", "60–89", "90+")
ENDS = (*BUCKETS, "written off", "repaid", "not known")
LOST, REPAID, UNKNOWN = len(BUCKETS), len(BUCKETS) + 1, len(BUCKETS) + 2
MOST_MONTHS = 24


@dataclass(frozen=True)
class Stand:
    """Where loans stand at one instant: `loan` (n,) sorted and unique, `place` (n,) in ENDS."""

    loan: Ints
    place: Ints


def place_of(past_due: Ints, left: Ints, lost: Any) -> Ints:
    """The place in ENDS of loans by days past due, principal left and whether they were written off."""
    bucket = np.searchsorted(np.array(EDGES), past_due, side="right")
    return np.asarray(np.where(lost, LOST, np.where(left <= 0, REPAID, bucket)), dtype=np.int64)


def rolled(begin: Stand, end: Stand) -> Ints:
    """Counts (buckets, ends) of loans in each bucket at the beginning by where they are at the end."""
    inside = begin.place < len(BUCKETS)
    loan, from_ = begin.loan[inside], begin.place[inside]
    to = np.full(len(loan), UNKNOWN)
    if len(end.loan):
        at = np.searchsorted(end.loan, loan).clip(max=len(end.loan) - 1)
        to = np.where(end.loan[at] == loan, end.place[at], UNKNOWN)
    counts = np.zeros((len(BUCKETS), len(ENDS)), dtype=np.int64)
    np.add.at(counts, (from_, to), 1)
    return counts


def read_rolls(bank: Bank, left_out: Ints, *, most: int = MOST_MONTHS) -> tuple[list[str], list[Ints]]:
    """The matrix of each of the last months (at most `most`), with the civil date each month ends."""
    zone = bank.warehouse.zone
    covered = bank.warehouse.coverage("loan_event")
    start = covered[0] if covered else bank.cutoff
    months = months_back(bank, from_month=1, earliest=zone.days_before(start, -31))[-most:]
    sql = statement(FOLDER, "stands")
    with Journey(bank.warehouse, sql, memory=bank.memory, threads=bank.threads) as journey:
        stands = [_stand(journey.ask(at, civil(bank, at)), left_out) for at in (*months, bank.cutoff)]
        bank.note("roll rates", journey.statements)
    dates = [zone.show(at) for at in (*months, bank.cutoff)][1:]
    return dates, [rolled(one, two) for one, two in pairwise(stands)]


def as_plain(dates: Sequence[str], matrices: Sequence[Ints]) -> dict[str, Any]:
    """The matrix of the last twelve months together, with shares and Wilson's intervals, and each month's own
    share of current loans that fell behind and of 30–59 that rolled on."""
    if not matrices:
        return {}
    total = np.sum(matrices[-12:], axis=0)
    sums = total.sum(axis=1)
    return {
        "buckets": list(BUCKETS), "ends": list(ENDS), "counts": total.tolist(), "months": len(matrices[-12:]),
        "shares": [[None if not sums[i] else float(one) / float(sums[i]) for one in row]
                   for i, row in enumerate(total)],
        "worse": [_worse(total, place) for place in range(len(BUCKETS))],
        "by_month": [
            {"month": day, "counts": matrix.tolist(), "worse": [_worse(matrix, at) for at in range(4)]}
            for day, matrix in zip(dates, matrices, strict=True)
        ],
    }  # fmt: skip


def _worse(counts: Ints, place: int) -> dict[str, Any] | None:
    """How many of a bucket are in a worse one, or written off, a month later; None where it was empty."""
    row = counts[place]
    total, worse = int(row.sum()), int(row[place + 1 : LOST + 1].sum())
    if not total:
        return None
    low, high = wilson(worse, total)
    return {"loans": total, "worse": worse, "share": worse / total, "low": low, "high": high}


def _stand(found: Any, left_out: Ints) -> Stand:
    loan = np.asarray(found.column("loan_id").to_numpy(), dtype=np.int64)
    left = found.column("left_minor").fill_null(1)  # never told: not repaid
    place = place_of(
        np.asarray(found.column("past_due").to_numpy(), dtype=np.int64),
        np.asarray(left.to_numpy(), dtype=np.int64),
        np.asarray(found.column("lost").to_numpy(zero_copy_only=False), dtype=np.bool_),
    )
    kept = ~np.isin(loan, left_out)
    return Stand(loan[kept], place[kept])

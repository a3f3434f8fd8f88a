"""Need against use: what became of the money of a loan in the days after it was paid out.

Who borrows for a purchase pays for it within days; who never meant to moves the money on within hours. From
the loan's first disbursement on, for `USE_DAYS` days of elapsed time and before the cutoff, the payments made
by the customer are looked at, each owner's rows of joint accounts too, declined ones left out:

- `used_share`: the largest of them as a fraction of what was disbursed;
- `used_hours`: elapsed hours until the first that is at least half of it; missing while there is none.

Both are missing for a line of credit and where the disbursement lies before the records.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.bank.civil import DAY, HOUR
from bankmine.customers.computed.found import Found
from bankmine.customers.computed.visible import NEVER, Ints, Visible, ints, visible
from bankmine.customers.subjects import Subjects
from bankmine.engine.session import Session

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

COLUMNS = ("used_share", "used_hours")
USE_DAYS = 30
_PAYMENTS = f"""
WITH ever AS (
  SELECT DISTINCT l.customer_id, l.begins, t.transaction_id
  FROM transaction_versions t JOIN lent l ON t.customer_id = l.customer_id
    AND t.event_time >= make_timestamptz(l.begins) AND t.event_time < make_timestamptz(l.ends)
),
versions AS (
  SELECT transaction_id, customer_id, event_time, known_at, cancelled, direction, status, base_minor,
    lead(known_at) OVER (PARTITION BY transaction_id, customer_id ORDER BY known_at, load_number)
      AS known_until
  FROM transaction_versions SEMI JOIN ever USING (transaction_id, customer_id)
)
SELECT e.customer_id, e.begins, epoch_us(v.event_time) AS happened, epoch_us(v.known_at) AS known,
  coalesce(epoch_us(v.known_until), {NEVER}) AS known_until, v.base_minor
FROM ever e JOIN versions v USING (transaction_id, customer_id)
WHERE NOT v.cancelled AND v.direction = 'out' AND v.status <> 'declined' AND v.base_minor IS NOT NULL
  AND v.event_time >= make_timestamptz(e.begins)
  AND v.event_time < make_timestamptz(e.begins + {USE_DAYS * DAY})
ORDER BY e.customer_id, e.begins, happened, v.base_minor, known
"""


def compute(
    warehouse: Warehouse, columns: Sequence[str], subjects: Subjects, *, memory: str, threads: int
) -> Found:
    """`used_share` and `used_hours` of the loan that is the subject."""
    seen = visible(
        warehouse, "loan_event", ["kind", "amount_minor"], "loan_id", subjects, memory=memory, threads=threads
    )
    lent = _first(seen.where((seen.codes("kind", ("disbursed",)) == 0) & (seen.whole("amount_minor") > 0)))
    payments, statements = _payments(warehouse, subjects, lent, memory, threads)
    values = _used(payments, subjects, lent)
    return Found({name: values[name] for name in columns}, {}, (*seen.statements, *statements))


def _first(lent: Visible) -> Visible:
    """The first disbursement of each row that has one."""
    return lent.where(np.diff(lent.row, prepend=-1) != 0)


def _payments(
    warehouse: Warehouse, subjects: Subjects, lent: Visible, memory: str, threads: int
) -> tuple[Any, tuple[str, ...]]:
    """Every version of the payments made in the days after a disbursement, and the SQL."""
    import pyarrow as pa

    customer = subjects.keys["customer_id"][lent.row]
    asked = np.unique(np.stack([customer, lent.time], axis=1), axis=0)
    table = pa.table(
        {"customer_id": asked[:, 0], "begins": asked[:, 1], "ends": asked[:, 1] + USE_DAYS * DAY}
    )
    with Session(warehouse, memory=memory, threads=threads) as session:
        session.register("lent", table)
        return session.arrow(_PAYMENTS), tuple(session.statements)


def _used(payments: Any, subjects: Subjects, lent: Visible) -> dict[str, Any]:
    """Both columns; the payments of each row are those of its (customer, disbursement)."""
    import pyarrow as pa

    names = ("customer_id", "begins", "happened", "known", "known_until", "base_minor")
    customer, begins, happened, known, until, amount = (ints(payments, name) for name in names)
    first, last = _ranges((customer, begins), (subjects.keys["customer_id"][lent.row], lent.time))
    size = last - first
    place = np.repeat(np.arange(len(lent.row)), size)
    payment = np.arange(len(place)) - np.repeat(np.cumsum(size) - size, size) + first[place]
    row = lent.row[place]
    counts = (happened[payment] < subjects.cutoffs[row]) & (known[payment] <= subjects.knowledge[row])
    counts &= subjects.knowledge[row] < until[payment]
    row, payment, place = row[counts], payment[counts], place[counts]
    most = np.zeros(len(subjects), np.int64)
    np.maximum.at(most, row, amount[payment])
    disbursed, there = np.ones(len(subjects), np.int64), np.zeros(len(subjects), np.bool_)
    disbursed[lent.row], there[lent.row] = lent.whole("amount_minor"), True
    half = 2 * amount[payment] >= disbursed[row]
    soonest = np.full(len(subjects), NEVER)
    np.minimum.at(soonest, row[half], (happened[payment] - lent.time[place])[half])
    moved = soonest < NEVER
    return {
        "used_share": pa.array(most / disbursed, mask=~there),
        "used_hours": pa.array(np.where(moved, soonest, 0) / HOUR, mask=~moved),
    }


def _ranges(keys: tuple[Ints, Ints], asked: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """Where each asked pair begins and ends among the pairs, which are in order."""
    pairs = np.stack([np.r_[keys[0], asked[0]], np.r_[keys[1], asked[1]]], axis=1)
    _, code = np.unique(pairs, axis=0, return_inverse=True)
    code = code.reshape(-1)
    mine, wanted = code[: len(keys[0])], code[len(keys[0]) :]
    return np.searchsorted(mine, wanted, side="left"), np.searchsorted(mine, wanted, side="right")

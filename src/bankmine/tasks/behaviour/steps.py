"""Steps of customers in the app, on the site and in the branch, as sequences at each cutoff.

A step is a page or an action, in words ("rates", "product loan", "complaint in the branch fees"). At a
cutoff a customer's sequence holds the steps of the `PAST_DAYS` before it that were known there, logins left
out: they come with every visit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import DAY
from bankmine.bank.hashing import bucket_of
from bankmine.engine.journey import Journey
from bankmine.engine.session import Session
from bankmine.mining.association.sequences import Sequences
from bankmine.tasks.contract import Bank
from bankmine.tasks.sql import micros, statement

FOLDER = Path(__file__).parent
PAST_DAYS = 60
PORTION, MOST_PORTIONS = 20_000, 64  # customers; no table is kept in fewer buckets
LOGIN = "login"
SOURCES = (
    ("digital_event", "steps_digital"),
    ("interaction", "steps_contact"),
    ("transaction", "steps_branch"),
)

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Walks:
    """Rows (customer, cutoff µs), sorted by cutoff and customer, and each one's sequence of steps.

    Times of the sequences are days before the cutoff, negative.
    """

    customer: Ints
    cutoff: Ints
    sequences: Sequences

    def place(self, customer: Ints, cutoff: Ints) -> Ints:
        """The row of each customer at each cutoff; -1 where there is none."""
        found = np.full(len(customer), -1, dtype=np.int64)
        starts, ends = (np.searchsorted(self.cutoff, cutoff, side=side) for side in ("left", "right"))
        for first in np.unique(starts):
            here = np.flatnonzero((starts == first) & (ends > first))
            if len(here):
                known = self.customer[first : ends[here[0]]]
                at = np.searchsorted(known, customer[here]).clip(max=len(known) - 1)
                found[here] = np.where(known[at] == customer[here], first + at, -1)
        return found


def walks_at(bank: Bank, cutoffs: Sequence[int], *, kind: str, of: Ints | None = None) -> Walks:
    """The sequence of every customer of the kind at every cutoff, empty ones included; `of` some only."""
    zone, families = bank.warehouse.zone, _families(bank)
    customers, at, rows = [], [], []
    with Journey(bank.warehouse, statement(FOLDER, "path_rows"), memory=bank.memory) as journey:
        for one in sorted(cutoffs):
            found = journey.ask(one, {"kind": kind}).column("customer_id").to_numpy()
            found = found if of is None else found[np.isin(found, of)]
            customers.append(np.sort(found))
            at.append(np.full(len(found), one, dtype=np.int64))
        bank.note("paths.customers", journey.statements[:1])
    customer, cutoff = np.concatenate(customers), np.concatenate(at)
    several = _portions(customer) if of is None and len(cutoffs) == 1 else [of]
    for table, name in SOURCES:
        for some in several if bank.warehouse.has(table) else ():
            rows += _steps(bank, name, sorted(cutoffs), lambda one: zone.days_before(one, PAST_DAYS), some)
    return _walks(customer, cutoff, rows, families)


def _portions(customers: Ints) -> list[Ints | None]:
    """Everybody at once where they are few, else portions that share no bucket: sorting out corrections of
    all payments of a large bank in one statement needs more memory than a task is given."""
    many, number = len(customers), 1
    while many > PORTION * number and number < MOST_PORTIONS:
        number *= 2
    if number == 1:
        return [None]
    portion = bucket_of(customers, number)
    return [customers[portion == one] for one in range(number)]


def sessions(bank: Bank, *, days: int) -> Sequences | None:
    """The paths of single sessions in the last days before the cutoff; None without the table."""
    if not bank.warehouse.has("digital_event"):
        return None
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory) as session:
        found = session.arrow(
            statement(FOLDER, "steps_digital"), {"since": bank.warehouse.zone.days_before(bank.cutoff, days)}
        )
        bank.note("paths.sessions", session.statements)
    found = found.filter(found.column("session_id").is_valid())
    key = found.column("session_id").to_numpy()
    order = np.lexsort((found.column("seq").to_numpy(), micros(found.column("event_time")), key))
    steps = _in_words(found.column("step").take(order), _families(bank))
    return Sequences.of_events(key[order], steps)


def _steps(
    bank: Bank, name: str, cutoffs: Sequence[int], since: Any, of: Ints | None
) -> list[tuple[Any, ...]]:
    """(customer, cutoff, time, seq, step) columns of one source at each cutoff, as known there."""
    made, sql = [], statement(FOLDER, name)
    for cutoff, found in _asked(bank, sql, cutoffs, since, of):
        made.append(
            (
                found.column("customer_id").to_numpy(), np.full(found.num_rows, cutoff, dtype=np.int64),
                micros(found.column("event_time")), found.column("seq").to_numpy(), found.column("step"),
            )
        )  # fmt: skip
    bank.note(f"paths.{name}", [sql.strip()])
    return made


def _asked(
    bank: Bank, sql: str, cutoffs: Sequence[int], since: Any, of: Ints | None
) -> Iterator[tuple[int, Any]]:
    """What the statement says at each cutoff, as known there: tables are read once for several cutoffs; for
    one alone no more than its days are kept."""
    if len(cutoffs) == 1 and of is None:
        (at,) = cutoffs
        with Session(bank.warehouse, at, until=at, memory=bank.memory, threads=bank.threads) as session:
            yield at, session.arrow(sql, {"since": since(at)})
        return
    with Journey(
        bank.warehouse, sql, memory=bank.memory, threads=bank.threads, customers=of, alone=True
    ) as journey:
        for at in cutoffs:
            yield at, journey.ask(at, {"since": since(at)})


def _walks(customer: Ints, cutoff: Ints, parts: list[tuple[Any, ...]], families: dict[str, str]) -> Walks:
    import pyarrow as pa

    empty = Walks(customer, cutoff, Sequences.of([[] for _ in customer]))
    if not parts:
        return empty
    who, at, time, seq = (np.concatenate([part[place] for part in parts]) for place in range(4))
    steps = pa.concat_arrays([chunk for part in parts for chunk in _in_words(part[4], families).chunks])
    row = empty.place(who, at)
    step_of = steps.dictionary_encode()
    login = np.flatnonzero([word == LOGIN for word in step_of.dictionary.to_pylist()])
    row = np.where(np.isin(step_of.indices.to_numpy(), login), -1, row)
    order = np.lexsort((seq, time, row))
    order = order[row[order] >= 0]
    order = order[~_goes_on(row[order], step_of.take(pa.array(order)))]
    offsets = np.searchsorted(row[order], np.arange(len(customer) + 1)).astype(np.int64)
    events = Sequences.of_events(row[order], steps.take(pa.array(order)), (time[order] - at[order]) / DAY)
    return Walks(customer, cutoff, Sequences(offsets, events.elements, events.times))


def _goes_on(row: Ints, step_of: Any) -> NDArray[np.bool_]:
    """Steps that the next one only completes ("transfer" before "transfer submit"): one step, not two."""
    words, code = step_of.dictionary.to_pylist(), step_of.indices.to_numpy()
    known = {word: place for place, word in enumerate(words)}
    begun = np.array([known.get(word.rsplit(" ", 1)[0], -2) if " " in word else -2 for word in words] or [-2])
    found = np.zeros(len(code), dtype=np.bool_)
    found[:-1] = (begun[code[1:]] == code[:-1]) & (row[1:] == row[:-1])
    return found


def _in_words(column: Any, families: dict[str, str]) -> Any:
    """Steps with the product's family in place of its code; a step without a page is a login."""
    import pyarrow as pa

    encoded = column.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = pa.concat_arrays(encoded.chunks) if encoded.num_chunks else pa.array([], pa.string())
    encoded = encoded.cast(pa.string()).dictionary_encode()
    words = [
        " ".join(families.get(word, word) for word in one.split(" "))
        for one in encoded.dictionary.to_pylist()
    ]
    return pa.chunked_array([pa.array(words, pa.string()).take(encoded.indices)])


def _families(bank: Bank) -> dict[str, str]:
    if not bank.warehouse.has("product"):
        return {}
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory) as session:
        found = session.arrow(statement(FOLDER, "families"))
    return dict(
        zip(found.column("product_code").to_pylist(), found.column("family").to_pylist(), strict=True)
    )

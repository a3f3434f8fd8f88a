"""What applicants wrote, against what is known otherwise: features of kind text.

The purpose of an application is encrypted under the person's own key. It is decrypted with the bank's keys
where they are there, masked at once, and only the masked text leaves this module. The fields it is compared
with are those of the form, the accounts, the bureau's last report that may be read and the network, each as
known at the row and before its cutoff. Without keys, or for a person who was erased, everything here is
missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from bankmine.customers.computed.found import Found
from bankmine.customers.computed.links_in_time import sql
from bankmine.engine.session import Session

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse
    from bankmine.customers.subjects import Subjects

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
CHECKS = (
    "income_form", "income_paid", "income_level", "work", "tenure", "debt", "amount", "purpose", "alone",
    "unaided",
)  # fmt: skip
CONTEXT = "credit_application.purpose_text"
NO_KEYS = "The bank's keys are not there: what applicants wrote cannot be read and is missing."


@dataclass(frozen=True)
class Written:
    """The applications' texts of a state of the warehouse, masked, in the order in which they could be read.

    `happened` and `told` (µs) say when each was written and known; `texts` are None where nothing was
    written or it cannot be read; `readable` says that there were keys.
    """

    application: Ints
    customer: Ints
    happened: Ints
    told: Ints
    texts: tuple[str | None, ...]
    table: Any
    readable: bool
    statements: tuple[str, ...]


_READ: WeakKeyDictionary[Warehouse, Written] = WeakKeyDictionary()


def written(warehouse: Warehouse, *, memory: str = "1GB", threads: int = 2) -> Written:
    """All purposes of applications, decrypted and masked; read once for a state of the warehouse."""
    if warehouse not in _READ:
        with Session(warehouse, memory=memory, threads=threads) as session:
            table = session.arrow(sql("text_written"))
            statements = tuple(session.statements)
        customer = table.column("customer_id").to_pylist()
        sealed = table.column("purpose_text").to_pylist()
        texts = _decrypted(warehouse, sealed, customer)
        _READ[warehouse] = Written(
            _whole(table, "application_id"), _whole(table, "customer_id"), _whole(table, "happened"),
            _whole(table, "told"), texts or (None,) * len(sealed), table, texts is not None, statements,
        )  # fmt: skip
    return _READ[warehouse]


def _decrypted(
    warehouse: Warehouse, sealed: Sequence[bytes | None], customers: Sequence[int | None]
) -> tuple[str | None, ...] | None:
    """Masked texts; None altogether where the bank's keys are not there."""
    from bankmine.mining.text.masking import mask

    plain = decrypted(warehouse, sealed, customers, CONTEXT)
    return None if plain is None else tuple(None if text is None else mask(text) for text in plain)


def decrypted(
    warehouse: Warehouse, sealed: Sequence[bytes | None], customers: Sequence[int | None], context: str
) -> list[str | None] | None:
    """Plain texts, None where one is spoilt or its person erased; None altogether without the bank's keys."""
    from cryptography.exceptions import InvalidTag

    keyring = warehouse.keyring
    if keyring is None:
        return None
    try:
        return keyring.decrypt(sealed, customers, context)
    except (InvalidTag, ValueError):  # one that is spoilt must not hide the others
        return [_one(keyring, *each, context) for each in zip(sealed, customers, strict=True)]


def _one(keyring: Any, secret: bytes | None, owner: int | None, context: str) -> str | None:
    from cryptography.exceptions import InvalidTag

    try:
        return str(found) if (found := keyring.decrypt([secret], [owner], context)[0]) is not None else None
    except (InvalidTag, ValueError):
        return None


def compute(
    warehouse: Warehouse, columns: Sequence[str], subjects: Subjects, *, memory: str, threads: int
) -> Found:
    """`words` (masked text), each of CHECKS (1, 0, null), `contradictions` (null without a text) and
    `copies_before`."""
    import pyarrow as pa

    told = written(warehouse, memory=memory, threads=threads)
    place = _place_of(told, subjects.subject)
    texts = [told.texts[one] if one >= 0 else None for one in place]
    found: dict[str, Any] = {"words": pa.array(texts, pa.string())}
    statements = told.statements
    nothing = np.array([text is None for text in texts], dtype=np.bool_)
    if set(columns) & {*CHECKS, "contradictions"}:
        from bankmine.customers.computed.text_fields import fields_of

        fields, more = fields_of(warehouse, told, place, subjects, memory=memory, threads=threads)
        found |= _checked(texts, fields, nothing)
        statements += more
    if "copies_before" in columns:
        copies = copies_before(told, place, subjects.cutoffs, subjects.knowledge)
        found["copies_before"] = pa.array(copies, mask=nothing)
    unreached = nothing if told.readable else np.ones(len(subjects), dtype=np.bool_)
    notes = () if told.readable else (NO_KEYS,)
    return Found(
        {name: found[name] for name in columns}, dict.fromkeys(columns, unreached),
        tuple(dict.fromkeys(statements)), notes,
    )  # fmt: skip


def _checked(texts: list[str | None], fields: Any, nothing: Bools) -> dict[str, Any]:
    import pyarrow as pa

    from bankmine.mining.text.contradictions import contradictions

    table = contradictions(texts, fields)
    found: dict[str, Any] = {name: table.column(name).combine_chunks().cast(pa.int64()) for name in CHECKS}
    count = table.column("contradictions").to_numpy()
    return found | {"contradictions": pa.array(count, mask=nothing)}


def copies_before(told: Written, place: Ints, cutoffs: Ints, knowledge: Ints) -> Ints:
    """For each asked text, how many other customers handed in a near-copy before the cutoff, as known."""
    from bankmine.mining.text.near_copies import near_copies

    pairs = near_copies(list(told.texts)).pairs
    early, late = pairs["one"].to_numpy(), pairs["other"].to_numpy()
    first = np.searchsorted(late, place, side="left", sorter=(order := np.argsort(late, kind="stable")))
    last = np.searchsorted(late, place, side="right", sorter=order)
    counts = np.zeros(len(place), dtype=np.int64)
    for row in np.flatnonzero((last > first) & (place >= 0)):
        before = early[order[first[row] : last[row]]]
        seen = (told.happened[before] < cutoffs[row]) & (told.told[before] <= knowledge[row])
        counts[row] = len(set(told.customer[before[seen]].tolist()) - {int(told.customer[place[row]])})
    return counts


def _place_of(told: Written, asked: Ints) -> Ints:
    """Place of each asked application among the texts, −1 where it has none."""
    order = np.argsort(told.application, kind="stable")
    if not len(order):
        return np.full(len(asked), -1, dtype=np.int64)
    found = np.searchsorted(told.application, asked, sorter=order).clip(max=len(order) - 1)
    place = order[found]
    return np.where(told.application[place] == asked, place, -1)


def _whole(table: Any, name: str) -> Ints:
    return np.asarray(table.column(name).fill_null(0).to_numpy(), dtype=np.int64)

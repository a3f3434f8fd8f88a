"""What really happened: every payment of every pattern with its role, and which payments were fraud."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.accounts import Accounts
from bankmine.simulation.crime.booked import booked_of
from bankmine.simulation.crime.card_label import card_label
from bankmine.simulation.crime.laundering_label import laundering_label
from bankmine.simulation.crime.planned import KINDS, ROLES
from bankmine.simulation.frame import NEVER, Frame, Ints
from bankmine.simulation.ledger import Ledger
from bankmine.simulation.people import People

if TYPE_CHECKING:
    from bankmine.simulation.crime.committed import Crime


def crime_truth(
    crime: Crime, frame: Frame, who: People, acc: Accounts, ledger: Ledger
) -> dict[str, pa.Table]:
    """Tables `patterns`, `frauds` and the two labels."""
    transactions, booked = crime.transactions(ledger), booked_of(ledger)
    return {
        "patterns": patterns(crime, who, acc, transactions),
        "frauds": frauds(crime, ledger),
        "label_card_fraud": card_label(crime, frame, who, acc, booked, transactions),
        "label_laundering": laundering_label(crime, frame, who, acc, booked),
    }


def patterns(crime: Crime, who: People, acc: Accounts, transactions: Ints) -> pa.Table:
    """One row a booked payment, with the role of its account; then one for each account at another bank.

    `honest` marks the innocent twins. `account` is raw, also of other banks; `at` is the payment's instant,
    for accounts at other banks the pattern's beginning.
    """
    parts, made = crime.parts, crime.entries
    booked = np.flatnonzero(transactions > 0)
    alive = np.zeros(parts.count, dtype=np.bool_)
    alive[crime.part[booked]] = True
    others = np.flatnonzero(
        (parts.other > 0) & (parts.person < 0) & np.isin(parts.pattern, parts.pattern[alive])
    )
    part = np.concatenate([crime.part[booked], others])
    none = np.zeros(others.size, dtype=np.int64)
    person = parts.person[part]
    account = np.where(person >= 0, acc.number[np.maximum(parts.account[part], 0)], parts.other[part])
    card = acc.card_number[np.maximum(parts.card[part], 0)] if acc.card_number.size else none[:0]
    second = np.concatenate([made.second[booked], parts.begins[others]])
    return pa.table(
        {"pattern": columns.key(parts.pattern[part]), "kind": columns.code(parts.kind[part], KINDS),
         "role": columns.code(parts.role[part], ROLES),
         "honest": columns.truth(parts.kind[part] >= KINDS.index("holiday")),
         "customer": columns.key(np.where(person >= 0, who.number[np.maximum(person, 0)], 0)),
         "account": columns.key(account),
         "card": columns.key(np.where(parts.card[part] >= 0, card, 0) if card.size else np.zeros(part.size)),
         "terminal": columns.key(parts.terminal[part]),
         "transaction": columns.key(np.concatenate([transactions[booked], none])), "at": columns.when(second)}
    )  # fmt: skip


def frauds(crime: Crime, ledger: Ledger) -> pa.Table:
    """One row a fraudulent payment, booked or `declined`; `reported`: whether it was confirmed, which a
    declined one never is, and `confirmed_at`: when, null where never."""
    transactions, declined = crime.attempts(ledger)
    here = np.flatnonzero(crime.fraud & (transactions > 0))
    part, confirmed = crime.part[here], np.where(declined, NEVER, crime.verdicts.payment)[here]
    return pa.table(
        {"transaction": columns.key(transactions[here]), "declined": columns.truth(declined[here]),
         "kind": columns.code(crime.parts.kind[part], KINDS),
         "pattern": columns.key(crime.parts.pattern[part]),
         "reported": columns.truth(confirmed < NEVER),
         "confirmed_at": columns.when(confirmed)}
    )  # fmt: skip

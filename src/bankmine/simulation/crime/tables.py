"""Extracts of crime: verdicts (`feedback`), holds (`flags`), and strangers' steps in the app (`digital`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.accounts import Accounts
from bankmine.simulation.catalogue import CODES
from bankmine.simulation.crime.planned import Parts
from bankmine.simulation.crime.takeover import Steps
from bankmine.simulation.entries import COUNTRIES
from bankmine.simulation.frame import DAY, NEVER, Frame, Ints
from bankmine.simulation.ledger import Ledger
from bankmine.simulation.people import FIRST_CUSTOMER, People
from bankmine.simulation.registry import FLAGS, SCHEMA_FLAGS
from bankmine.simulation.service.digital import (
    CHANNELS,
    EVENTS,
    FIRST_SESSION,
    PAGES,
    SCHEMA_DIGITAL,
    STEPS_AT_MOST,
)

if TYPE_CHECKING:
    from bankmine.simulation.credit.lending import Credit
    from bankmine.simulation.crime.committed import Crime

SUBJECTS, LABELS, VERDICTS = (
    ("transaction", "account", "application"),
    ("fraud", "laundering"),
    ("refuted", "confirmed"),
)
SCHEMA_FEEDBACK = pa.schema(
    [
        ("subject_kind", columns.CODE),
        ("subject", pa.int64()),
        ("customer", pa.int64()),
        ("label", columns.CODE),
        ("verdict", columns.CODE),
        ("decided_at", columns.TIMESTAMP),
        ("recorded_at", columns.TIMESTAMP),
    ]
)
_RECORDED_AFTER = 1_800  # seconds from a verdict to its row
CRIME_SESSION = (
    2**19
)  # sessions of crime are in the upper half of a customer's; visits and forms in the lower


def crime_tables(
    crime: Crime, frame: Frame, who: People, acc: Accounts, ledger: Ledger, credit: Credit | None
) -> dict[str, pa.Table]:
    """All extracts of crime; rows of what happened before the period's end."""
    return {
        "feedback": feedback(crime, frame, who, acc, crime.transactions(ledger), credit),
        "flags": _flags(crime, frame, who),
        "digital": _digital(frame, who, crime.steps),
    }


def feedback(
    crime: Crime, frame: Frame, who: People, acc: Accounts, transactions: Ints, credit: Credit | None
) -> pa.Table:
    """Verdicts on transactions, accounts and applications, in the order of time."""
    rows = [_on_transactions(crime, acc, transactions), _on_accounts(crime), _on_applications(credit)]
    subject, key, person, label, confirmed, second = (
        np.concatenate(column) for column in zip(*rows, strict=True)
    )
    number = np.where(person >= 0, who.number[np.maximum(person, 0)], 0)
    if crime.parts.count:
        account = subject == 1
        key = np.where(account, acc.number[np.where(account, key, 0)], key)
    order = np.lexsort((key, subject, second))
    order = order[second[order] + _RECORDED_AFTER < frame.days * DAY]
    subject, key, number, label, confirmed, second = (
        column[order] for column in (subject, key, number, label, confirmed, second)
    )
    return pa.table(
        {"subject_kind": columns.code(subject, SUBJECTS), "subject": columns.key(key),
         "customer": columns.key(number), "label": columns.code(label, LABELS),
         "verdict": columns.code(confirmed, VERDICTS), "decided_at": columns.when(second),
         "recorded_at": columns.when(second + _RECORDED_AFTER)}, schema=SCHEMA_FEEDBACK,
    )  # fmt: skip


Rows = tuple[Ints, Ints, Ints, Ints, Ints, Ints]  # subject kind, key, person, label, confirmed, second


def _on_transactions(crime: Crime, acc: Accounts, transactions: Ints) -> Rows:
    judged = (crime.verdicts.payment < NEVER) & (transactions > 0)
    second = crime.verdicts.payment[judged]
    none = np.zeros(second.size, dtype=np.int64)
    person = acc.owner[crime.entries.account[judged]]
    return none, transactions[judged], person, none, crime.verdicts.fraud[judged].astype(np.int64), second


def _on_accounts(crime: Crime) -> Rows:
    """One verdict of a kind for an account, the first; nothing is refuted once it is confirmed."""
    place, confirmed, second = account_verdicts(crime)
    ones = np.ones(place.size, dtype=np.int64)
    return ones, crime.parts.account[place], crime.parts.person[place], ones, confirmed, second


def account_verdicts(crime: Crime) -> tuple[Ints, Ints, Ints]:
    """Parts whose account is judged, whether confirmed, and when."""
    parts: Parts = crime.parts
    place = np.flatnonzero(crime.verdicts.account < NEVER)
    place = place[np.argsort(crime.verdicts.account[place], kind="stable")]
    confirmed = crime.verdicts.laundering[place].astype(np.int64)
    _, firsts = np.unique(parts.account[place] * 2 + confirmed, return_index=True)
    place, confirmed = place[firsts], confirmed[firsts]
    second = crime.verdicts.account[place]
    known = np.full(int(parts.account.max(initial=0)) + 1, NEVER)
    known[parts.account[place[confirmed == 1]]] = second[confirmed == 1]
    keep = (confirmed == 1) | (second < known[parts.account[place]])
    return place[keep], confirmed[keep], second[keep]


def _on_applications(credit: Credit | None) -> Rows:
    """Applications found to be false, confirmed in the forenoon of the day it is known."""
    if credit is None:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, empty, empty, empty, empty
    found = credit.false
    kind, none = np.full(found.application.size, 2), np.zeros(found.application.size, dtype=np.int64)
    return kind, found.application, found.person, none, none + 1, found.known * DAY + 11 * 3600


def _flags(crime: Crime, frame: Frame, who: People) -> pa.Table:
    """A hold from the first verdict on a fraud, for some days; one at a time."""
    end = frame.days * DAY
    held = np.flatnonzero(crime.verdicts.held < end)
    held = held[np.lexsort((crime.verdicts.held[held], crime.parts.person[held]))]
    person, begins, freed = crime.parts.person[held], crime.verdicts.held[held], crime.verdicts.freed[held]
    again = np.zeros(held.size, dtype=np.bool_)
    again[1:] = (person[1:] == person[:-1]) & (begins[1:] < freed[:-1] + DAY)
    person, begins, freed = person[~again], begins[~again], freed[~again]
    return pa.table(
        {"customer": columns.key(who.number[person]),
         "flag": columns.code(np.full(person.size, FLAGS.index("fraud_hold")), FLAGS),
         "valid_from": columns.when(begins), "valid_to": columns.when(np.where(freed < end, freed, NEVER))},
        schema=SCHEMA_FLAGS,
    )  # fmt: skip


def _digital(frame: Frame, who: People, steps: Steps) -> pa.Table:
    """Steps of strangers and of travellers with a new phone."""
    session = (
        FIRST_SESSION + (who.number[steps.person] - FIRST_CUSTOMER) * 2**20 + CRIME_SESSION + steps.session
    )
    return pa.table(
        {
            "event_no": pa.array(session * STEPS_AT_MOST + steps.step),
            "customer": columns.key(who.number[steps.person]),
            "prospect": pa.nulls(session.size, pa.int64()),
            "happened_at": columns.when(steps.second),
            "channel": columns.code(steps.web.astype(np.int64), CHANNELS),
            "event": columns.code(steps.event, EVENTS),
            "page": columns.code(steps.page, PAGES),
            "product": columns.code(np.full(session.size, -1), CODES),
            "session": pa.array(session),
            "device": pa.array(steps.device),
            "ip_country": columns.code(steps.country, COUNTRIES),
            "duration_ms": pa.array(steps.took),
        },
        schema=SCHEMA_DIGITAL,
    )

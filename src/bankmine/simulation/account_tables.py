"""Extracts of accounts, of who may use them, and of cards."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.accounts import (
    CREDIT_CARD,
    KINDS,
    RENEWED,
    ROLES,
    SCHEMA_ACCOUNTS,
    SCHEMA_CARDS,
    SCHEMA_PARTIES,
    Accounts,
)
from bankmine.simulation.catalogue import CODES
from bankmine.simulation.frame import CURRENCY, NEVER, Frame, Ints
from bankmine.simulation.people import People
from bankmine.simulation.reference import BRANCH_CODES
from bankmine.simulation.standing_orders import order_table


def account_tables(acc: Accounts, frame: Frame, who: People) -> dict[str, pa.Table]:
    """Extracts `accounts`, `parties`, `cards` and `orders` as known at the period's end."""
    return {"accounts": _accounts(acc, frame, who), "parties": _parties(acc, frame, who),
            "cards": _cards(acc, frame, who), "orders": order_table(acc.orders, frame,
            acc.number)}  # fmt: skip


def _known(frame: Frame, days: Ints) -> pa.Array:
    """A day that has come, else null."""
    return columns.day(np.where(days < frame.days, days, NEVER))


def _accounts(acc: Accounts, frame: Frame, who: People) -> pa.Table:
    limit = np.where(acc.family == CREDIT_CARD, 0, acc.limit)
    return pa.table(
        {"account": pa.array(acc.number), "product": columns.code(acc.product, CODES),
         "branch": columns.code(who.branch[acc.owner], BRANCH_CODES), "opened_on": columns.day(acc.opened),
         "closed_on": _known(frame, acc.closed), "ccy": columns.code(acc.owner * 0, [CURRENCY]),
         "overdraft_limit": pa.array(limit)}, schema=SCHEMA_ACCOUNTS,
    ).filter(pa.array(acc.opened < frame.days))  # fmt: skip


def _parties(acc: Accounts, frame: Frame, who: People) -> pa.Table:
    """Owners first, then co-owners, then authorised users."""
    rows = [(np.arange(acc.count), acc.owner)]
    rows += [(np.flatnonzero(other >= 0), other[other >= 0]) for other in (acc.co_owner, acc.authorised)]
    account = np.concatenate([place for place, _ in rows])
    person = np.concatenate([party for _, party in rows])
    role = np.repeat(np.arange(len(ROLES)), [place.size for place, _ in rows])
    since = np.maximum(acc.opened[account], np.where(role > 0, who.joined[person], acc.opened[account]))
    until = np.minimum(acc.closed[account], acc.closed[acc.main[person]])
    table = pa.table(
        {"account": pa.array(acc.number[account]), "customer": pa.array(who.number[person]),
         "role": columns.code(role, ROLES), "valid_from": columns.day(since),
         "valid_to": _known(frame, until)}, schema=SCHEMA_PARTIES,
    )  # fmt: skip
    return table.filter(pa.array((since < until) & (since < frame.days)))


def _cards(acc: Accounts, frame: Frame, who: People) -> pa.Table:
    used = np.minimum(acc.card_closed, frame.days) - acc.card_issued
    expires = acc.card_issued + RENEWED * np.maximum(1, -(-used // RENEWED)) - 1
    table = pa.table(
        {"card": pa.array(acc.card_number), "account": pa.array(acc.number[acc.card_account]),
         "customer": pa.array(who.number[acc.card_person]), "kind": columns.code(acc.card_kind, KINDS),
         "issued_on": columns.day(acc.card_issued), "expires_on": columns.day(expires),
         "closed_on": _known(frame, acc.card_closed), "card_limit": pa.array(acc.card_limit)},
        schema=SCHEMA_CARDS,
    )  # fmt: skip
    return table.filter(pa.array((acc.card_issued < frame.days) & (acc.card_issued < acc.card_closed)))

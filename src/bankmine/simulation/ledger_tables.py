"""Extracts of what was booked: transactions, balances at month ends, accounts on the other side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bankmine.simulation import columns
from bankmine.simulation.accounts import Accounts
from bankmine.simulation.entries import BANKS, CATEGORIES, CHANNELS, COUNTRIES, CURRENCIES
from bankmine.simulation.frame import EMPLOYERS, Frame, Ints
from bankmine.simulation.merchants import merchants
from bankmine.simulation.people import People
from bankmine.simulation.spending_tools import BILLERS, CHANNEL, EMPLOYER_ACCOUNTS, LOCAL, bank_of
from bankmine.simulation.words import WORDS

if TYPE_CHECKING:
    from bankmine.simulation.ledger import Ledger

RAW_CHANNELS = ("POS", "ECOM", "ATM", "TRF", "SO", "DD", "CTR", "BANK")  # in the order of CHANNELS
ENTRY_MODES = ("chip", "contactless", "magstripe", "manual", "online")
STATUS = ("", "B", "D", "A")
_CONTACTLESS = 15_000  # cents above which a card is put in
assert len(RAW_CHANNELS) == len(CHANNELS)

SCHEMA_TRANSACTIONS = pa.schema(
    [("txn_no", pa.int64()), ("account", pa.int64()), ("card", pa.int64()), ("booked_at", columns.TIMESTAMP),
     ("recorded_at", columns.TIMESTAMP), ("dc", columns.CODE), ("amount", pa.int64()), ("ccy", columns.CODE),
     ("base", pa.int64()), ("channel", columns.CODE), ("entry", columns.CODE), ("status", columns.CODE),
     ("reversal_of", pa.int64()), ("category", columns.CODE), ("merchant", pa.int32()),
     ("terminal", pa.int32()), ("counterparty", pa.int64()), ("cp_bank", columns.CODE),
     ("balance_after", pa.int64()), ("device", pa.int64()), ("person", pa.int64()), ("country", columns.CODE),
     ("text", columns.CODE)]
)  # fmt: skip
SCHEMA_BALANCES = pa.schema([("account", pa.int64()), ("balance_date", pa.date32()), ("balance", pa.int64())])
SCHEMA_COUNTERPARTIES = pa.schema(
    [("counterparty", pa.int64()), ("bank", columns.CODE), ("customer", pa.int64()),
     ("first_seen", columns.TIMESTAMP)]
)  # fmt: skip


def ledger_tables(ledger: Ledger, frame: Frame, who: People, acc: Accounts) -> dict[str, pa.Table]:
    """Extracts `transactions`, `balances` and `counterparties` of one community."""
    return {
        "transactions": _transactions(ledger, frame, who, acc),
        "balances": _balances(ledger, frame, acc),
        "counterparties": _counterparties(ledger, who, acc),
    }


def _transactions(ledger: Ledger, frame: Frame, who: People, acc: Accounts) -> pa.Table:
    money, rows, shops = ledger.money, ledger.rows, merchants(frame.seed)
    second, channel, card = money.second[rows], money.channel[rows], money.card[rows]
    merchant, status, person = money.merchant[rows], ledger.status[rows], money.person[rows]
    number, undoes, other = ledger.number[rows], ledger.undoes[rows], money.counterparty[rows]
    cents, terminal = money.cents[rows], money.terminal[rows]
    mixed = (number * 2_654_435_761 + second * 40_503) >> 9
    later = np.where((card >= 0) | (channel == CHANNEL["bank"]), 0, mixed % 900)
    made = {
        "txn_no": pa.array(number), "account": pa.array(acc.number[money.account[rows]]),
        "card": columns.key(_looked_up(acc.card_number, card)), "booked_at": columns.when(second),
        "recorded_at": columns.when(second + later), "dc": columns.code(money.out[rows], ("C", "D")),
        "amount": pa.array(ledger.amount[rows]), "ccy": columns.code(money.currency[rows], CURRENCIES),
        "base": pa.array(cents), "channel": columns.code(channel, RAW_CHANNELS),
        "entry": columns.code(_entry_modes(money.country[rows], channel, card, cents, mixed), ENTRY_MODES),
        "status": columns.code(status, STATUS),
        "reversal_of": columns.key(np.where(undoes >= 0, ledger.number[np.maximum(undoes, 0)], 0)),
        "category": columns.code(money.category[rows], CATEGORIES),
        "merchant": pa.array(shops.number.astype(np.int32)[np.maximum(merchant, 0)], mask=merchant < 0),
        "terminal": pa.array(terminal, mask=terminal == 0), "counterparty": columns.key(other),
        "cp_bank": columns.code(np.where(other > 0, money.bank[rows], -1), BANKS),
        "balance_after": pa.array(ledger.after[rows], mask=status != 1),
        "device": columns.key(money.device[rows]),
        "person": columns.key(_looked_up(who.number, person)),
        "country": columns.code(money.country[rows], COUNTRIES),
        "text": columns.code(money.words[rows].astype(np.int32) - (money.words[rows] == 0), WORDS),
    }  # fmt: skip
    return pa.table(made, schema=SCHEMA_TRANSACTIONS)


def _looked_up(numbers: Ints, place: NDArray[np.int32]) -> Ints:
    """Raw number of each place, 0 for a place below 0."""
    return np.append(numbers, 0)[place]


def _entry_modes(
    country: NDArray[np.int8], channel: NDArray[np.int8], card: NDArray[np.int32], cents: Ints, mixed: Ints
) -> Ints:
    """How the card was read; abroad the stripe is still in use."""
    luck = mixed % 1_000
    small = (cents < _CONTACTLESS) & (luck < 780)
    stripe = luck >= np.where(country > 0, 900, 985)
    at_terminal = np.where(stripe, np.where(luck >= 997, 3, 2), np.where(small, 1, 0))
    read = np.where(channel == CHANNEL["online"], 4, np.where(channel == CHANNEL["cash"], 0, at_terminal))
    return np.where(card >= 0, read, -1)


def _balances(ledger: Ledger, frame: Frame, acc: Accounts) -> pa.Table:
    """Balances at the end of each month's last day, of accounts open then."""
    day = frame.month_start[1:] - 1
    there = (day[None, :] >= acc.opened[:, None]) & (day[None, :] < acc.closed[:, None] - 1)
    month, place = np.nonzero(there.T)
    return pa.table(
        {"account": pa.array(acc.number[place]), "balance_date": columns.day(day[month]),
         "balance": pa.array(ledger.month_ends[place, month])}, schema=SCHEMA_BALANCES,
    )  # fmt: skip


def _counterparties(ledger: Ledger, who: People, acc: Accounts) -> pa.Table:
    """Accounts on the other side; those all communities share stand in `shared_counterparties`."""
    money, rows = ledger.money, ledger.rows
    other = money.counterparty[rows]
    here = rows[(other >= LOCAL) | ((other > 0) & (money.bank[rows] == 0))]
    number, first = np.unique(money.counterparty[here], return_index=True)
    row = here[first]
    place = acc.place_of(number, who)
    customer = np.where(place >= 0, who.number[acc.owner[np.maximum(place, 0)]], 0)
    return pa.table(
        {"counterparty": pa.array(number), "bank": columns.code(money.bank[row], BANKS),
         "customer": columns.key(customer), "first_seen": columns.when(money.second[row])},
        schema=SCHEMA_COUNTERPARTIES,
    )  # fmt: skip


def shared_counterparties() -> pa.Table:
    """Billers and employers all communities deal with, known from the first day."""
    number = np.concatenate([BILLERS + np.arange(100), EMPLOYER_ACCOUNTS + np.arange(EMPLOYERS)])
    return pa.table(
        {"counterparty": pa.array(number), "bank": columns.code(bank_of(number), BANKS),
         "customer": columns.key(number * 0), "first_seen": columns.when(number * 0)},
        schema=SCHEMA_COUNTERPARTIES,
    )  # fmt: skip

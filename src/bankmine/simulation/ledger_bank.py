"""What the bank itself books: interest, bills of credit cards, what is left at closing, reversals,
refunds."""

from __future__ import annotations

import numpy as np

from bankmine.simulation.accounts import CREDIT_CARD, CURRENT, DEPOSIT, SAVINGS, Accounts
from bankmine.simulation.entries import BANKS, Entries, entries, joined
from bankmine.simulation.frame import DAY, NEVER, Frame, Ints, Truth
from bankmine.simulation.people import People
from bankmine.simulation.spending_tools import CATEGORY, CHANNEL, acquaintance, bank_of, second_of
from bankmine.simulation.variable import BILL, CLOSING, INTEREST, RECEIPT, asked
from bankmine.simulation.words import words

_DEPOSIT_BONUS, _CARD_RATE, _OVERDRAFT_RATE = 0.006, 0.17, 0.09  # a year, above the own savings rate
_BILLED = 21  # day of the month, from 0
_LAST_HOUR = 23 * 3600  # of the day before the closing day
_REVERSED, _RETURNED = 0.0012, 0.012  # shares of card purchases; of goods that can be returned


def closing_seconds(acc: Accounts) -> Ints:
    """When each account is closed: within the last hour before the closing day; main accounts last."""
    main = np.zeros(acc.count, dtype=np.int64)
    main[acc.main] = 1_800
    return np.where(acc.closed < NEVER, (acc.closed - 1) * DAY + _LAST_HOUR + main, NEVER)


def bank_entries(frame: Frame, who: People, acc: Accounts) -> Entries:
    """Interest, card bills and closings of one community."""
    return joined([_interest(frame, acc), _bills(frame, who, acc), _closings(frame, who, acc)])


def _interest(frame: Frame, acc: Accounts) -> Entries:
    """On the last day of each month: paid on savings and deposits, charged on overdrafts and cards."""
    own = frame.own_rate[None, :]
    rate = np.where((acc.family == DEPOSIT)[:, None], own + _DEPOSIT_BONUS, own)
    owing = np.where((acc.family == CREDIT_CARD)[:, None], own + _CARD_RATE, own + _OVERDRAFT_RATE)
    days = np.broadcast_to(frame.month_start[1:] - 1, rate.shape)
    inside = (days >= acc.opened[:, None]) & (days < acc.closed[:, None])
    saves = np.isin(acc.family, (SAVINGS, DEPOSIT))[:, None] & inside
    borrows = (np.isin(acc.family, (CURRENT, CREDIT_CARD)) & (acc.limit > 0))[:, None] & inside
    parts = []
    for chosen, rates, out, text in ((saves, rate, False, "interest"), (borrows, owing, True, "overdrawn")):
        place, month = np.nonzero(chosen)
        parts.append(entries(
            account=place, second=second_of(days[place, month], 22 * 3600 + 1_800), out=out,
            cents=asked(INTEREST, rates[place, month]), category=CATEGORY["interest"],
            channel=CHANNEL["bank"],
            words=words(text),
        ))  # fmt: skip
    return joined(parts)


def _bills(frame: Frame, who: People, acc: Accounts) -> Entries:
    """Credit cards are paid from the main account: most people pay all, the others a part."""
    cards = np.flatnonzero(acc.family == CREDIT_CARD)
    draw = frame.random(who.community, "card bills")
    all_of_it, part = draw.random(who.count) < 0.35 + 0.5 * who.prudence, draw.beta(1.5, 5.0, who.count)
    share = np.where(all_of_it, 1.0, 0.05 + 0.9 * part)
    days = np.broadcast_to(frame.month_start[:-1] + _BILLED, (cards.size, frame.months))
    inside = (days >= acc.opened[cards][:, None]) & (days < acc.closed[cards][:, None])
    row, month = np.nonzero(inside)
    card, person = cards[row], acc.owner[cards[row]]
    second, text = second_of(days[row, month], 3 * 3600 + person * 3), words("card")
    common = {"category": CATEGORY["transfer_out"], "channel": CHANNEL["debit"], "words": text}
    return joined([
        entries(account=acc.main[person], second=second, cents=asked(BILL, share[person]), out=True,
                counterparty=acc.number[card], flexible=True, **common),
        entries(account=card, second=second, cents=asked(RECEIPT), out=False,
                counterparty=acc.number[acc.main[person]], **common),
    ])  # fmt: skip


def _closings(frame: Frame, who: People, acc: Accounts) -> Entries:
    """Other accounts are paid out to the main one, that one to another bank; what is owed is paid in."""
    second = closing_seconds(acc)
    ends = np.flatnonzero((acc.closed <= frame.days) & (acc.opened < acc.closed))
    main = acc.main[acc.owner[ends]]
    inner = ends[main != ends]
    outer = ends[main == ends]
    home = acc.main[acc.owner[inner]]
    number = acquaintance(who, acc.owner[outer], 15)
    rival = bank_of(number)
    rival = np.where(acc.owner[outer] % 3 > 0, len(BANKS) - 1 - acc.owner[outer] % 2, rival)
    common = {"channel": CHANNEL["bank"], "words": words("closing")}
    moved = CATEGORY["savings"]
    return joined([
        entries(account=inner, second=second[inner], cents=asked(CLOSING), out=True, category=moved,
                counterparty=acc.number[home], **common),
        entries(account=home, second=second[inner], cents=asked(RECEIPT), out=False, category=moved,
                counterparty=acc.number[inner], **common),
        entries(account=outer, second=second[outer], cents=asked(CLOSING), out=True, bank=rival,
                category=CATEGORY["transfer_out"], counterparty=number, **common),
    ])  # fmt: skip


def undone(frame: Frame, who: People, money: Entries) -> tuple[Entries, Ints, Truth]:
    """Reversals by the bank and refunds by shops: the entries, the one each undoes, whether it is a reversal.

    Chosen by a hash of the entry, so that a longer period or another cause changes none of them.
    """
    salt = int(frame.random(who.community, "undone").integers(0, 2**62))
    bought = np.flatnonzero((money.merchant >= 0) & money.out & (money.tag < 0))
    mixed = (money.second[bought] * 1_000_003 + money.account[bought]).astype(np.uint64) ^ np.uint64(salt)
    mixed = mixed * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    luck = (mixed >> np.uint64(11)).astype(np.float64) * (1.0 / 2**53)
    goods = np.zeros(len(CATEGORY), dtype=np.bool_)
    goods[[CATEGORY[name] for name in ("electronics", "clothing", "household", "online")]] = True
    returned = (luck > 1.0 - _RETURNED) & goods[money.category[bought]]
    chosen = (luck < _REVERSED) | returned
    row, reversal = bought[chosen], ~returned[chosen]
    wait = (mixed[chosen] >> np.uint64(5)).astype(np.int64) % (9 * DAY) + 8 * 3600
    late = money.second[row] + wait + np.where(reversal, 0, 3 * DAY)
    back = entries(
        account=money.account[row], second=late, cents=asked(RECEIPT), out=False,
        category=np.where(reversal, money.category[row], CATEGORY["refund"]),
        channel=np.where(reversal, CHANNEL["bank"], money.channel[row]), merchant=money.merchant[row],
        terminal=money.terminal[row], card=money.card[row], country=money.country[row],
        words=np.where(reversal, words("reversal"), 0),
    )  # fmt: skip
    return back, row, reversal

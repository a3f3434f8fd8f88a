"""The label `card_fraud`: card payments of the last 60 days, the true chance of fraud, what is written.

The oracle knows which cards are in a thief's hands at the moment of the payment, but not which of the card's
payments are the thief's: it is the share of fraud among the payments of that card while the episode ran,
times the share of fraud that is ever reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bankmine.simulation import columns
from bankmine.simulation.accounts import Accounts
from bankmine.simulation.crime.booked import Booked
from bankmine.simulation.crime.planned import CARD_FRAUDS, kind_of
from bankmine.simulation.crime.scene import fanned
from bankmine.simulation.crime.shops import shops_of
from bankmine.simulation.crime.verdicts import UNREPORTED
from bankmine.simulation.entries import CATEGORIES
from bankmine.simulation.frame import DAY, NEVER, Floats, Frame, Ints, Truth
from bankmine.simulation.merchants import ONLINE, PLACES
from bankmine.simulation.people import People

if TYPE_CHECKING:
    from bankmine.simulation.crime.committed import Crime

LABELLED_DAYS, HISTORY_DAYS = 60, 30
_CASH = CATEGORIES.index("cash")
_EASY_TO_SELL = [
    CATEGORIES.index(name) for name in ("electronics", "clothing", "household", "travel", "online")
]
_CARD = 2**40  # more than any second: cards in one sorted axis of time
_EXPOSED_DAYS = 42  # back from a payment, visits to terminals count for so long
_RARE = 0.06  # of the customer's payments: a place seldom seen
_HOURS = 4 * 3600
_LONG = 60 * 24 * 30.0  # minutes: a longer pause counts as this


@dataclass(frozen=True)
class Window:
    """Card payments of labelled days and history, ordered by (card, time). `axis`: card and second in one
    ascending number; `first`: place of each one's card's first payment; `labelled`: places of the label."""

    rows: Booked
    axis: Ints
    first: Ints
    labelled: Ints


def card_label(
    crime: Crime, frame: Frame, who: People, acc: Accounts, booked: Booked, transactions: Ints
) -> pa.Table:
    """Table `label_card_fraud`: one row a card payment (cash included) that was not declined."""
    window = _window(frame, booked)
    rows, at = window.rows, window.labelled
    chance = _chance(crime, window, transactions)
    written = _written(crime, frame, who, acc, window, booked, transactions)
    order = np.argsort(rows.number[at])
    at = at[order]
    customer = who.number[acc.owner[rows.account[at]]]
    return pa.table(
        {"subject": columns.key(rows.number[at]), "customer": columns.key(customer),
         "cutoff": columns.when(rows.second[at]), "oracle": columns.real(chance[at]),
         **{f"written_{name}": columns.real(value[at]) for name, value in written.items()}}
    )  # fmt: skip


def _window(frame: Frame, booked: Booked) -> Window:
    begin = max(0, frame.days - LABELLED_DAYS - HISTORY_DAYS) * DAY
    here = np.flatnonzero((booked.second >= begin) & (booked.card >= 0) & booked.out & ~booked.declined)
    here = here[np.lexsort((booked.number[here], booked.second[here], booked.card[here]))]
    rows = booked.where(here)
    card = rows.card.astype(np.int64)
    first = np.searchsorted(card, card)
    labelled = np.flatnonzero(rows.second >= (frame.days - LABELLED_DAYS) * DAY)
    return Window(rows, card * _CARD + rows.second, first, labelled)


def _chance(crime: Crime, window: Window, transactions: Ints) -> Floats:
    """Share of fraud among the payments of a card during its episodes; the largest where they overlap."""
    parts = crime.parts
    episodes = np.flatnonzero(np.isin(parts.kind, [kind_of(name) for name in CARD_FRAUDS]))
    low = np.searchsorted(window.axis, parts.card[episodes] * _CARD + parts.begins[episodes])
    high = np.searchsorted(window.axis, parts.card[episodes] * _CARD + parts.ends[episodes], side="right")
    guilty = np.zeros(window.axis.size + 1, dtype=np.int64)
    guilty[1:] = np.cumsum(np.isin(window.rows.number, transactions[crime.fraud]))
    share = (guilty[high] - guilty[low]) / np.maximum(high - low, 1)
    episode, number = fanned(high - low)
    chance = np.zeros(window.axis.size)
    np.maximum.at(chance, low[episode] + number, share[episode])
    return chance * (1.0 - UNREPORTED)


def _written(
    crime: Crime, frame: Frame, who: People, acc: Accounts, window: Window, booked: Booked, transactions: Ints
) -> dict[str, Floats]:
    """What the tables say of each payment of the window by then, by name."""
    verdict = _confirmed(crime, window.rows, transactions)
    marks = _marks(frame, who, acc, window, booked)
    return {
        **marks, **_amounts(window), **_recents(window, marks),
        "frauds_on_card": _known_on_card(window, verdict), "exposed": _exposed(frame, window, verdict),
    }  # fmt: skip


def _marks(frame: Frame, who: People, acc: Accounts, window: Window, booked: Booked) -> dict[str, Floats]:
    """What the payment itself says."""
    rows, every = window.rows, shops_of(frame.seed).merchants
    merchant, shop = np.maximum(rows.merchant, 0), rows.merchant >= 0
    later = np.arange(rows.number.size) > window.first
    pause = np.where(later, np.diff(rows.second, prepend=0) / 60.0, _LONG)
    place = np.where(shop, every.place[merchant], PLACES)
    before = _before(acc, booked, rows)
    new = _new_merchant(window, acc, before)
    rare = _usual(acc, before.owner, every.place[before.merchant], rows, place, PLACES + 1)
    online, night = shop & (place == ONLINE), rows.second % DAY < 6 * 3600
    away = shop & (place > ONLINE)
    found = {
        "minutes_since_last": np.minimum(pause, _LONG), "foreign": shop & (every.country[merchant] > 0),
        "online": online, "easy_to_sell": np.isin(rows.category, _EASY_TO_SELL), "night": night, "away": away,
        "cash": rows.category == _CASH, "new_merchant": new, "online_new_night": new * online * night,
        "kilometres_from_home": _from_home(frame, who, acc, rows), "share_of_place": rare,
        "strange": new * (rare < _RARE) * ~away, "new_device": online * _new_device(acc, booked, rows),
        "share_of_hour": _usual(acc, before.owner, before.hours, rows, rows.second % DAY // _HOURS, 6),
    }  # fmt: skip
    return {name: np.asarray(value, dtype=np.float64) for name, value in found.items()}


def _amounts(window: Window) -> dict[str, Floats]:
    """The amount, and how it stands to the card's own, drawn towards everybody's while there are few."""
    log, first = np.log(np.maximum(window.rows.cents, 1)), window.first
    place = np.arange(log.size)
    running, squares = np.append(0.0, np.cumsum(log)), np.append(0.0, np.cumsum(log**2))
    count, every = place - first + 5, max(1, log.size)
    mean = (running[place] - running[first] + 5 * running[-1] / every) / count
    square = (squares[place] - squares[first] + 5 * squares[-1] / every) / count
    return {"amount": log, "amount_against_own": (log - mean) / np.sqrt(np.maximum(square - mean**2, 0.1))}


def _recents(window: Window, marks: dict[str, Floats]) -> dict[str, Floats]:
    """How much of what the card has done in the last hour, day and week."""
    axis, place = window.axis, np.arange(window.axis.size)
    within = {name: np.minimum(place - np.searchsorted(axis, axis - span), place - window.first)
              for name, span in (("count_1h", 3600), ("count_24h", DAY), ("count_7d", 7 * DAY))}  # fmt: skip
    day_ago = place - within["count_24h"]
    new, easy, online = marks["new_merchant"], marks["easy_to_sell"], marks["online"]
    far, pause = marks["kilometres_from_home"] > 12.0, marks["minutes_since_last"]
    watched: dict[str, NDArray[Any]] = {
        "new_merchants_24h": new,
        "far_24h": far,
        "test_24h": new * (window.rows.cents < 700),
        "strange_24h": marks["strange"],
        "strange_easy_24h": marks["strange"] * easy,
        "new_online_24h": new * online,
        "new_device_24h": marks["new_device"],
        "new_device_new_merchant_24h": marks["new_device"] * new,
        "away_24h": marks["away"],
        "quick_new_24h": new * (pause < 60),
        "rapid_new_24h": new * (pause < 20),
        "quick_easy_new_24h": new * easy * (pause < 60),
        "far_easy_new_24h": new * easy * far,
        "quick_online_new_24h": new * online * (pause < 60),
        "foreign_online_24h": marks["foreign"] * online * new,
    }
    few_hours = np.maximum(np.searchsorted(axis, axis - 4 * 3600), window.first)
    streak = _streak(new > 0, window.first)
    return {
        **{name: value.astype(np.float64) for name, value in within.items()},
        "new_in_a_row": streak,
        "new_in_a_row_easy": streak * easy,
        **{
            f"{name[:-4]}_4h": _recent(watched[name], place, few_hours)
            for name in ("new_merchants_24h", "strange_24h", "new_online_24h", "new_device_24h")
        },
        "strange_share_24h": _recent(marks["strange"], place, day_ago) / (within["count_24h"] + 1.0),
        "new_share_24h": _recent(new, place, day_ago) / (within["count_24h"] + 1.0),
        **{name: _recent(value, place, day_ago) for name, value in watched.items()},
        "easy_sum_24h": np.log1p(_recent(window.rows.cents * easy, place, day_ago)),
    }


def _recent(mark: NDArray[Any], place: Ints, since: Ints) -> Floats:
    """How many marked payments from `since` up to and with each one."""
    total = np.append(0.0, np.cumsum(mark))
    return np.asarray(total[place + 1] - total[since])


def _streak(mark: Truth, first: Ints) -> Floats:
    """How many marked payments of the card follow each other up to and with each one."""
    place = np.arange(mark.size)
    broken = np.maximum.accumulate(np.where(mark, -1, place)) if mark.size else place
    return np.where(mark, place - np.maximum(broken, first - 1), 0).astype(np.float64)


@dataclass(frozen=True)
class Before:
    """Payments at merchants before the window: customer's place, merchant, four hours of the day (0 to 5)."""

    owner: Ints
    merchant: Ints
    hours: Ints


def _before(acc: Accounts, booked: Booked, rows: Booked) -> Before:
    at = np.flatnonzero((booked.second < rows.second.min(initial=NEVER)) & (booked.merchant >= 0))
    owner = acc.owner[booked.account[at]].astype(np.int64)
    return Before(owner, booked.merchant[at].astype(np.int64), booked.second[at] % DAY // _HOURS)


def _usual(acc: Accounts, owner: Ints, then: Ints, rows: Booked, now: Ints, kinds: int) -> Floats:
    """Share of the kind `now` among the kinds `then` of the earlier payments of each `owner`; one more of
    each kind is counted, so that it is even where nothing is known."""
    customers = int(acc.owner.max(initial=0)) + 1
    cell = owner * kinds + then
    count = np.bincount(cell, minlength=customers * kinds).reshape(customers, kinds) + 1.0
    share = count / count.sum(axis=1, keepdims=True)
    return np.asarray(share[acc.owner[rows.account], now])


def _new_device(acc: Accounts, booked: Booked, rows: Booked) -> Floats:
    """Whether the customer's first payment with this device is less than two days old."""
    at = np.flatnonzero(booked.device > 0)
    at = at[np.argsort(booked.second[at], kind="stable")]
    key = acc.owner[booked.account[at]].astype(np.int64) << 33 | booked.device[at]
    known, firsts = np.unique(key, return_index=True)
    if not known.size:
        return np.zeros(rows.number.size)
    since = booked.second[at][firsts]
    own = acc.owner[rows.account].astype(np.int64) << 33 | rows.device
    place = np.minimum(np.searchsorted(known, own), known.size - 1)
    return np.where((rows.device > 0) & (rows.second - since[place] < 2 * DAY), 1.0, 0.0)


def _new_merchant(window: Window, acc: Accounts, before: Before) -> Floats:
    """Whether the customer pays at this merchant with a card for the first time."""
    rows = window.rows
    shops = 1 + max(int(before.merchant.max(initial=0)), int(rows.merchant.max(initial=0)))
    known = np.zeros(int(acc.owner.max(initial=0) + 1) * shops, dtype=np.bool_)
    known[before.owner * shops + before.merchant] = True
    key = acc.owner[rows.account] * shops + np.maximum(rows.merchant, 0)
    in_time = np.argsort(rows.number)
    _, firsts = np.unique(key[in_time], return_index=True)
    new = np.zeros(key.size)
    new[in_time[firsts]] = 1.0
    return np.where(known[key] | (rows.merchant < 0), 0.0, new)


def _from_home(frame: Frame, who: People, acc: Accounts, rows: Booked) -> Floats:
    """Kilometres from the customer's region's centre to the merchant; 0 online and at machines."""
    every = shops_of(frame.seed).merchants
    merchant = np.maximum(rows.merchant, 0)
    home = frame.centre[who.region[acc.owner[rows.account]]]
    apart = np.hypot(every.lat[merchant] - home[:, 0], every.lon[merchant] - home[:, 1]) * 111.0
    return np.where((rows.merchant >= 0) & ~np.isnan(apart), apart, 0.0)


def _confirmed(crime: Crime, rows: Booked, transactions: Ints) -> Ints:
    """Second at which each payment was confirmed as fraud, or NEVER."""
    known = np.full(rows.number.size, NEVER)
    judged = np.flatnonzero(crime.fraud & (crime.verdicts.payment < NEVER) & (transactions > 0))
    order = judged[np.argsort(transactions[judged])]
    place = np.searchsorted(transactions[order], rows.number)
    inside = np.flatnonzero(place < order.size)
    same = inside[transactions[order][place[inside]] == rows.number[inside]]
    known[same] = crime.verdicts.payment[order[place[same]]]
    return known


def _known_on_card(window: Window, verdict: Ints) -> Floats:
    """Frauds on the card confirmed before each payment."""
    found = np.flatnonzero(verdict < NEVER)
    card = window.rows.card.astype(np.int64)
    axis = np.sort(card[found] * _CARD + verdict[found])
    return (np.searchsorted(axis, window.axis) - np.searchsorted(axis, card * _CARD)).astype(np.float64)


def _exposed(frame: Frame, window: Window, verdict: Ints) -> Floats:
    """Of the terminals the card visited in the last weeks, the largest share of visits until then by cards
    that were later misused, as confirmed by then. This is how a compromised terminal shows."""
    rows, axis = window.rows, window.axis
    kinds, terminal = np.unique(rows.terminal, return_inverse=True)
    visits = np.sort(terminal.astype(np.int64) * _CARD + rows.second)
    bad = np.flatnonzero(verdict < NEVER)
    firsts = np.unique(rows.card[bad], return_index=True)[1]
    bad = bad[firsts]
    seen = _visits_before(window, bad)
    guilty = terminal[seen[1]].astype(np.int64) * _CARD + verdict[bad][seen[0]]
    guilty.sort()
    place, visit = _visits_before(window, window.labelled)
    where = terminal[visit].astype(np.int64) * _CARD
    now = rows.second[window.labelled][place]
    count = np.searchsorted(guilty, where + now) - np.searchsorted(guilty, where)
    paid = np.searchsorted(visits, where + now) - np.searchsorted(visits, where)
    share = count / (paid + 4.0) * (kinds[terminal[visit]] > 0)
    most = np.zeros(axis.size)
    np.maximum.at(most, window.labelled[place], share)
    return most


def _visits_before(window: Window, places: Ints) -> tuple[Ints, Ints]:
    """For payments at `places`: pairs (index into places, an earlier payment of the card)."""
    low = np.searchsorted(window.axis, window.axis[places] - _EXPOSED_DAYS * DAY)
    low = np.maximum(low, window.first[places])
    which, number = fanned(places - low)
    return which, low[which] + number

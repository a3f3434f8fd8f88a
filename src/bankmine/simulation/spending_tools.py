"""What the parts of spending share: numbers of categories and channels, when things fall due, counterparties.

Accounts at other banks are known by number alone. Those below LOCAL are shared by all communities (billers,
employers, insurers); above it each customer deals with up to EACH_KNOWS of their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.simulation.entries import BANKS, CATEGORIES, CHANNELS
from bankmine.simulation.frame import DAY, Floats, Frame, Ints, Truth
from bankmine.simulation.people import FIRST_CUSTOMER, FIRST_EMPLOYER, People

ELSEWHERE = 9_000_000_000
BILLERS, EMPLOYER_ACCOUNTS, LOCAL = ELSEWHERE + 300, ELSEWHERE + 1_000, ELSEWHERE + 100_000
EACH_KNOWS = 80
_MOST_MONTHS = 2.5  # of income, in one purchase
CATEGORY = {name: place for place, name in enumerate(CATEGORIES)}
CHANNEL = {name: place for place, name in enumerate(CHANNELS)}
_OTHER_BANKS = len(BANKS) - 3  # the last two are the competitors that leavers go to
_COMPETITORS = (len(BANKS) - 2, len(BANKS) - 1)


def acquaintance(who: People, person: Ints, which: Any) -> Ints:
    """Raw number of an account at another bank that only this customer deals with; `which` from 0 to 79."""
    first = (int(who.number[0]) - FIRST_CUSTOMER) if who.count else 0
    return np.asarray(LOCAL + (first + person) * EACH_KNOWS + which)


def bank_of(counterparty: Ints) -> Ints:
    """Bank of an account elsewhere: always the same, seldom a competitor."""
    mixed = (counterparty * 2_654_435_761 >> 7) % 100
    usual = 1 + mixed % _OTHER_BANKS
    return np.where(mixed < 88, usual, np.where(mixed < 94, _COMPETITORS[0], _COMPETITORS[1]))


def employer_account(employer: Ints) -> Ints:
    """Account of an employer at another bank."""
    return np.asarray(EMPLOYER_ACCOUNTS + employer - FIRST_EMPLOYER)


def means_of(who: People) -> Floats:
    """The most a customer pays for one purchase, cents, (n,): months of income; a company pays anything."""
    return np.where(who.company, np.inf, _MOST_MONTHS * who.income)


def within_means(who: People, person: Ints, cents: NDArray[Any]) -> Floats:
    """Amounts of purchases; who would pay more than the means allow pays as much less, so none stands out."""
    means = means_of(who)[person]
    return np.where(cents > means, means * np.minimum(means / np.maximum(cents, 1), 1.0), cents)


def biller(kind: str, luck: Ints) -> Ints:
    """Account of one of eight companies that send bills of a kind."""
    kinds = (
        "utilities",
        "telecom",
        "insurance",
        "education",
        "tax",
        "pension",
        "benefit",
        "acquirer",
        "rent",
        "leisure",
    )
    return np.asarray(BILLERS + kinds.index(kind) * 10 + luck % 8)


def business_day(frame: Frame, days: Ints) -> Ints:
    """The last day on which banks work, up to and with each day; the day itself before the period."""
    last = np.maximum.accumulate(np.where(frame.business, np.arange(frame.days), -1))
    inside = np.clip(days, 0, frame.days - 1)
    return np.where((days < 0) | (days >= frame.days) | (last[inside] < 0), days, last[inside])


def due(frame: Frame, day: Ints) -> Ints:
    """Day `day` (1 to 28, by customer) of every month as day of the frame, (n, months)."""
    return np.asarray(frame.month_start[:-1][None, :] + day[:, None] - 1)


def between(days: Ints, since: Ints, until: Ints) -> Truth:
    """Which days (n, months) lie in [since, until) of their customer."""
    return np.asarray((days >= since[:, None]) & (days < until[:, None]) & (days >= 0))


def happenings(frame: Frame, community: int, name: str, rate: Floats) -> tuple[Ints, Ints, Ints]:
    """Payments at a rate by customer and month (n, months): person, month and day of each, month by month.

    The months come first, so that a longer period begins with the same draws.
    """
    size = frame.random(community, f"{name} count").poisson(rate.T)
    month, person = (np.repeat(place.ravel(), size.ravel()) for place in np.indices(size.shape))
    running = np.append(0.0, np.cumsum(frame.rhythm))
    begins, ends = running[frame.month_start[month]], running[frame.month_start[month + 1]]
    aim = begins + frame.random(community, f"{name} day").random(person.size) * (ends - begins)
    day = np.minimum(np.searchsorted(running, aim, side="right") - 1, frame.month_start[month + 1] - 1)
    return person, month, day


def clock(frame: Frame, community: int, name: str, size: int, low: float, high: float) -> Ints:
    """Seconds of the day, most in the middle between two hours."""
    draw = frame.random(community, f"{name} clock")
    return ((low + (high - low) * 0.5 * (draw.random(size) + draw.random(size))) * 3600).astype(np.int64)


def round_amount(frame: Frame, community: int, name: str, usual: Any, spread: float, size: int) -> Ints:
    """Amounts people choose: round the more the larger they are, cents; at least 5.00."""
    draw = frame.random(community, f"{name} amount")
    value = np.asarray(usual) * np.exp(spread * draw.normal(size=size))
    step = np.array([100, 500, 1000, 5000, 10000])[np.searchsorted([2_000, 10_000, 60_000, 400_000], value)]
    odd = frame.random(community, f"{name} odd").random(size) < 0.2
    chosen = np.where(odd, np.rint(value), np.rint(value / step) * step)
    return np.asarray(np.maximum(chosen, 500).astype(np.int64))


def second_of(day: Ints, clock_seconds: Any) -> Ints:
    """Second of the frame."""
    return np.asarray(day * DAY + clock_seconds)

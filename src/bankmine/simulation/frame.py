"""What all communities share: the calendar, regions, branches, employers, rates and the economy by month.

Everything here is a pure function of (seed, months, scenario); a longer world begins like a shorter one.
Days count from FIRST_DAY (day 0); a day before the period is negative. Seconds count from its midnight, in
the bank's civil time, which knows no daylight saving.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from bankmine.simulation.scenario import Scenario
from bankmine.simulation.streams import EVERYONE, stream

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]

FIRST_DAY = date(2023, 1, 1)
LAST_YEAR = 2032
MAXIMUM_MONTHS = 120
DAY = 86_400  # seconds
NEVER = 2**40  # a day or second that never comes
COMMUNITY = 1_000  # customers who may know each other; the unit of all random draws
TIME_ZONE = "Asia/Singapore"
CURRENCY = "SGD"

REGIONS = (
    "Harbour", "Old Town", "Riverside", "Garden Hill", "North Bay", "Lakeview",
    "Airport City", "East Coast", "West Dock", "University", "Industrial Park", "Border",
)  # fmt: skip
BRANCHES = 2 * len(REGIONS)
EMPLOYERS = 1_500
_NEW_YEAR = {2023: (1, 22), 2024: (2, 10), 2025: (1, 29), 2026: (2, 17), 2027: (2, 6), 2028: (1, 26),
             2029: (2, 13), 2030: (2, 3), 2031: (1, 23), 2032: (2, 11), 2033: (1, 31)}  # fmt: skip
_FIXED = {(1, 1): "New Year", (5, 1): "Labour Day", (8, 9): "National Day", (12, 25): "Christmas"}


@dataclass(frozen=True)
class Frame:
    """`month_start` has months + 1 days. Arrays by day have `days` places, by month `months`.

    `rhythm`: spending of a day against an average one; `business`: bank works; `holiday`: index into
    `holiday_names` or -1. `unemployment` (regions, months) share; `wage` (regions,) cents a month;
    `distance` (regions, regions) in km. `service` (branches, months): incidents against the usual number.
    `own_rate`, `market_rate` (months): per year on savings, ours and the best competitor's.
    `employer_weight`, `employer_fails` (EMPLOYERS,): share of jobs, day of failure or NEVER.
    `regime_day`: first day of the changed economy or NEVER.
    """

    seed: int
    customers: int
    months: int
    scenario: Scenario
    month_start: Ints
    month_of: Ints
    weekday: Ints
    business: Truth
    holiday: Ints
    holiday_names: tuple[str, ...]
    rhythm: Floats
    centre: Floats
    distance: Floats
    wage: Ints
    unemployment: Floats
    service: Floats
    own_rate: Floats
    market_rate: Floats
    employer_weight: Floats
    employer_fails: Ints
    regime_day: int

    @property
    def days(self) -> int:
        """Days of the period; the extracts are drawn on the day after."""
        return int(self.month_start[-1])

    @property
    def communities(self) -> int:
        """How many there are; the last may be smaller."""
        return -(-self.customers // COMMUNITY)

    def size(self, community: int) -> int:
        """Customers of a community."""
        return min(COMMUNITY, self.customers - community * COMMUNITY)

    def random(self, community: int, name: str) -> np.random.Generator:
        """The stream of a named cause in a community."""
        return stream(self.seed, community, name)

    def month_at(self, days: Ints) -> Ints:
        """Month of each day, kept within the period."""
        return self.month_of[np.clip(days, 0, self.days - 1)]

    def changed(self, days: Ints) -> Truth:
        """Whether the regime has changed by each day."""
        return np.asarray(days) >= self.regime_day

    def multiplied(self, days: Ints) -> Floats:
        """How much more frequent fraud and laundering are on each day than usual (the scenario's attack)."""
        fraud = self.scenario.fraud
        if fraud.attack_month < 0 or fraud.attack_month >= self.months:
            return np.ones(np.shape(days))
        begins = self.month_start[int(fraud.attack_month)]
        return np.where(np.asarray(days) >= begins, fraud.attack_factor, 1.0)


def day_number(day: date) -> int:
    """Days since FIRST_DAY."""
    return (day - FIRST_DAY).days


def civil(day: int) -> date:
    """The civil day."""
    return FIRST_DAY + timedelta(days=int(day))


def frame_of(*, seed: int, customers: int, months: int, scenario: Scenario) -> Frame:
    """Builds what all communities share."""
    start = np.array([day_number(_first_of(month)) for month in range(months + 1)], dtype=np.int64)
    days = np.arange(start[-1])
    weekday, holiday, names = _calendar(days)
    regime = int(start[round(scenario.regime.at * months)]) if scenario.regime.at > 0 else NEVER
    draw = stream(seed, EVERYONE, "regions")
    centre = np.stack(
        [1.25 + 0.2 * draw.random(len(REGIONS)), 103.6 + 0.4 * draw.random(len(REGIONS))], axis=1
    )
    apart = centre[:, None, :] - centre[None, :, :]
    market = _market_rate(seed, months, start, regime, scenario)
    return Frame(
        seed=seed, customers=customers, months=months, scenario=scenario, month_start=start,
        month_of=np.repeat(np.arange(months), np.diff(start)), weekday=weekday,
        business=(weekday < 5) & (holiday < 0), holiday=holiday, holiday_names=names,
        rhythm=_rhythm(days, weekday, holiday, names, scenario.activity.rhythm),
        centre=centre, distance=111.0 * np.sqrt((apart**2).sum(axis=2)),
        wage=(draw.uniform(3000, 5600, len(REGIONS)) * 100).astype(np.int64),
        unemployment=_unemployment(seed, months, start, regime, scenario),
        service=_service(seed, months), own_rate=_own_rate(market), market_rate=market,
        employer_weight=_zipf(EMPLOYERS, 0.85),
        employer_fails=_failures(seed, regime, scenario), regime_day=regime,
    )  # fmt: skip


def _first_of(month: int) -> date:
    return date(FIRST_DAY.year + month // 12, month % 12 + 1, 1)


def _zipf(count: int, power: float) -> Floats:
    weight = 1.0 / np.arange(1, count + 1) ** power
    return np.asarray(weight / weight.sum())


def _calendar(days: Ints) -> tuple[Ints, Ints, tuple[str, ...]]:
    names = ("New Year", "Chinese New Year", "Labour Day", "National Day", "Christmas")
    weekday = (days + FIRST_DAY.weekday()) % 7
    holiday = np.full(days.size, -1, dtype=np.int64)
    for year in range(FIRST_DAY.year, LAST_YEAR + 2):
        dates = [(date(year, *when), names.index(name)) for when, name in _FIXED.items()]
        new_year = date(year, *_NEW_YEAR[year])
        dates += [(new_year, 1), (new_year + timedelta(days=1), 1)]
        for when, which in dates:
            if 0 <= day_number(when) < days.size:
                holiday[day_number(when)] = which
    return weekday, holiday, names


def _rhythm(days: Ints, weekday: Ints, holiday: Ints, names: tuple[str, ...], weight: float) -> Floats:
    """More on Fridays and Saturdays, after pay day, and in the weeks before the two great feasts."""
    by_weekday = np.array([0.94, 0.92, 0.95, 1.0, 1.14, 1.18, 0.87])
    month_day = np.array([(FIRST_DAY + timedelta(days=int(day))).day for day in days])
    after_pay = 1.0 + 0.18 * np.exp(-((month_day - 26) % 31) / 4.0)
    value = by_weekday[weekday] * after_pay
    for feast, rise in (("Chinese New Year", 0.55), ("Christmas", 0.40)):
        on = np.flatnonzero(holiday == names.index(feast))
        for first in on:
            before = first - days
            value = np.where((before > 0) & (before <= 14), value * (1 + rise * (15 - before) / 30), value)
        value = np.where(np.isin(days, on), value * 0.55, value)
    return np.asarray(1.0 + weight * (value / value.mean() - 1.0))


def _market_rate(seed: int, months: int, start: Ints, regime: int, scenario: Scenario) -> Floats:
    steps = stream(seed, EVERYONE, "market rate").normal(0, 0.0014, MAXIMUM_MONTHS)[:months]
    changed = np.where(start[:-1] >= regime, scenario.regime.rates, 0.0)
    return np.asarray(np.clip(0.022 + np.cumsum(steps) + changed, 0.002, 0.09))


def _own_rate(market: Floats) -> Floats:
    """The bank follows the market half a year late and .4 points below: the gap that drives people away."""
    late = np.concatenate([np.full(min(6, market.size), market[0]), market])[: market.size]
    return np.maximum(0.0005, np.round(late - 0.004, 4))


def _unemployment(seed: int, months: int, start: Ints, regime: int, scenario: Scenario) -> Floats:
    draw = stream(seed, EVERYONE, "unemployment")
    level = draw.uniform(0.02, 0.05, len(REGIONS))[:, None]
    steps = np.cumsum(draw.normal(0, 0.0012, (MAXIMUM_MONTHS, len(REGIONS)))[:months], axis=0).T
    factor = np.where(start[:-1] >= regime, scenario.regime.unemployment, 1.0)
    return np.asarray(np.clip((level + steps) * factor, 0.005, 0.4))


def _service(seed: int, months: int) -> Floats:
    """Bad times of a branch last for months: a first-order autoregression of the logarithm."""
    shocks = stream(seed, EVERYONE, "service").normal(0, 0.35, (MAXIMUM_MONTHS, BRANCHES))
    level = np.zeros((months, BRANCHES))
    for month in range(months):
        level[month] = (0.85 * level[month - 1] if month else 0.0) + shocks[month]
    return np.asarray(np.exp(level.T - 0.2))


def _failures(seed: int, regime: int, scenario: Scenario) -> Ints:
    """Employers fail at 2 % a year; in a changed regime as much more often as people lose their jobs."""
    draw = stream(seed, EVERYONE, "employers")
    day = draw.exponential(50 * 365.0, EMPLOYERS)
    after = regime + (day - regime) / scenario.regime.unemployment
    day = np.where(day > regime, after, day)
    return np.where(day < MAXIMUM_MONTHS * 31, day, NEVER).astype(np.int64)

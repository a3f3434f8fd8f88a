"""The extracts all customers share: branches, regions, products, offers, campaigns, calendar, rates, series.

Exchange rates are whole ten-thousandths, so that an amount in the base currency is the same whoever
works it out.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.catalogue import CODES, FAMILIES, FAMILY_OF, PRODUCTS
from bankmine.simulation.entries import CURRENCIES
from bankmine.simulation.frame import (
    BRANCHES,
    DAY,
    MAXIMUM_MONTHS,
    REGIONS,
    Floats,
    Frame,
    Ints,
    day_number,
)
from bankmine.simulation.offers import (
    CONTACT_CHANNELS,
    CONTACT_COST,
    OFFER_CODES,
    OFFERS,
    campaigns_of,
)
from bankmine.simulation.streams import EVERYONE, stream

FX_UNIT = 10_000  # an exchange rate is a whole number of these parts of the base currency
_FX_FIRST = (1.0, 1.34, 1.43, 0.302, 0.196)  # SGD for one unit of CURRENCIES
_LONGEST = MAXIMUM_MONTHS * 31
_PUBLISHED = 45  # days after a quarter
_PROVINCES = ("Coast", "Plain", "Heights", "North")
# What the customer pays or gets above the bank's own savings rate (per year), and cents a month.
_SPREAD = {"current": (None, 0), "savings": (0.0, 0), "deposit": (0.006, 0), "card": (0.17, 300),
           "loan": (0.045, 0), "mortgage": (0.012, 0), "insurance": (None, 0),
           "fund": (None, 150)}  # fmt: skip
_BOOKING_COST = {"POS": 4, "ECOM": 5, "ATM": 22, "TRF": 3, "SO": 2, "DD": 2, "BANK": 1, "web": 1}


def fx_rates(frame: Frame) -> Ints:
    """SGD for one unit of each of CURRENCIES on each day, in ten-thousandths; shape (currencies, days)."""
    return _fx(frame.seed)[:, : frame.days]


@lru_cache(maxsize=4)
def _fx(seed: int) -> Ints:
    steps = stream(seed, EVERYONE, "fx").normal(0, 0.0035, (_LONGEST, len(CURRENCIES)))
    level = np.zeros(len(CURRENCIES))
    path = np.empty((_LONGEST, len(CURRENCIES)))
    for day in range(_LONGEST):  # pulled back a little, so that ten years stay believable
        level = 0.998 * level + steps[day]
        path[day] = level
    path[:, 0] = 0.0
    return np.asarray(np.rint(np.array(_FX_FIRST) * np.exp(path) * FX_UNIT), dtype=np.int64).T


def market_index(frame: Frame) -> Floats:
    """Level of the share market on each day, 1000 on the first; falls when the regime changes."""
    draw = stream(frame.seed, EVERYONE, "market index").normal(0.0002, 0.009, _LONGEST)[: frame.days]
    fall = np.where(frame.changed(np.arange(frame.days)), frame.scenario.regime.spending - 1.0, 0.0)
    return np.asarray(1000 * np.exp(np.cumsum(draw) + 0.8 * fall))


def reference_tables(frame: Frame) -> dict[str, pa.Table]:
    """All shared extracts except merchants and terminals, by name."""
    return {
        "branches": _branches(), "regions": _regions(frame), "products": _products(), "offers": _offers(),
        "campaigns": _campaigns(frame), "calendar": _calendar(frame), "rates": _rates(frame),
        "channel_costs": _channel_costs(frame), "series": _series(frame), "fx": _fx_table(frame),
    }  # fmt: skip


def region_code(region: Ints) -> list[str]:
    """Raw codes of regions."""
    return [f"R{place + 1:02d}" for place in region]


REGION_CODES = tuple(region_code(np.arange(len(REGIONS))))
BRANCH_CODES = tuple(f"B{place:02d}" for place in range(BRANCHES))


def _branches() -> pa.Table:
    region = np.arange(BRANCHES) // (BRANCHES // len(REGIONS))
    names = [
        f"{REGIONS[place]} {'Main' if number % 2 == 0 else 'Plaza'}" for number, place in enumerate(region)
    ]
    return pa.table({"branch": list(BRANCH_CODES), "name": names, "region": region_code(region)})


def _regions(frame: Frame) -> pa.Table:
    """One row a region and quarter, published 45 days after its end; the first lies before the period."""
    draw = stream(frame.seed, EVERYONE, "region figures")
    people = draw.integers(40_000, 420_000, len(REGIONS))
    urban, founders = draw.uniform(0.35, 1.0, len(REGIONS)), draw.integers(60, 180, len(REGIONS))
    crimes = draw.integers(8, 30, len(REGIONS))
    rows = []
    for first in range(-3, frame.months, 3):
        last = min(first + 3, frame.months)
        begins = int(frame.month_start[first]) if first >= 0 else -92
        told = slice(max(first, 0), max(last, 1))
        if first >= 0 and frame.month_start[last] + _PUBLISHED > frame.days:
            break
        for place in range(len(REGIONS)):
            growth = 1.004 ** (first / 12)
            rows.append({
                "region": REGION_CODES[place], "name": REGIONS[place], "province": _PROVINCES[place % 4],
                "from": begins, "to": int(frame.month_start[last]),
                "population": int(people[place] * growth), "urban_share": round(float(urban[place]), 3),
                "wage": int(frame.wage[place] * 1.03 ** (first // 12)),
                "unemployment": round(float(frame.unemployment[place, told].mean()), 5),
                "entrepreneurs": int(founders[place]),
                "crimes": int(people[place] * crimes[place] / 4000),
            })  # fmt: skip
    table = pa.Table.from_pylist(rows)
    at = {name: np.asarray(table.column(name)) for name in ("from", "to")}
    table = table.set_column(table.column_names.index("from"), "period_from", columns.day(at["from"]))
    table = table.set_column(table.column_names.index("to"), "period_to", columns.day(at["to"]))
    return table.append_column(
        "published_on", columns.day(np.where(at["from"] < 0, -1, at["to"] + _PUBLISHED))
    )


def _products() -> pa.Table:
    return pa.table(
        {
            "product": list(CODES),
            "name": [one.name for one in PRODUCTS],
            "family": [one.family for one in PRODUCTS],
            "risk_class": pa.array([one.risk_class for one in PRODUCTS], pa.int8()),
        }
    )


def _offers() -> pa.Table:
    return pa.table(
        {
            "offer": list(OFFER_CODES),
            "product": [one.product for one in OFFERS],
            "channel": [one.channel for one in OFFERS],
            "cost": pa.array([one.cost for one in OFFERS], pa.int64()),
            "rule": [one.rule for one in OFFERS],
        }
    )


def _campaigns(frame: Frame) -> pa.Table:
    plan = campaigns_of(frame)
    reached = [frame.customers * one.reach * 0.4 for one in plan]
    budget = [int(OFFERS[one.offer].cost * reach) for one, reach in zip(plan, reached, strict=True)]
    return pa.table(
        {
            "campaign": pa.array([one.code for one in plan], pa.string()),
            "goal": pa.array([f"sell {PRODUCTS[one.product].family}" for one in plan], pa.string()),
            "starts_on": columns.day(np.array([one.starts for one in plan], dtype=np.int64)),
            "ends_on": columns.day(np.array([one.ends for one in plan], dtype=np.int64)),
            "budget": pa.array(budget, pa.int64()),
        }
    )


def _calendar(frame: Frame) -> pa.Table:
    return pa.table(
        {
            "day": columns.day(np.arange(frame.days)),
            "is_business_day": pa.array(frame.business),
            "holiday": columns.code(frame.holiday, frame.holiday_names),
        }
    )


def _rates(frame: Frame) -> pa.Table:
    """Rates per product and month; the own savings rate is what drives customers away or keeps them."""
    product, month = (one.ravel() for one in np.meshgrid(np.arange(len(CODES)), np.arange(frame.months)))
    terms = [_SPREAD[FAMILIES[family]] for family in FAMILY_OF]
    above = np.array([np.nan if spread is None else spread for spread, _ in terms])[product]
    fee = np.array([fee for _, fee in terms])[product]
    fee = np.where(np.isin(product, (CODES.index("CUR-PREM"), CODES.index("CUR-BUS"))), 900, fee)
    longer = 0.0003 * product  # the treasury's price of each product's term
    return pa.table(
        {
            "product": columns.code(product, CODES),
            "valid_from": columns.day(frame.month_start[month]),
            "customer_rate": columns.real(np.round(frame.own_rate[month] + above, 5)),
            "transfer_rate": columns.real(np.round(frame.market_rate[month] + 0.002 + longer, 5)),
            "fee": pa.array(fee),
        }
    )


def _channel_costs(frame: Frame) -> pa.Table:
    costs = dict(zip(CONTACT_CHANNELS, CONTACT_COST, strict=True)) | _BOOKING_COST
    years = [year for year in range(2023, 2034) if day_number(date(year, 1, 1)) < frame.days]
    rows = [(name, day_number(date(year, 1, 1)), round(cost * 1.025 ** (year - 2023)))
            for year in years for name, cost in costs.items()]  # fmt: skip
    return pa.table(
        {
            "channel": [row[0] for row in rows],
            "valid_from": columns.day(np.array([row[1] for row in rows])),
            "cost": pa.array([row[2] for row in rows], pa.int64()),
        }
    )


def _series(frame: Frame) -> pa.Table:
    """Unemployment by region and month, the market's savings rate and prices by month, the market by day."""
    draw = stream(frame.seed, EVERYONE, "prices")
    prices = 100 * np.exp(np.cumsum(draw.normal(0.0022, 0.0015, MAXIMUM_MONTHS)[: frame.months]))
    ends, days = frame.month_start[1:] - 1, np.arange(frame.days)
    parts = [
        _one(frame, "unemployment", "region", code, frame.unemployment[place], ends, 20, "share", "month")
        for place, code in enumerate(REGION_CODES)
    ]
    parts.append(
        _one(frame, "market_savings_rate", "market", "SG", frame.market_rate, ends, 1, "per year", "month")
    )
    parts.append(_one(frame, "price_index", "market", "SG", prices, ends, 22, "index", "month"))
    trading = days[frame.business]
    index = market_index(frame)[frame.business]
    parts.append(_one(frame, "share_index", "market", "SG", index, trading, 1, "index", "day"))
    for place, currency in enumerate(CURRENCIES[1:], start=1):
        value = fx_rates(frame)[place][frame.business] / FX_UNIT
        parts.append(_one(frame, "fx", "currency", currency, value, trading, 1, "SGD", "day"))
    return pa.concat_tables(parts)


def _one(
    frame: Frame, name: str, kind: str, entity: str, value: Floats, day: Ints, late: int, unit: str,
    frequency: str,
) -> pa.Table:  # fmt: skip
    """One series: each value speaks for what ended on the day and is published `late` days after it."""
    published = day + late
    here = published < frame.days
    value, day, published = value[here], day[here], published[here]
    size = len(day)
    return pa.table(
        {
            "series": pa.array([name] * size, pa.string()),
            "entity_kind": pa.array([kind] * size, pa.string()),
            "entity": pa.array([entity] * size, pa.string()),
            "happened_at": columns.when(day * DAY),
            "published_at": columns.when(published * DAY + 9 * 3600),
            "value": columns.real(np.round(value, 6)),
            "unit": pa.array([unit] * size, pa.string()),
            "frequency": pa.array([frequency] * size, pa.string()),
        }
    )


def _fx_table(frame: Frame) -> pa.Table:
    """One row a currency and civil day; the base currency itself is not in it."""
    rates = fx_rates(frame)[1:]
    currency, day = (one.ravel() for one in np.meshgrid(np.arange(1, len(CURRENCIES)), np.arange(frame.days)))
    value = [Decimal(int(rate)).scaleb(-4) for rate in rates.T.ravel()]
    return pa.table(
        {
            "currency": columns.code(currency, CURRENCIES),
            "day": columns.day(day),
            "rate": pa.array(value, pa.decimal128(12, 4)),
        }
    )

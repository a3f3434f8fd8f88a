"""A made-up bank, sound in every table: 1,500 customers, two years of transactions, from a seed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from banks import Extract

from bankmine.bank.catalogue import TABLES
from bankmine.bank.civil import Zone

if TYPE_CHECKING:
    from numpy.typing import NDArray

ZONE = "Europe/Prague"
CITIES = (
    ("Praha", 50.08, 14.43), ("Brno", 49.20, 16.61), ("Plzeň", 49.74, 13.37),
    ("Ústí nad Labem", 50.66, 14.03),
    ("České Budějovice", 48.97, 14.47), ("Hradec Králové", 50.21, 15.83), ("Žďár nad Sázavou", 49.56, 15.94),
    ("Olomouc", 49.59, 17.25), ("Jihlava", 49.40, 15.59), ("Třebíč", 49.21, 15.88),
)  # fmt: skip
FIRST, LAST = date(2022, 1, 1), date(2023, 12, 31)
DAY_US = 86_400_000_000


def made_up(seed: int, customers: int = 1500) -> Extract:
    """The bank's tables."""
    rng = np.random.default_rng(seed)
    zone = Zone(ZONE)
    first, last = (FIRST - date(1970, 1, 1)).days, (LAST - date(1970, 1, 1)).days
    people = np.arange(customers)
    opened = first - 3000 + np.sort(rng.integers(0, 3000, customers))
    region = rng.choice(len(CITIES), customers, p=_weights(len(CITIES)))
    start = zone.midnights(opened)
    keys = {name: _tokens(rng, customers) for name in ("customer", "account")}
    tables: dict[str, Any] = {}
    birth = np.clip(np.rint(rng.normal(1975, 16, customers)), 1930, 2004).astype(np.int64)
    tables["customer"] = _table(
        "customer", customer_id=keys["customer"], kind=["person"] * customers, birth_year=birth,
        gender=np.where(rng.random(customers) < 0.5, "female", "male"),
        region_id=[f"R{r:02d}" for r in region],
        occupation=rng.choice(
            ["clerk", "teacher", "nurse", "engineer", "farmer", "driver", "retired"], customers
        ),
        since=_dates(opened), valid_from=_instants(start), known_at=_instants(start),
    )  # fmt: skip
    branch = rng.integers(0, 24, customers)
    tables["account"] = _table(
        "account", account_id=keys["account"],
        product_code=rng.choice(["basic", "plus", "student"], customers),
        branch_id=[f"B{b:02d}" for b in branch], opened_on=_dates(opened), currency=["CZK"] * customers,
        overdraft_limit_minor=rng.choice([0, 1_000_000, 2_000_000], customers),
        valid_from=_instants(start), known_at=_instants(start),
    )  # fmt: skip
    tables["account_party"] = _table(
        "account_party", account_id=keys["account"], customer_id=keys["customer"], role=["owner"] * customers,
        valid_from=_instants(start), known_at=_instants(start),
    )  # fmt: skip
    known = np.full(len(CITIES), zone.midnight(FIRST))
    tables["region"] = _table(
        "region", region_id=[f"R{r:02d}" for r in range(len(CITIES))],
        period_from=_dates(np.full(len(CITIES), first)),
        name=[city[0] for city in CITIES], population=rng.integers(40_000, 1_200_000, len(CITIES)),
        unemployment=rng.uniform(0.02, 0.09, len(CITIES)), known_at=_instants(known),
    )  # fmt: skip
    tables["branch"] = _table(
        "branch", branch_id=[f"B{b:02d}" for b in range(24)],
        name=[f"{CITIES[b % 10][0]} {b // 10 + 1}" for b in range(24)],
        region_id=[f"R{b % 10:02d}" for b in range(24)],
        known_at=_instants(np.full(24, zone.midnight(FIRST))),
    )  # fmt: skip
    tables["transaction"] = _transactions(rng, zone, people, region, keys, (first, last))
    return Extract(ZONE, "CZK", tables)


def _weights(size: int) -> NDArray[np.float64]:
    raw = 1 / np.arange(1, size + 1)
    return raw / raw.sum()


def _tokens(rng: np.random.Generator, size: int) -> NDArray[np.int64]:
    return rng.permutation(np.unique(rng.integers(1 << 40, 1 << 62, size * 2)))[:size]


def _dates(days: NDArray[np.int64]) -> Any:
    return pa.array(np.asarray(days, np.int32), pa.int32()).cast(pa.date32())


def _instants(us: NDArray[np.int64]) -> Any:
    return pa.array(np.asarray(us, np.int64)).cast(pa.timestamp("us", tz="UTC"))


def _table(table: str, /, **columns: Any) -> Any:
    schema = TABLES[table].schema()
    rows = len(next(iter(columns.values())))
    filled = {}
    for field in schema:
        if field.name == "load_number":
            continue
        values = columns.get(field.name)
        array = pa.nulls(rows, field.type) if values is None else pa.array(values).cast(field.type)
        filled[field.name] = array
    return pa.table(filled)


def _transactions(
    rng: np.random.Generator, zone: Zone, people: Any, region: Any, keys: Any, span: tuple[int, int]
) -> Any:
    parts = [_salaries(rng, people, span), _standing(rng, people, span), _purchases(rng, people, span)]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((rows["second"], rows["day"]))
    rows = {name: values[order] for name, values in rows.items()}
    size = len(order)
    local = rows["day"] * DAY_US + rows["second"] * 1_000_000
    at = zone.to_utc(local)
    signed = np.where(rows["direction"] == "in", rows["amount"], -rows["amount"])
    balance = _balances(rows["person"], signed)
    merchants = _tokens(rng, 400)
    home = region[rows["person"]]
    merchant = rng.integers(0, 40, size) * 10 + home
    bought = rows["category"] == ""
    mcc = np.array(["5411", "5541", "5812", "5311", "4121", "5912"])[merchant % 6]
    card = bought & (rng.random(size) < 0.85)
    lat = np.array([c[1] for c in CITIES])[home] + rng.normal(0, 0.05, size)
    lon = np.array([c[2] for c in CITIES])[home] + rng.normal(0, 0.05, size)
    return _table(
        "transaction", transaction_id=_tokens(rng, size), account_id=keys["account"][rows["person"]],
        customer_id=keys["customer"][rows["person"]], is_primary=np.ones(size, bool),
        amount_minor=rows["amount"],
        currency=["CZK"] * size, base_minor=rows["amount"], direction=rows["direction"],
        channel=np.where(bought, np.where(card, "card", "online"), "transfer"),
        entry_mode=pa.array(rng.choice(["chip", "contactless"], size, p=[0.3, 0.7]), mask=~card),
        status=["booked"] * size, category=pa.array(np.where(bought, _bought(mcc), rows["category"])),
        mcc=pa.array(mcc, mask=~bought), merchant_id=pa.array(merchants[merchant], mask=~bought),
        city=pa.array(np.array([c[0] for c in CITIES])[home], mask=~bought),
        lat=pa.array(lat, mask=~bought), lon=pa.array(lon, mask=~bought),
        country=pa.array(["CZ"] * size, mask=~bought),
        balance_after_minor=balance, event_time=_instants(at), known_at=_instants(at), seq=np.arange(size),
        cancelled=np.zeros(size, bool),
    )  # fmt: skip


def _bought(mcc: Any) -> Any:
    names = {
        "5411": "food",
        "5541": "fuel",
        "5812": "restaurant",
        "5311": "shopping",
        "4121": "transport",
        "5912": "health",
    }
    return np.array([names[code] for code in mcc])


def _balances(person: NDArray[np.int64], signed: NDArray[np.int64]) -> NDArray[np.int64]:
    order = np.argsort(person, kind="stable")
    sums = np.cumsum(signed[order])
    starts = np.flatnonzero(np.diff(person[order], prepend=-1))
    base = np.repeat(np.concatenate(([0], sums[starts[1:] - 1])), np.diff(np.append(starts, len(order))))
    out = np.empty(len(order), np.int64)
    out[order] = sums - base + 500_000
    return out


def _monthly(rng: np.random.Generator, people: Any, span: tuple[int, int], of_month: Any) -> tuple[Any, Any]:
    months = np.arange(np.datetime64("2022-01"), np.datetime64("2024-01"))
    days = months.astype("datetime64[D]").astype(np.int64)
    person = np.repeat(people, len(days))
    day = np.tile(days, len(people)) + np.repeat(of_month, len(days))
    return person, day


def _salaries(rng: np.random.Generator, people: Any, span: tuple[int, int]) -> dict[str, Any]:
    person, day = _monthly(rng, people, span, rng.integers(7, 16, len(people)))
    wage = np.exp(rng.normal(15.0, 0.4, len(people)))
    growth = 1 + 0.005 * (day - span[0]) / 30
    amount = np.rint(wage[person] * growth / 100).astype(np.int64) * 100
    return _rows(
        person, day, np.full(len(day), 6 * 3600) + rng.integers(0, 3600, len(day)), amount, "in", "salary"
    )


def _standing(rng: np.random.Generator, people: Any, span: tuple[int, int]) -> dict[str, Any]:
    parts = []
    for category, level in (("rent", 13.8), ("energy", 12.2), ("insurance", 11.3)):
        person, day = _monthly(rng, people, span, rng.integers(0, 28, len(people)))
        base = np.rint(np.exp(rng.normal(level, 0.3, len(people))) / 100).astype(np.int64) * 100
        keep = (rng.random(len(people)) < 0.6)[person]
        second = 4 * 3600 + rng.integers(0, 7200, len(day))
        parts.append(_rows(person[keep], day[keep], second[keep], base[person][keep], "out", category))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _purchases(rng: np.random.Generator, people: Any, span: tuple[int, int]) -> dict[str, Any]:
    days = np.arange(span[0], span[1] + 1)
    weekday = (days + 3) % 7
    rate = rng.gamma(2.0, 0.04, len(people))
    intensity = (
        np.where(weekday >= 5, 1.4, 0.9)
        * (1 + 0.15 * np.sin(2 * np.pi * days / 365))
        * (1 + 0.2 * (days - span[0]) / len(days))
    )
    counts = rng.poisson(np.outer(rate, intensity))
    person, at = np.nonzero(counts)
    repeat = counts[person, at]
    person, day = np.repeat(person, repeat), days[np.repeat(at, repeat)]
    hour = np.clip(rng.normal(14, 4, len(day)), 0, 23.99)
    amount = np.rint(np.exp(rng.normal(10.2, 0.9, len(day)))).astype(np.int64) + 1
    return _rows(person, day, (hour * 3600).astype(np.int64), amount, "out", "")


def _rows(person: Any, day: Any, second: Any, amount: Any, direction: str, category: str) -> dict[str, Any]:
    return {
        "person": np.asarray(person), "day": np.asarray(day, np.int64),
        "second": np.asarray(second, np.int64),
        "amount": np.asarray(amount, np.int64), "direction": np.full(len(day), direction),
        "category": np.full(len(day), category, dtype="<U12"),
    }  # fmt: skip

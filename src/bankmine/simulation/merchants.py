"""Where customers buy: shops of twelve regions, online shops and shops abroad, the same for all communities.

Merchants stand in blocks, one for each place (a region, online, a country) and category, most popular first;
inside a block popularity follows Zipf's law. A purchase finds its merchant by searching the block's
cumulative popularity. A merchant has one to three terminals.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.entries import CATEGORIES, COUNTRIES, CURRENCIES
from bankmine.simulation.frame import BRANCHES, REGIONS, Floats, Frame, Ints
from bankmine.simulation.reference import REGION_CODES
from bankmine.simulation.streams import EVERYONE, stream

FIRST_MERCHANT = 500_000
ONLINE = len(REGIONS)  # the place of online shops; a country's place is ONLINE + its index in COUNTRIES
PLACES = len(REGIONS) + len(COUNTRIES)
FIRST_MACHINE = 90_000_000  # terminals of cash machines: FIRST_MACHINE + branch * 4 + one of 0 to 3
MACHINES = 4
# For each category: shops in a region, online, popularity's power, merchant category codes.
_KINDS: dict[str, tuple[int, int, float, tuple[int, ...]]] = {
    "groceries": (46, 14, 0.85, (5411, 5499, 5422)),
    "restaurant": (82, 16, 0.55, (5812, 5814, 5813)),
    "travel": (8, 26, 0.8, (4511, 7011, 4722)),
    "fuel": (12, 0, 0.5, (5541, 5542)),
    "transport": (14, 12, 1.1, (4111, 4121, 4784)),
    "electronics": (16, 24, 0.9, (5732, 5045)),
    "clothing": (34, 40, 0.7, (5651, 5691, 5661)),
    "health": (26, 10, 0.6, (5912, 8011, 8021)),
    "household": (24, 22, 0.75, (5712, 5200, 5722)),
    "leisure": (32, 30, 0.8, (7832, 7997, 7922)),
    "education": (12, 16, 0.7, (8299, 5942)),
    "children": (14, 16, 0.7, (5641, 5945, 8351)),
    "online": (0, 74, 1.0, (5964, 5815, 5816)),
    "gift": (14, 6, 0.6, (5947, 5992)),
}
BOUGHT = tuple(_KINDS)  # categories bought from merchants
_ABROAD = (0, 90, 40, 25, 30, 25, 8, 8)  # shops abroad by country
_MONEY = ("SGD", "MYR", "CNY", "USD", "USD", "EUR", "USD", "USD")  # their currency
_AROUND = ((1.3, 103.8), (1.5, 103.75), (31.2, 121.5), (-6.2, 106.8), (40.7, -74.0), (52.5, 13.4),
           (6.5, 3.4), (55.8, 37.6))  # fmt: skip

SCHEMA_MERCHANTS = pa.schema(
    [("merchant", pa.int32()), ("mcc", pa.string()), ("category", columns.CODE), ("region", columns.CODE),
     ("country", columns.CODE), ("lat", pa.float64()), ("lon", pa.float64())]
)  # fmt: skip
SCHEMA_TERMINALS = pa.schema(
    [("terminal", pa.int32()), ("merchant", pa.int32()), ("region", columns.CODE), ("country", columns.CODE),
     ("lat", pa.float64()), ("lon", pa.float64())]
)  # fmt: skip


@dataclass(frozen=True)
class Merchants:
    """One place a merchant, shape (m,), by block. `number`: raw key; `category`: index of CATEGORIES;
    `place`: region, ONLINE or ONLINE + country; `region`: index or -1; `country`, `currency`: indices of
    COUNTRIES and CURRENCIES; `lat`, `lon` in degrees, NaN online. `terminals`: 1 to 3, whose raw numbers are
    `number` * 10 and following. `popularity`:
    weight among all merchants of a kind of place; `cumulative`: share of its block's
    popularity up to and with the merchant.
    `begins`, `ends` (PLACES, categories): the block of each place and category, empty where begins = ends.
    """

    number: Ints
    category: Ints
    mcc: Ints
    place: Ints
    region: Ints
    country: Ints
    currency: Ints
    lat: Floats
    lon: Floats
    terminals: Ints
    popularity: Floats
    cumulative: Floats
    begins: Ints
    ends: Ints

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.number.size)

    def terminal_of(self, merchant: Ints, luck: Floats) -> Ints:
        """Raw number of one of each merchant's terminals; `luck` from 0 up to 1."""
        which = np.minimum((luck * self.terminals[merchant]).astype(np.int64), self.terminals[merchant] - 1)
        return np.asarray(self.number[merchant] * 10 + which)


@lru_cache(maxsize=4)
def merchants(seed: int) -> Merchants:
    """The merchants of a bank's world."""
    draw = stream(seed, EVERYONE, "merchants")
    shops = np.zeros((PLACES, len(CATEGORIES)), dtype=np.int64)
    for name, (inland, online, _, _) in _KINDS.items():
        row = CATEGORIES.index(name)
        shops[:ONLINE, row] = np.maximum(inland > 0, np.rint(inland * draw.uniform(0.6, 1.4, ONLINE)))
        shops[ONLINE, row] = online
        for country in range(1, len(COUNTRIES)):
            share = 0 if name == "online" else max(1, round(_ABROAD[country] * inland / 360))
            shops[ONLINE + country, row] = share
    size = shops.ravel()
    block = np.repeat(np.arange(size.size), size)
    ends = np.cumsum(size).reshape(shops.shape)
    begins = ends - shops
    rank = np.arange(block.size) - begins.ravel()[block]
    place, category = block // len(CATEGORIES), block % len(CATEGORIES)
    weight, cumulative = _popularity(category, rank, begins.ravel()[block])
    return _described(draw, _centres(seed), (place, category, begins, ends, weight, cumulative))


def _centres(seed: int) -> Floats:
    """The frame's `centre`, which depends on the seed alone."""
    draw = stream(seed, EVERYONE, "regions")
    return np.stack([1.25 + 0.2 * draw.random(ONLINE), 103.6 + 0.4 * draw.random(ONLINE)], axis=1)


def _popularity(category: Ints, rank: Ints, first: Ints) -> tuple[Floats, Floats]:
    """Zipf's law in each block; and cumulated."""
    power = np.zeros(len(CATEGORIES))
    for name, (_, _, value, _) in _KINDS.items():
        power[CATEGORIES.index(name)] = value
    weight = 1.0 / (rank + 1.5) ** power[category]
    total = np.cumsum(weight)
    before = np.where(first > 0, total[first - 1], 0.0)
    last = np.append(np.flatnonzero(first[1:] != first[:-1]), first.size - 1)
    whole = np.repeat(total[last], np.diff(np.append(-1, last))) - before
    return weight, np.minimum((total - before) / whole, 1.0)


def _described(
    draw: np.random.Generator, regions: Floats, blocks: tuple[Ints, Ints, Ints, Ints, Floats, Floats]
) -> Merchants:
    place, category, begins, ends, weight, cumulative = blocks
    size = place.size
    country = np.maximum(place - ONLINE, 0)
    foreign = (place == ONLINE) & (draw.random(size) < 0.3)
    country = np.where(foreign, draw.choice([2, 4, 5], size), country)
    around = np.array(_AROUND)
    centre = np.where((place < ONLINE)[:, None], regions[np.minimum(place, ONLINE - 1)], around[country])
    point = centre + draw.normal(0, 0.015, (size, 2))
    online = place == ONLINE
    codes = np.zeros((len(CATEGORIES), 3), dtype=np.int64)
    for name, (_, _, _, mcc) in _KINDS.items():
        codes[CATEGORIES.index(name)] = np.resize(mcc, 3)
    money = np.array([CURRENCIES.index(name) for name in _MONEY])
    return Merchants(
        number=FIRST_MERCHANT + np.arange(size), category=category,
        mcc=codes[category, draw.choice(3, size, p=(0.6, 0.25, 0.15))], place=place,
        region=np.where(place < ONLINE, place, -1), country=country, currency=money[country],
        lat=np.where(online, np.nan, point[:, 0]), lon=np.where(online, np.nan, point[:, 1]),
        terminals=np.where(online, 1, draw.integers(1, 4, size)), popularity=weight, cumulative=cumulative,
        begins=begins, ends=ends,
    )  # fmt: skip


def shared_tables(frame: Frame) -> dict[str, pa.Table]:
    """Extracts `merchants` and `terminals`, made once for all communities; machines have no merchant."""
    shops = merchants(frame.seed)
    shop = np.repeat(np.arange(shops.count), shops.terminals)
    which = np.arange(shop.size) - np.repeat(np.cumsum(shops.terminals) - shops.terminals, shops.terminals)
    machine = np.arange(BRANCHES * MACHINES)
    region = machine // MACHINES // 2
    where = frame.centre[region] + 0.01 * np.stack([machine % MACHINES, (machine // MACHINES) % 2], axis=1)
    none = np.full(machine.size, -1)
    merchant_table = pa.table(
        {"merchant": pa.array(shops.number.astype(np.int32)),
         "mcc": pa.array(shops.mcc.astype(str).tolist(), pa.string()),
         "category": columns.code(shops.category, CATEGORIES), "region": columns.code(shops.region,
         REGION_CODES),
         "country": columns.code(shops.country, COUNTRIES), "lat": columns.real(shops.lat),
         "lon": columns.real(shops.lon)}, schema=SCHEMA_MERCHANTS,
    )  # fmt: skip
    owner = np.append(shops.number[shop], none)
    terminal_table = pa.table(
        {"terminal": pa.array(np.append(shops.number[shop] * 10 + which,
        FIRST_MACHINE + machine).astype(np.int32)),
         "merchant": pa.array(owner.astype(np.int32), mask=owner < 0),
         "region": columns.code(np.append(shops.region[shop], region), REGION_CODES),
         "country": columns.code(np.append(shops.country[shop], none * 0), COUNTRIES),
         "lat": columns.real(np.append(shops.lat[shop], where[:, 0])),
         "lon": columns.real(np.append(shops.lon[shop], where[:, 1]))}, schema=SCHEMA_TERMINALS,
    )  # fmt: skip
    return {"merchants": merchant_table, "terminals": terminal_table}

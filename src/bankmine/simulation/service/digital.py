"""App and web events in sessions: the layout, and what customers and prospects click.

A session is a login, the pages of its purpose and sometimes a logout, on one of the customer's devices; the
country of the address is where the customer is, at home or on a journey.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bankmine.simulation import columns
from bankmine.simulation.catalogue import CODES
from bankmine.simulation.entries import COUNTRIES
from bankmine.simulation.frame import DAY, Floats, Frame, Ints
from bankmine.simulation.people import FIRST_CUSTOMER, LIVES, People
from bankmine.simulation.prospects import Prospects
from bankmine.simulation.service.visits import PURPOSES, Visits

SCHEMA_DIGITAL = pa.schema(
    [
        ("event_no", pa.int64()),
        ("customer", pa.int64()),
        ("prospect", pa.int64()),
        ("happened_at", columns.TIMESTAMP),
        ("channel", columns.CODE),
        ("event", columns.CODE),
        ("page", columns.CODE),
        ("product", columns.CODE),
        ("session", pa.int64()),
        ("device", pa.int64()),
        ("ip_country", columns.CODE),
        ("duration_ms", pa.int32()),
    ]
)
FIRST_DEVICE = 3_000_000_000  # of customers: 4 each; the last is of a stranger or a new phone on a journey
FIRST_SESSION = 4_000_000_000_000  # 2**20 a customer, the upper half for account take-overs
FIRST_PROSPECT_DEVICE = 3_800_000_000
STEPS_AT_MOST = 8  # event number = session * STEPS_AT_MOST + step
CHANNELS = ("app", "web")
EVENTS = ("login", "view", "submit", "logout")
PAGES = ("home", "balance", "transfer", "cards", "statements", "rates", "product", "complaints",
         "close_account", "campaign", "settings", "form")  # fmt: skip
_AWAY, _ABROAD_BORDER = 0.7, 0.35  # share of visits left out when out of reach; of border people's from there
LOGOUT = 0.3  # share of sessions that end with one
_STEPS = {  # pages after the login; a negative one is submitted
    "balance": (1,), "transfer": (1, 2, -2), "cards": (3,), "statements": (1, 4), "rates": (5,),
    "product": (6,), "complaint": (7, -7), "close": (10, 8), "campaign": (9,), "settings": (10,),
}  # fmt: skip
_LENGTH = np.array([1 + len(_STEPS[name]) for name in PURPOSES])
_PAGE = np.zeros((len(PURPOSES), STEPS_AT_MOST), dtype=np.int64)
_EVENT = np.ones((len(PURPOSES), STEPS_AT_MOST), dtype=np.int64)
for _place, _name in enumerate(PURPOSES):
    _EVENT[_place, 0] = 0
    for _step, _page in enumerate(_STEPS[_name], start=1):
        _PAGE[_place, _step], _EVENT[_place, _step] = abs(_page), 2 if _page < 0 else 1
    _EVENT[_place, _LENGTH[_place]] = 3


def digital_table(frame: Frame, who: People, visits: Visits, presence: NDArray[np.int8]) -> pa.Table:
    """Extract `digital` of customers; `presence` (n, days): 0 home, c > 0 in country c, -1 out of reach."""
    where = presence[visits.person, visits.second // DAY].astype(np.int64)
    luck = _luck(who, visits)
    kept = np.flatnonzero((where >= 0) | (luck > _AWAY))
    person, second, purpose = visits.person[kept], visits.second[kept], visits.purpose[kept]
    luck, where = luck[kept], np.maximum(where[kept], 0)
    border = (
        (who.life[person] == LIVES.index("cross_border")) & (luck * 97 % 1 < _ABROAD_BORDER) & (where == 0)
    )
    where = np.where(border, COUNTRIES.index("MY"), where)
    web = luck * 31 % 1 > 0.35 + 0.5 * who.digital[person]
    nth = np.arange(person.size) - np.searchsorted(person, person)
    session = FIRST_SESSION + (who.number[person] - FIRST_CUSTOMER) * 2**20 + nth
    steps = _LENGTH[purpose] + (luck * 53 % 1 < LOGOUT)
    row = np.repeat(np.arange(person.size), steps)
    step = np.arange(row.size) - np.repeat(np.cumsum(steps) - steps, steps)
    took = milliseconds((luck[row] * 7919 + step * 0.618034) % 1)
    pause = pauses(luck)[row]
    page = _PAGE[purpose[row], step]
    shown = np.isin(page, (PAGES.index("product"), PAGES.index("campaign")))
    return pa.table(
        {
            "event_no": pa.array(session[row] * STEPS_AT_MOST + step),
            "customer": pa.array(who.number[person][row]),
            "prospect": pa.nulls(row.size, pa.int64()),
            "happened_at": columns.when(np.minimum(second[row] + step * pause, frame.days * DAY - 1)),
            "channel": columns.code(web[row], CHANNELS),
            "event": columns.code(_EVENT[purpose[row], step], EVENTS),
            "page": columns.code(page, PAGES),
            "product": columns.code(np.where(shown, visits.product[kept][row], -1), CODES),
            "session": pa.array(session[row]),
            "device": pa.array(_device(who, person, second, web)[row]),
            "ip_country": columns.code(where[row], COUNTRIES),
            "duration_ms": pa.array(took),
        },
        schema=SCHEMA_DIGITAL,
    )


def milliseconds(luck: Floats) -> NDArray[np.int32]:
    """How long each step takes, from even draws: logistic in the logarithm, eleven seconds as a rule."""
    even = luck * 0.998 + 0.001
    took = np.exp(9.3 + 0.5 * np.log(even / (1 - even)))
    return np.asarray(np.minimum(took, 900_000).astype(np.int32))


def pauses(luck: Floats) -> Ints:
    """Seconds from step to step of each session, from even draws."""
    return (12 + luck * 50).astype(np.int64)


def _luck(who: People, visits: Visits) -> Floats:
    mixed = (who.number[visits.person] * 2_654_435_761 + visits.second * 40_503) % 4_294_967_291
    return np.asarray(mixed / 4_294_967_291)


def _device(who: People, person: Ints, second: Ints, web: np.ndarray) -> Ints:
    """The browser, the phone, or the phone that replaced it: a third change theirs in three years."""
    changed = who.number * 48_271 % 3_300  # a day
    place = np.where(web, 1, np.where(second // DAY >= changed[person], 2, 0))
    return np.asarray(FIRST_DEVICE + (who.number[person] - FIRST_CUSTOMER) * 4 + place)


def prospect_steps(prospects: Prospects) -> pa.Table:
    """Three clicks of each prospect who filled in a form on the site."""
    number = prospects.number
    online = np.flatnonzero(number * 7919 % 100 < 70)
    row = np.repeat(online, 3)
    step = np.tile(np.arange(3), online.size)
    session = FIRST_SESSION // 2 + number[row]
    event, page = np.array([1, 1, 2])[step], np.array([0, 6, 11])[step]
    product = np.where(step == 1, 4 + number[row] % (len(CODES) - 4), -1)
    return pa.table(
        {
            "event_no": pa.array(session * STEPS_AT_MOST + step),
            "customer": pa.nulls(row.size, pa.int64()),
            "prospect": pa.array(number[row]),
            "happened_at": columns.when(prospects.second[row] - (2 - step) * 70),
            "channel": columns.code(np.ones(row.size), CHANNELS),
            "event": columns.code(event, EVENTS),
            "page": columns.code(page, PAGES),
            "product": columns.code(product, CODES),
            "session": pa.array(session),
            "device": pa.array(FIRST_PROSPECT_DEVICE + number[row] - 90_000_000),
            "ip_country": columns.code(np.zeros(row.size), COUNTRIES),
            "duration_ms": pa.array((9_000 + number[row] * 331 % 60_000).astype(np.int32)),
        },
        schema=SCHEMA_DIGITAL,
    )

"""Purchases, one by one: the inner loop of spending, compiled.

Every purchase draws from its own sequence of splitmix64 numbers, keyed by its customer, month and place in
the month, so a longer period, another community or another core changes none of them.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

from bankmine.simulation.keyed import splitmix

_OPTIONS: dict[str, Any] = {"cache": True, "_nrt": False}
_part: Any = nb.njit(inline="always", **_OPTIONS)
DAY = 86_400
MORNING, NIGHT = 7 * 3600, 22 * 3600  # further payments of a day lie between, if they can
HOURS = 64  # places of the table of hours
ONLINE = 12
FAVOURITES = 3
ELECTRONICS, HOUSEHOLD, CHILDREN = 5, 8, 11  # places in merchants.BOUGHT
_mixed = _part(splitmix)


@_part
def _share(state, number):  # type: ignore[no-untyped-def]
    """Number `number` of a sequence, from 0 up to 1."""
    mixed = _mixed(state + np.uint64(number) * np.uint64(0x9E3779B97F4A7C15))
    return (mixed >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@nb.njit("void(f8[:,::1], f8[:,::1], i4[:,::1])", nogil=True, **_OPTIONS)
def counts(rate, luck, found):  # type: ignore[no-untyped-def]
    """Poisson counts by inversion, one uniform each, at most 400."""
    for row in range(rate.shape[0]):
        for month in range(rate.shape[1]):
            mean = rate[row, month]
            term = np.exp(-mean)
            total, count = term, 0
            while total < luck[row, month] and count < 400:
                count += 1
                term *= mean / count
                total += term
            found[row, month] = count


@_part
def _after(values, low, high, aim):  # type: ignore[no-untyped-def]
    """First place in [low, high) whose value is above `aim`; high − 1 if none."""
    last = high - 1
    while low < last:
        middle = (low + last) >> 1
        if values[middle] > aim:
            last = middle
        else:
            low = middle + 1
    return low


@_part
def _ending(cents, luck):  # type: ignore[no-untyped-def]
    """Prices end as prices do."""
    if luck < 0.22:
        cents = (cents + 50) // 100 * 100
    elif luck < 0.45:
        cents = (cents + 50) // 100 * 100 - 10
    elif luck < 0.52:
        cents = (cents + 50) // 100 * 100 - 5
    elif luck < 0.60:
        cents = (cents + 50) // 100 * 100 - 1
    elif luck < 0.72:
        cents = (cents + 25) // 50 * 50
    return max(cents, 50)


_SIGNATURE = (
    "i8(i4[:,::1], u8[:,::1], i8[::1], f8[:,::1], i1[:,::1], i1[::1], i8[::1], i8[::1],"  # when
    " f8[:,::1], f8[:,::1], f8[:,::1], i8[:,::1], i8[:,::1], i8[:,::1], f8[::1],"  # what and where
    " f8[::1], i8[:,::1], i8[:,::1], f8[::1], i8[:,::1],"  # how
    " i4[:,::1], i8[:,::1])"  # found
)


@nb.njit(_SIGNATURE, nogil=True, error_model="numpy", **_OPTIONS)
def purchases(  # type: ignore[no-untyped-def]
    count, keys, month_start, day_share, presence, life, since, until,
    person_traits, profile, category_traits, places, begins, ends, popularity,
    online_factor, events, ways, hours, category_hours,
    small, large,
):  # fmt: skip
    """Fills the purchases of all customers; returns how many there are.

    `count`, `keys` (n, months): how many, and the key of their sequence. `day_share` (lives, days + 1):
    running weight of the days. `presence` (n, days): 0 at home, c > 0 in country c, below 0 out of reach.
    `person_traits` (n, 9): level of amounts, share online, share at the region of work, share in the
    neighbouring country, share by credit card, share on the shared account, refusals, days with several,
    logarithm of the most a purchase costs.
    Categories are places in
    merchants.BOUGHT. `profile` (n, categories): running share. `category_traits` (categories, 4): logarithm
    of the usual
    cents, spread, times online, share of large ones. `places` (n, months + 1): region by month, last the
    region of work. `events` (n, 3): day of a child, of a home, of the credit card's account opening.
    `ways` (n, 11): account, first card, its first
    day, last card; the same for credit; shared account, its card and day (−1 none). `hours` (classes *
    HOURS): hour by inverse share;
    `category_hours` (lives, categories): class. Results: `small` (5, m): account, category, merchant, card,
    flags (1 online, 2 refused); `large` (4, m): second, cents, person, luck.
    """
    at = 0
    months = count.shape[1]
    for person in range(count.shape[0]):
        of = life[person]
        for month in range(months):
            begin, end = month_start[month], month_start[month + 1]
            before = day_share[of, begin]
            whole = day_share[of, end] - before
            second = np.int64(-1)
            for number in range(count[person, month]):
                key = _mixed(keys[person, month] + np.uint64(number) * np.uint64(0xD1342543DE82EF95))
                if number > 0 and second >= 0 and _share(key, 0) < person_traits[person, 7]:
                    day = second // DAY
                    step = 600 + np.int64(-13000.0 * np.log(1.0 - _share(key, 1)))
                    step = -step if _share(key, 2) < 0.5 else step
                    clock = second % DAY
                    if not MORNING <= clock + step < NIGHT:
                        step = -step
                    clock += step
                    clock = np.int64(MORNING) if clock < MORNING else clock
                    second = day * DAY + (clock if clock < DAY else DAY - 1)
                else:
                    aim = before + whole * _share(key, 1)
                    day = _after(day_share[of], begin + 1, end + 1, aim) - 1
                    second = np.int64(-day - 2)  # the hour follows with the category
                where = presence[person, day]
                if where < 0 or day < since[person] or day >= until[person]:
                    second = np.int64(-1)
                    continue
                # What
                aim = _share(key, 3)
                category = 0
                while profile[person, category] <= aim:
                    category += 1
                if day >= events[person, 0] and aim * 997.0 % 1.0 < 0.12:
                    category = CHILDREN
                home = day - events[person, 1]
                if 0 <= home < 150 and aim * 991.0 % 1.0 < 0.28:
                    category = HOUSEHOLD if aim * 983.0 % 1.0 < 0.65 else ELECTRONICS
                # Where
                online = (
                    _share(key, 4)
                    < person_traits[person, 1] * category_traits[category, 2] * online_factor[month]
                )
                place = ONLINE
                if not online:
                    if where > 0:
                        place = ONLINE + where
                    elif _share(key, 5) < person_traits[person, 3]:
                        place = ONLINE + 1
                    else:
                        luck = _share(key, 6)
                        place = places[person, month]
                        if luck > 0.93:
                            place = int(_share(key, 7) * 12.0)
                        elif luck > 0.93 - person_traits[person, 2]:
                            place = places[person, months]
                low, high = begins[place, category], ends[place, category]
                if low >= high:
                    place, online = ONLINE, True
                    low, high = begins[place, category], ends[place, category]
                    if low >= high:
                        continue
                luck = _share(key, 8)
                if luck < 0.6:  # one of a few favourites of this customer
                    slot = (
                        np.uint64(luck / 0.6 * FAVOURITES)
                        + np.uint64(category * 64)
                        + np.uint64(place * 4096)
                    )
                    luck = _share(keys[person, 0], 1000 + slot)
                else:
                    luck = (luck - 0.6) / 0.4
                merchant = _after(popularity, low, high, luck)
                # When in the day
                if second < 0:
                    row = category_hours[of, category] * HOURS
                    if online:
                        row = 5 * HOURS
                    spot = _share(key, 9) * HOURS
                    hour = hours[row + np.int64(spot)]
                    second = day * DAY + np.int64(min((hour + _share(key, 10)) * 3600.0, DAY - 1.0))
                # How much: logarithmic normal, some of them large
                radius = np.sqrt(-2.0 * np.log(1.0 - _share(key, 11)))
                normal = radius * np.cos(6.283185307179586 * _share(key, 12))
                level = (
                    category_traits[category, 0]
                    + person_traits[person, 0]
                    + category_traits[category, 1] * normal
                )
                if _share(key, 13) < category_traits[category, 3]:
                    level += 1.0 + 0.8 * radius
                if level > person_traits[person, 8]:
                    level = 2.0 * person_traits[person, 8] - level
                cents = _ending(np.int64(min(np.exp(level), 3_000_000.0)), _share(key, 14))
                # With what
                account, card, first, last = (
                    ways[person, 0],
                    ways[person, 1],
                    ways[person, 2],
                    ways[person, 3],
                )
                luck = _share(key, 15)
                if ways[person, 4] >= 0 and luck < person_traits[person, 4] and day >= events[person, 2]:
                    account, card, first, last = (
                        ways[person, 4],
                        ways[person, 5],
                        ways[person, 6],
                        ways[person, 7],
                    )
                elif (
                    ways[person, 8] >= 0 and luck > 1.0 - person_traits[person, 5] and day >= ways[person, 10]
                ):
                    account, card, first, last = (
                        ways[person, 8],
                        ways[person, 9],
                        ways[person, 10],
                        ways[person, 9],
                    )
                if card >= 0:
                    if day < first:
                        continue
                    card = min(card + (day - first) // 1461, last)
                elif not online:
                    continue
                flags = 1 if online else 0
                if card >= 0 and _share(key, 16) < person_traits[person, 6]:
                    flags += 2
                small[0, at], small[1, at], small[2, at] = account, category, merchant
                small[3, at], small[4, at] = card, flags
                large[0, at], large[1, at], large[2, at] = second, cents, person
                large[3, at] = np.int64(key >> np.uint64(2))
                at += 1
    return at

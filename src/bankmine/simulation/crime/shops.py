"""Where a thief, or an honest traveller, pays: merchants drawn by category and place, and usual amounts.

Amounts of fraud are drawn from what honest customers paid in the same category in the first months, so the
two overlap by construction.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bankmine.simulation.entries import CATEGORIES, Entries
from bankmine.simulation.frame import DAY, REGIONS, Floats, Ints
from bankmine.simulation.merchants import ONLINE, Merchants, merchants

_FIRST_DAYS = 92  # amounts are taken from these
_USUAL_CENTS, _USUAL_SPREAD = 4_000.0, 0.9  # where honest customers paid nothing in a category


_FALLBACK = CATEGORIES.index("clothing")  # has shops everywhere
_TRAVELLED = np.array([0.4, 0.18, 0.11, 0.13, 0.11, 0.035, 0.035])  # countries 1 to 7
_VISITED = {"groceries": 0.25, "restaurant": 0.22, "transport": 0.1, "fuel": 0.06}  # of payments; others .04


@dataclass(frozen=True)
class Shops:
    """Merchants for weighted draws. `running`: twice the block plus popularity up to and with the merchant;
    `share` (m,): of all payments in person, by one of its terminals."""

    merchants: Merchants
    running: Floats
    share: Floats

    def draw(self, category: Ints, place: Ints, luck: Floats) -> Ints:
        """A merchant of each category in each place, by popularity; of clothing where it has none."""
        begins, ends = self.merchants.begins, self.merchants.ends
        used = np.where(ends[place, category] > begins[place, category], category, _FALLBACK)
        low, high = begins[place, used], ends[place, used]
        block = place * len(CATEGORIES) + used
        found = np.searchsorted(self.running, 2.0 * block + luck, side="right")
        return np.clip(found, low, high - 1)

    def draw_foreign(self, category: Ints, lucks: list[Floats]) -> Ints:
        """An online merchant, of another country if one of the tries finds such."""
        online = np.full(category.size, ONLINE)
        found = self.draw(category, online, lucks[0])
        for luck in lucks[1:]:
            home = self.merchants.country[found] == 0
            found = np.where(home, self.draw(category, online, luck), found)
        return found


@lru_cache(maxsize=4)
def shops_of(seed: int) -> Shops:
    """The shops of a bank."""
    every = merchants(seed)
    block = every.place * len(CATEGORIES) + every.category
    first = every.begins[every.place, every.category] == np.arange(every.count)
    popularity = np.where(first, every.cumulative, np.diff(every.cumulative, prepend=0.0))
    visited = np.full(len(CATEGORIES), 0.04)
    for name, value in _VISITED.items():
        visited[CATEGORIES.index(name)] = value
    share = popularity * visited[every.category] / len(REGIONS) / every.terminals
    return Shops(every, 2.0 * block + every.cumulative, np.where(every.region >= 0, share, 0.0))


def abroad(luck: Floats) -> Ints:
    """The place of a country people travel to."""
    return ONLINE + 1 + np.minimum(np.searchsorted(np.cumsum(_TRAVELLED), luck, side="right"), 6)


class Amounts:
    """Honest amounts by category, cents: draws one for each category asked."""

    def __init__(self, money: Entries) -> None:
        early = np.flatnonzero((money.card >= 0) & (money.second < _FIRST_DAYS * DAY) & money.out)
        category = money.category[early].astype(np.int64)
        order = np.lexsort((money.cents[early], category))
        self._cents = money.cents[early][order]
        bounds = np.searchsorted(category[order], np.arange(len(CATEGORIES) + 1))
        self._low, self._size = bounds[:-1], np.diff(bounds)

    def draw(self, category: Ints, luck: Floats) -> Floats:
        """The quantile `luck` of the honest amounts of each category."""
        size = self._size[category]
        guess = _USUAL_CENTS * np.exp(_USUAL_SPREAD * 3.0 * (luck - 0.5))
        if not self._cents.size:
            return np.asarray(guess)
        place = np.minimum(self._low[category] + (luck * size).astype(np.int64), self._cents.size - 1)
        return np.where(size >= 20, self._cents[place], guess)

"""Card precision at k: how many of the k cards an investigator checks each day are really compromised.

Le Borgne, Siblini, Lebichot and Bontempi (2022), Fraud Detection Handbook, section 4.4: on each day every
card gets the largest score of its transactions of the day; the k cards of largest score are checked;
precision is the number of checked cards with a fraud that day, over k (also on a day with fewer than k).
A card found compromised is blocked and leaves all later days. The figure is the mean over days.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from bankmine.errors import UsageError
from bankmine.evaluation.arrays import Floats, Ints, Truth, both, codes


@dataclass(frozen=True)
class CardPrecision:
    """Mean over days, and for each day: precision, cards compromised, cards found."""

    value: float
    days: Any
    precision: Floats
    compromised: Ints
    found: Ints


class CardDays:
    """Transactions reduced once to (day, card): largest score, any fraud; sorted within each day.

    `y`, `score`, `day` and `card` have one value a transaction. `blocked` are cards known to be compromised
    before the first day; they are left out. Equal scores on one day are taken in ascending order of card key
    (the handbook leaves their order to the sort).
    """

    def __init__(self, y: Any, score: Any, day: Any, card: Any, *, blocked: Any = ()) -> None:
        label, values = both(y, score)
        kept = ~np.isin(np.asarray(card), np.asarray(blocked)) if len(blocked) else np.ones(len(label), bool)
        label, values = label[kept], values[kept]
        days, self.days = codes(np.asarray(day)[kept], len(label), "day")
        cards, self.cards = codes(np.asarray(card)[kept], len(label), "card")
        order = np.lexsort([cards, days])
        pair = days[order] * max(len(self.cards), 1) + cards[order]
        first = np.flatnonzero(np.append(True, pair[1:] != pair[:-1])) if len(pair) else np.zeros(0, int)
        top = np.maximum.reduceat(values[order], first) if len(first) else np.zeros(0)
        fraud = np.logical_or.reduceat(label[order], first) if len(first) else np.zeros(0, bool)
        day_of, card_of = days[order][first], cards[order][first]
        ranked = np.lexsort([card_of, -top, day_of])
        edges = np.searchsorted(day_of[ranked], np.arange(len(self.days) + 1))
        self._days: list[tuple[Ints, Truth]] = [
            (card_of[ranked[a:b]], fraud[ranked[a:b]]) for a, b in pairwise(edges)
        ]

    def precision(self, k: int, weights: Floats | None = None) -> CardPrecision:
        """Card precision at `k`; `weights` has one value a card of `self.cards` (a bootstrap resample).

        A card of weight 2 is two cards: it takes two of the k places and counts twice when compromised.
        """
        if k < 1:
            raise UsageError(f"Card precision was asked at {k} cards", hint="Ask for one card or more.")
        mass = np.ones(len(self.cards)) if weights is None else np.asarray(weights, dtype=np.float64)
        open_ = np.ones(len(self.cards), dtype=bool)
        precision, compromised, found = [], [], []
        for cards, fraud in self._days:
            there = open_[cards]
            cards, fraud = cards[there], fraud[there]
            weight = mass[cards]
            before = np.cumsum(weight) - weight
            checked = np.clip(k - before, 0.0, weight)
            caught = fraud & (checked > 0)
            precision.append(float(checked[caught].sum()) / k)
            compromised.append(int(fraud.sum()))
            found.append(int(caught.sum()))
            open_[cards[caught]] = False
        value = float(np.mean(precision)) if precision else float("nan")
        return CardPrecision(
            value, self.days, np.array(precision), np.array(compromised, int), np.array(found, int)
        )


def card_precision_at(
    y: Any, score: Any, day: Any, card: Any, *, k: int = 100, blocked: Any = ()
) -> CardPrecision:
    """Card precision at `k` ("CP@100"); see `CardDays` for shapes and ties."""
    return CardDays(y, score, day, card, blocked=blocked).precision(k)

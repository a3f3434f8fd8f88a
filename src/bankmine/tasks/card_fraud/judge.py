"""Card fraud in the investigators' terms: cards found among those checked a day, and the money on them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from bankmine.bank.civil import Zone
from bankmine.evaluation.cards import CardDays
from bankmine.evaluation.intervals import card_precision_difference, card_precision_interval
from bankmine.tasks.contract import Floats, Ints, Tested, Truth

CHECKED = 100


def card_precision(tested: Tested, zone: Zone, *, checked: int, seed: int) -> dict[str, Any]:
    """Card precision of every candidate with its interval, by day for the model, and the best possible."""
    days, cards = zone.day_of(tested.cutoffs), tested.column("customer_id")
    reduced = {name: CardDays(tested.truth, tested.ranking[name], days, cards) for name in tested.ranking}
    model = reduced[tested.model]
    seen = model.precision(checked)
    perfect = CardDays(tested.truth, tested.truth.astype(np.float64), days, cards).precision(checked)
    gap = card_precision_difference(model, reduced[tested.best_baseline], k=checked, random_state=seed)
    starts = zone.midnights(np.asarray(seen.days))
    return {
        "checked": checked,
        "figures": {
            name: asdict(card_precision_interval(one, k=checked, random_state=seed))
            for name, one in reduced.items()
        },
        "against_baseline": asdict(gap),
        "perfect": perfect.value,
        "by_day": [
            {
                "day": zone.show(int(start)), "precision": float(precision), "compromised": int(compromised),
                "found": int(found),
            }
            for start, precision, compromised, found in zip(
                starts, seen.precision, seen.compromised, seen.found, strict=True
            )
        ],
    }  # fmt: skip


def money_found(tested: Tested, zone: Zone, *, checked: int) -> dict[str, Any]:
    """Amount of the frauds on cards among those checked on their day, for each candidate."""
    amount = np.asarray(tested.column("value_minor"), dtype=np.float64)
    days, cards = zone.day_of(tested.cutoffs), tested.column("customer_id")
    stolen = amount * tested.truth
    found = {
        name: float(stolen[on_list(ranking, days, cards, checked)].sum())
        for name, ranking in tested.ranking.items()
    }
    return {"stolen_minor": float(stolen.sum()), "found_minor": found, "days": len(np.unique(days))}


def on_list(ranking: Floats, days: Ints, cards: Any, checked: int) -> Truth:
    """Which transactions are of a card among the `checked` of largest score on their day."""
    chosen = np.zeros(len(ranking), dtype=np.bool_)
    for day in np.unique(days):
        rows = np.flatnonzero(days == day)
        distinct, place = np.unique(cards[rows], return_inverse=True)
        top = np.full(len(distinct), -np.inf)
        np.maximum.at(top, place, ranking[rows])
        best = np.argsort(-top, kind="stable")[:checked]
        chosen[rows] = np.isin(place, best)
    return chosen

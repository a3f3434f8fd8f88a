"""What the bank comes to know: frauds reported, alerts refuted, schemes found out.

Most fraud is reported within a week or so; a few payments never are. A scheme of laundering is found 10 to
45 days after its end, a fifth never. Honest payments and accounts that looked alike are sometimes asked about
and cleared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bankmine.simulation.crime.planned import FRAUDS, LAUNDERING, TWINS_OF_FRAUD, Parts
from bankmine.simulation.crime.scene import Scene
from bankmine.simulation.entries import Entries
from bankmine.simulation.frame import DAY, NEVER, Floats, Ints, Truth
from bankmine.simulation.keyed import Keyed

UNREPORTED = 0.06  # of fraudulent payments
FOUND = 0.8  # of laundering schemes
FOUND_AFTER = (10.0, 45.0)  # days after the scheme's end
_ASKED_PAYMENT, _ASKED_ACCOUNT = 0.05, 0.35  # of the twins


@dataclass(frozen=True)
class Verdicts:
    """`payment` (m,): second of the verdict on each payment, or NEVER; `fraud` (m,): confirmed (else
    refuted). `account` (p,): second of the verdict on each part's account, or NEVER; `laundering` (p,):
    confirmed (else refuted). `held` (p,): second from which the customer is under a fraud hold, or NEVER,
    and `freed` its end."""

    payment: Ints
    fraud: Truth
    account: Ints
    laundering: Truth
    held: Ints
    freed: Ints


def verdicts_of(scene: Scene, made: Entries, part: Ints, parts: Parts) -> Verdicts:
    """Draws all verdicts; those beyond the period are left out when written."""
    luck = scene.keyed("verdicts")
    fraud = parts.kind[part] < len(FRAUDS)
    payment = _on_payments(luck, made, part, parts, fraud)
    held = np.full(parts.count, NEVER)
    np.minimum.at(held, part[fraud], payment[fraud])
    freed = held + (luck.between("freed", 2.0, 16.0, parts.pattern) * DAY).astype(np.int64)
    laundering = (parts.kind >= len(FRAUDS)) & (parts.kind < len(FRAUDS) + len(LAUNDERING))
    account = _on_accounts(luck, parts, laundering)
    return Verdicts(payment, fraud, account, laundering, held, np.where(held < NEVER, freed, NEVER))


def _on_payments(luck: Keyed, made: Entries, part: Ints, parts: Parts, fraud: Truth) -> Ints:
    """A card's frauds are reported together, give or take; delays of 1 to 20 days, about a week."""
    pattern = parts.pattern[part]
    asked = luck.uniform("asked", pattern, made.second) < np.where(fraud, 1 - UNREPORTED, _ASKED_PAYMENT)
    asked &= fraud | ((made.card >= 0) & (parts.kind[part] >= len(FRAUDS) + len(LAUNDERING)))
    days = 1.2 + 16.0 * (0.7 * _hump(luck, "delay", pattern) + 0.3 * _hump(luck, "own", pattern, made.second))
    last = parts.ends[part]  # nobody reports before the burst is over, unless it lasts
    since = np.minimum(last, made.second + 3 * DAY)
    second = since + (np.minimum(days, 16.8) * DAY).astype(np.int64)
    return np.where(asked, second, NEVER)


def _hump(luck: Keyed, word: str, *keys: Ints) -> Floats:
    """Between 0 and 1, mostly about a third: the median of three, squared and tamed."""
    three = np.stack([luck.uniform(f"{word} {one}", *keys) for one in range(3)])
    return np.asarray(np.sort(three, axis=0)[1] ** 1.5)


def _on_accounts(luck: Keyed, parts: Parts, laundering: Truth) -> Ints:
    pattern, customer = parts.pattern, parts.person >= 0
    ends = np.zeros(parts.count, dtype=np.int64)
    unique, place = np.unique(pattern, return_inverse=True)
    last = np.zeros(unique.size, dtype=np.int64)
    np.maximum.at(last, place, parts.ends)
    ends = last[place]
    low, high = FOUND_AFTER
    delay = np.minimum(
        luck.between("found after", low, high, pattern) + luck.between("own", 0, 4, pattern, parts.person),
        high,
    )
    found = np.where(laundering, luck.uniform("found", pattern) < FOUND,
                     luck.uniform("asked account", pattern, parts.person) < _ASKED_ACCOUNT)  # fmt: skip
    twin = parts.kind >= len(FRAUDS) + len(LAUNDERING) + len(TWINS_OF_FRAUD)
    found &= customer & (laundering | twin)
    second = (ends + (delay * DAY).astype(np.int64)) // DAY * DAY
    office = (luck.between("hour", 9.0, 17.0, pattern, parts.person + 1) * 3600).astype(np.int64)
    return np.where(found, second + office, NEVER)

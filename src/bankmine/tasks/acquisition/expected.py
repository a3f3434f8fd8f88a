"""What winning somebody is expected to bring, what it costs, and who is not to be pursued at all.

    expected profit = chance of joining × (years × yearly profit of the like − onboarding) − approach

`approach` are so many uses of a channel (channel_cost) and the mean cost of an offer; `onboarding` is what it
costs to take in who joins. The yearly profit of the like is the mean of each class, weighed by its chances.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.engine.session import Session
from bankmine.errors import ConfigurationError
from bankmine.tasks.contract import Bank, Floats, Truth

FOLDER = Path(__file__).parent
YEARS, ONBOARDING, CONTACTS, CHANNEL, JOIN_SHARE = 3.0, 5_000, 3, "phone", 0.02
FIRST, NEXT, NOT = "approach first", "approach next", "do not pursue"
ACTIONS = {
    FIRST: "Approach now, through who knows them: here lies most of the expected profit.",
    NEXT: "Approach as capacity allows; expected profit is positive.",
    NOT: "Do not approach: the reason is among the flags.",
}
_FIRST_SHARE = 0.2
_LARGEST = 1e15  # of minor units, as a double still counts them one by one
_BETWEEN = {
    "years": (0.0, 100.0),
    "onboarding_minor": (0.0, _LARGEST),
    "capacity": (0.0, 1.0),
    "join_share": (0.0, 1.0),
    "balance_margin": (0.0, 1.0),
    "purchase_share": (0.0, 1.0),
}
_ABOVE_ZERO = ("years", "capacity")
_CHANNELS = (
    "SELECT channel, max(unit_cost_minor) AS cost FROM channel_cost "
    "WHERE channel IS NOT NULL AND unit_cost_minor IS NOT NULL GROUP BY channel ORDER BY channel"
)


@dataclass(frozen=True)
class Prices:
    """What pursuing somebody costs, minor units, and over how many years profit counts."""

    years: float
    onboarding_minor: float
    approach_minor: float
    channel: str
    contacts: int = CONTACTS

    @property
    def sentence(self) -> str:
        """The rule in words."""
        times = "1 contact" if self.contacts == 1 else f"{self.contacts} contacts"
        return (
            f"Expected profit: the chance of joining times ({self.years:g} years of what the like bring, "
            f"less onboarding), less the approach ({times} by {self.channel} and one offer)."
        )


def check_numbers(given: Mapping[str, Any]) -> None:
    """ConfigurationError for a setting that is no number, or one that cannot be meant."""
    for name, (low, high) in _BETWEEN.items():
        value = given.get(name, high)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not low <= value <= high or (name in _ABOVE_ZERO and value == 0):
            start = "above 0 and at most" if name in _ABOVE_ZERO else "from 0 to"
            raise ConfigurationError(
                f"tasks.acquisition.{name} is {value!r}", hint=f"Give a number {start} {high:g}."
            )
    if not isinstance(given.get("channel", CHANNEL), str):
        raise ConfigurationError(
            f"tasks.acquisition.channel is {given['channel']!r}", hint="Give the name of a channel."
        )


def prices(bank: Bank) -> Prices:
    """The bank's settings, and the costs its own tables state; 0 for what no table states.

    ConfigurationError for a channel that the bank's table of channel costs does not price.
    """
    channel = str(bank.settings.get("channel", CHANNEL))
    contacts = int(bank.settings.get("contacts", CONTACTS))
    unit = offer = 0.0
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory, threads=1) as session:
        if bank.warehouse.has("channel_cost"):
            unit = _unit_cost(session.arrow(_CHANNELS).to_pylist(), channel)
        if bank.warehouse.has("offer"):
            offer = float(session.scalar("SELECT coalesce(avg(cost_minor), 0) FROM offer"))
        bank.note("prices", session.statements)
    return Prices(
        float(bank.settings.get("years", YEARS)), float(bank.settings.get("onboarding_minor", ONBOARDING)),
        contacts * unit + offer, channel, contacts,
    )  # fmt: skip


def _unit_cost(rows: list[dict[str, Any]], channel: str) -> float:
    costs = {str(row["channel"]): float(row["cost"]) for row in rows}
    if costs and channel not in costs:
        raise ConfigurationError(
            f"acquisition: the channel {channel!r} has no price in channel_cost",
            hint=f"Set channel to one of {', '.join(costs)}.",
        )
    return costs.get(channel, 0.0)


def expected_profit(joins: Floats, brings: Floats, price: Prices) -> Floats:
    """Expected profit of each, minor units; `brings` is the yearly profit once won."""
    won = price.years * brings - price.onboarding_minor
    return np.round(joins * won - price.approach_minor)


@dataclass(frozen=True)
class Pursuit:
    """For each row: the grade, the place in the list (smallest first), and why it is not to be pursued."""

    grade: list[str]
    order: Floats
    reasons: list[list[str]]


def pursue(profit: Floats, forbidden: Mapping[str, Truth]) -> Pursuit:
    """Who is to be approached. `forbidden` says by reason who is not; a negative profit is a reason too.

    Those not to be pursued come after all others; of the others the first fifth is graded first.
    """
    marks = {**forbidden, "loses money": profit <= 0}
    reasons = [[name for name, who in marks.items() if who[place]] for place in range(len(profit))]
    barred = np.array([bool(one) for one in reasons], dtype=np.bool_)
    place = np.argsort(np.argsort(-np.where(barred, -np.inf, profit), kind="stable"), kind="stable")
    first = place < np.ceil((~barred).sum() * _FIRST_SHARE)
    grade = [NOT if b else FIRST if f else NEXT for b, f in zip(barred, first, strict=True)]
    order = np.where(barred, 1e18 - np.minimum(profit, 0) * 1e3, -profit)
    return Pursuit(grade, np.asarray(order, dtype=np.float64), reasons)


def count_reasons(pursuits: Sequence[Pursuit]) -> dict[str, int]:
    """How many are not pursued for each reason; one with several counts for each."""
    counts: dict[str, int] = {}
    for one in pursuits:
        for reasons in one.reasons:
            for name in reasons:
                counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))

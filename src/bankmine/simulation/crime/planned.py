"""What is planned before it is booked: payments, and the part each payment plays in which pattern.

A *pattern* is one theft, one take-over, one laundering scheme or one innocent twin of these; a *part* is
one card or account in it, with its role and its time. Payments name their part, so that truth can tell for
every booked transaction what it belonged to.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from bankmine.simulation.entries import Entries, joined
from bankmine.simulation.frame import Ints

CARD_FRAUDS = ("stolen_card", "compromised_terminal")
FRAUDS = (*CARD_FRAUDS, "account_takeover")
LAUNDERING = ("fan_in", "fan_out", "cycle", "scatter_gather", "pass_through", "structuring")
TWINS_OF_FRAUD = ("holiday", "feast_shopping", "outing", "orders_abroad", "new_phone", "shopping_trip",
                  "night_orders", "large_purchase")  # fmt: skip
TWINS_OF_LAUNDERING = ("rent", "wedding", "family_round", "savings_club", "between_banks", "takings")
KINDS = (*FRAUDS, *LAUNDERING, *TWINS_OF_FRAUD, *TWINS_OF_LAUNDERING)
ROLES = ("victim", "hub", "source", "target", "member", "origin", "middle", "destination", "honest")
_PATTERNS_OF_KIND = 2**30


def kind_of(name: str) -> int:
    """The number of a kind."""
    return KINDS.index(name)


def role_of(name: str) -> int:
    """The number of a role."""
    return ROLES.index(name)


@dataclass(frozen=True)
class Parts:
    """Columns of shape (p,). `pattern`: raw number, unique in the bank. `kind`, `role`: indices of KINDS and
    ROLES. `person`, `account`, `card`: places in the community or -1. `other`: raw number of an account at
    another bank or 0. `terminal`: raw number of the compromised terminal or 0. `begins`, `ends`: seconds,
    both included; they cover all payments of the part."""

    pattern: Ints
    kind: Ints
    role: Ints
    person: Ints
    account: Ints
    card: Ints
    other: Ints
    terminal: Ints
    begins: Ints
    ends: Ints

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.pattern.size)

    def where(self, chosen: np.ndarray) -> Parts:
        """Those chosen by a mask or by places."""
        return Parts(**{one.name: getattr(self, one.name)[chosen] for one in fields(Parts)})


@dataclass(frozen=True)
class Planned:
    """Payments and their parts; `part` (m,): index into `parts` of each payment."""

    entries: Entries
    part: Ints
    parts: Parts


def parts_of(*, pattern: Ints, **columns: ArrayLike) -> Parts:
    """Parts from columns or scalars; columns left out mean "none"."""
    usual: dict[str, ArrayLike] = {"person": -1, "account": -1, "card": -1, "other": 0, "terminal": 0}
    made = {**usual, **columns, "pattern": pattern}
    shape = np.shape(pattern)
    return Parts(
        **{one.name: np.broadcast_to(made[one.name], shape).astype(np.int64) for one in fields(Parts)}
    )


def pattern_numbers(community: int, kind: str, place: Ints) -> Ints:
    """Raw numbers of patterns from their place among those of one kind in one community."""
    return ((community + 1) * 64 + kind_of(kind)) * _PATTERNS_OF_KIND + np.asarray(place, dtype=np.int64)


def together(plans: list[Planned]) -> Planned:
    """All plans as one."""
    before = np.cumsum([0, *(plan.parts.count for plan in plans)])
    parts = Parts(
        **{
            one.name: np.concatenate([getattr(plan.parts, one.name) for plan in plans])
            for one in fields(Parts)
        }
    )
    part = np.concatenate([plan.part + first for plan, first in zip(plans, before, strict=False)])
    return Planned(joined([plan.entries for plan in plans]), part, parts)


def chosen(entries: Entries, keep: np.ndarray) -> Entries:
    """The entries chosen by a mask or by places."""
    return Entries(**{one.name: getattr(entries, one.name)[keep] for one in fields(Entries)})

"""The bank's own segments beside those found: how many customers they share.

`share` of a pair is the part of the found segment that the rule holds for; `lift` that part over the rule's
part of all customers: 1 where the two have nothing to do with each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bankmine.tasks.contract import Bank, Ints, Truth
from bankmine.tasks.segmentation.rules import Members, members, rules_of


@dataclass(frozen=True)
class Predefined:
    """A rule with the looked-at customers it holds for: a mask, and counts by found segment."""

    members: Members
    inside: Truth
    by_segment: Ints
    sizes: Ints

    @property
    def customers(self) -> int:
        """How many of those looked at."""
        return int(self.inside.sum())

    def share(self, segment: int) -> float:
        """The part of a found segment."""
        return float(self.by_segment[segment] / max(int(self.sizes[segment]), 1))

    def lift(self, segment: int) -> float:
        """That part over the rule's part of all customers."""
        every = self.customers / max(len(self.inside), 1)
        return self.share(segment) / every if every else 0.0


def predefined(bank: Bank, customers: Ints, label: Ints, segments: int) -> tuple[Predefined, ...]:
    """Every rule of the bank at its cutoff, among the customers looked at."""
    sizes = np.bincount(label, minlength=segments).astype(np.int64)
    found = []
    for one in members(bank, rules_of(own_folder(bank))):
        known = np.fromiter(one.customers, np.int64, len(one.customers))
        inside = np.isin(customers, known)
        counts = np.bincount(label[inside], minlength=segments).astype(np.int64)
        found.append(Predefined(one, inside, counts, sizes))
    return tuple(found)


def own_folder(bank: Bank) -> Path:
    """The bank's folder, in which its warehouse lies."""
    return bank.warehouse.folder.parent

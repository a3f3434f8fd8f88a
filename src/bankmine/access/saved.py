"""What a person sees of a saved list: its conditions, or its members, among the customers of their scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bankmine.access import asking
from bankmine.access.columns import Keys, token_of
from bankmine.access.tables import Table

if TYPE_CHECKING:
    from bankmine.access.view import View


@dataclass(frozen=True)
class Overlap:
    """How many own customers are on the first list alone, on both, on the second alone."""

    first: int
    both: int
    second: int


def readable(view: View, fields: Mapping[str, str]) -> bool:
    """Whether the person may read every column that the list asks: one that asks of a task they may not read
    would tell what it says."""
    return asking.columns(fields) <= set(view.own_customers().columns)


def table_of(view: View, fields: Mapping[str, str], members: Sequence[str] | None) -> Table:
    """The own customers on a list as of the view's date: those of `members` who were known then, or without
    them all who meet the conditions."""
    own = view.own_customers()
    if members is None:
        search = asking.asked(fields).get(asking.SEARCH, "")
        return own.take(np.flatnonzero(own.matching(asking.conditions(fields, own), search)))
    ids = own.columns["customer_id"]
    assert isinstance(ids, Keys)
    asked = np.array([token_of(one) for one in members], dtype=np.int64)
    return own.take(np.flatnonzero(np.isin(ids.values, asked)))


def overlap(first: Table, second: Table) -> Overlap:
    """How two lists of own customers lie to each other."""
    one, other = first.columns["customer_id"], second.columns["customer_id"]
    assert isinstance(one, Keys)
    assert isinstance(other, Keys)
    both = int(np.isin(one.values, other.values).sum())
    return Overlap(first.length - both, both, second.length - both)

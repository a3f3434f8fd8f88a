"""Who stands beside whom at a cutoff: links between customers, each in both directions with its role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.tasks.contract import Floats, Ints

BESIDE = {  # kind of link: the word for the one it comes from, seen by the other; and the other way round
    "guarantor": ("guarantor", "guaranteed"),
    "employer": ("employee", "employer"),
    "owner": ("owner", "owned company"),
    "household": ("household", "household"),
    "phone": ("shared", "shared"),
    "device": ("shared", "shared"),
    "address": ("shared", "shared"),
}


@dataclass(frozen=True)
class Links:
    """For each link and direction: whose neighbour (`who`, place in the panel), the neighbour (`other`) and
    the `role` the neighbour has for `who`."""

    who: Ints
    other: Ints
    role: Any

    def of(self, *roles: str) -> tuple[Ints, Ints]:
        """`who` and `other` of the links in which the neighbour has one of the roles."""
        chosen = np.isin(self.role, roles)
        return self.who[chosen], self.other[chosen]


def links_of(table: Any, customers: Ints) -> Links:
    """The links of an Arrow table (from_id, to_id, kind) between two of `customers`, ids ascending."""
    one, other = table.column("from_id").to_numpy(), table.column("to_id").to_numpy()
    kind = np.array(table.column("kind").to_pylist(), dtype=object)
    first, second = _places(one, customers), _places(other, customers)
    keep = (first >= 0) & (second >= 0) & (first != second) & np.isin(kind, list(BESIDE))
    first, second, kind = first[keep], second[keep], kind[keep]
    forward = np.array([BESIDE[name][0] for name in kind], dtype=object)
    back = np.array([BESIDE[name][1] for name in kind], dtype=object)
    return Links(
        np.concatenate([second, first]), np.concatenate([first, second]), np.concatenate([forward, back])
    )


def most_beside(links: Links, values: Floats, *roles: str) -> Floats:
    """For each customer the highest value among the neighbours of these roles; NaN without any known.

    `values` has one number a customer.
    """
    who, other = links.of(*roles)
    known = np.isfinite(values[other])
    found = np.full(len(values), -np.inf)
    np.maximum.at(found, who[known], values[other][known])
    return np.where(np.isfinite(found), found, np.nan)


def share_beside(groups: Ints, values: Floats, *, least: int) -> Floats:
    """For each customer the share of the *others* of its group whose value is above zero.

    `groups` is −1 for no group; NaN where fewer than `least` others have a known value.
    """
    inside = groups >= 0
    known = inside & np.isfinite(values)
    size = int(groups.max(initial=-1)) + 1
    count = np.bincount(groups[known], minlength=size + 1).astype(np.float64)
    hit = np.bincount(groups[known], weights=(values[known] > 0).astype(np.float64), minlength=size + 1)
    place = np.where(inside, groups, size)
    others = count[place] - known
    hits = hit[place] - np.where(known, values > 0, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = hits / others
    return np.where(inside & (others >= least), share, np.nan)


def _places(ids: Any, customers: Ints) -> Ints:
    if not len(customers):
        return np.full(len(ids), -1, dtype=np.int64)
    place = np.searchsorted(customers, ids).clip(max=len(customers) - 1)
    return np.where(customers[place] == ids, place, -1)

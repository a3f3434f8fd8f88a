"""Why a customer is, or is not, in a segment: conditions of a rule one by one, or what pulls to which side.

Everything is answered as known at the cutoff asked for, from the customer's own features and the kept model;
nothing is fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from bankmine.errors import UsageError
from bankmine.tasks.contract import Bank, Floats
from bankmine.tasks.segmentation.living import catalogue_with
from bankmine.tasks.segmentation.model import Applied, SegmentModel
from bankmine.tasks.segmentation.overlap import own_folder
from bankmine.tasks.segmentation.rules import Condition, Rule, conditions_of, rules_of
from bankmine.tasks.segmentation.style import values_of

PULLS = 6


@dataclass(frozen=True)
class Pull:
    """One column of the style: the customer's value and place, and the middles of the two segments.

    `value` is the feature as in the snapshot; the others are in spreads from the bank's mean; `pull` is how
    much nearer the column brings the customer to the asked segment than to the other one (weighted squared
    distance); `unit` is the feature's.
    """

    feature: str
    value: float | None
    place: float
    asked: float
    other: float
    pull: float
    unit: str


@dataclass(frozen=True)
class WhyFound:
    """A segment found by clustering: whether the customer is in it, against which segment, and the pulls."""

    name: str
    holds: bool
    other: str
    distance: float
    other_distance: float
    enough_known: bool
    pulls: tuple[Pull, ...]


@dataclass(frozen=True)
class WhyRule:
    """A predefined segment: its conditions for the customer; it holds where all of them do."""

    rule: Rule
    conditions: tuple[Condition, ...]

    @property
    def holds(self) -> bool:
        """Whether the customer is in it."""
        return all(one.holds for one in self.conditions)


def why(bank: Bank, model: SegmentModel, customer: int, name: str) -> WhyFound | WhyRule:
    """Why the customer is (not) in the segment of that name, a found one or a rule.

    UsageError with near names where there is none, and for a customer without a payment in the window.
    """
    rules = {rule.name: rule for rule in rules_of(own_folder(bank))}
    titles = {rule.title.lower(): rule for rule in rules.values()}
    rule = rules.get(name) or titles.get(name.lower())
    if rule is not None:
        return WhyRule(rule, tuple(conditions_of(bank, rule, customer)))
    label = _label(model, name, [*rules])
    return _found(bank, model, customer, label)


def segments_of(bank: Bank, model: SegmentModel, customer: int) -> tuple[str, list[WhyRule]]:
    """The found segment of a customer, and every rule that can be asked."""
    applied, _ = _applied(bank, model, customer)
    found = [
        WhyRule(rule, tuple(conditions_of(bank, rule, customer)))
        for rule in rules_of(own_folder(bank))
        if all(bank.warehouse.has(table) for table in rule.tables)
    ]
    return model.names[int(applied.label[0])], found


def _label(model: SegmentModel, name: str, rules: Sequence[str]) -> int:
    """The label of a found segment, by its name or number."""
    if name.isdigit() and int(name) - 1 in model.ids:
        return model.ids.index(int(name) - 1)
    lower = [one.lower() for one in model.names]
    if name.lower() in lower:
        return lower.index(name.lower())
    near = get_close_matches(name.lower(), [*lower, *rules], n=2)
    numbered = [f"{one + 1} {named}" for one, named in zip(model.ids, model.names, strict=True)]
    raise UsageError(
        f"there is no segment {name!r}",
        hint=f"Did you mean {' or '.join(near)}?"
        if near
        else f"There are {'; '.join(numbered)}; and {', '.join(rules)}.",
    )


def _applied(bank: Bank, model: SegmentModel, customer: int) -> tuple[Applied, Any]:
    import pyarrow as pa

    from bankmine.customers.matrix import matrix
    from bankmine.tasks.population import customer_rows

    one = pa.table(
        {"customer_id": pa.array([customer], pa.int64()), "value_minor": pa.array([0], pa.int64())}
    )
    features = matrix(
        bank.warehouse, customer_rows(one, bank.cutoff), model.features,
        catalogue=catalogue_with(model.living), memory=bank.memory, threads=bank.threads,
    )  # fmt: skip
    count = model.wanted.count
    if count and not np.nan_to_num(values_of(features, count))[0]:
        raise UsageError(
            f"the customer made no purchase in the {model.months} months before the cutoff",
            hint="Only customers with payments are in a found segment; predefined ones can be asked.",
        )
    return model.apply(features), features


def _found(bank: Bank, model: SegmentModel, customer: int, label: int) -> WhyFound:
    applied, features = _applied(bank, model, customer)
    own, persons = int(applied.label[0]), len(model.miner.sizes_)
    if own >= persons or label >= persons:
        return WhyFound(model.names[label], own == label, model.names[own], 0.0, 0.0, True, ())
    values = applied.values[0]
    squared = model.miner.transform(applied.values)[0]
    order = [int(one) for one in np.argsort(squared, kind="stable")]
    other = own if label != own else next(one for one in order if one != own)
    return WhyFound(
        name=model.names[label], holds=label == own, other=model.names[other],
        distance=float(np.sqrt(squared[label])), other_distance=float(np.sqrt(squared[other])),
        enough_known=bool(applied.clear[0]), pulls=_pulls(model, values, features, label, other),
    )  # fmt: skip


def _pulls(model: SegmentModel, values: Floats, features: Any, label: int, other: int) -> tuple[Pull, ...]:
    """The columns that tell the two segments apart for this customer, strongest first."""
    asked, against = model.miner.centers_[label], model.miner.centers_[other]
    pull = ((values - against) ** 2 - (values - asked) ** 2) * model.miner.weights_
    order = np.argsort(-np.abs(pull), kind="stable")[:PULLS]
    found, catalogue = [], catalogue_with(model.living)
    for place in order:
        name = model.style.columns[place]
        value = float(values_of(features, name)[0])
        found.append(
            Pull(
                name, None if np.isnan(value) else value, float(values[place]), float(asked[place]),
                float(against[place]), float(pull[place]), catalogue[name].unit,
            )
        )  # fmt: skip
    return tuple(found)

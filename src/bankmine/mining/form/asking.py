"""What the next question is worth: the expected value of information of each field still empty.

Raiffa and Schlaifer (1961), Howard (1966): with an answer v known the best action is worth
`max_a E[profit | v]`; without it, `max_a` of the mean. The question's worth is the mean gain

    worth = Σᵥ w(v) · max_a profit(a | v)  −  max_a Σᵥ w(v) · profit(a | v)   ≥ 0,

doing nothing being an action worth 0. Where no profits are given it is the mutual information in bits,
`H(Σ w p) − Σ w H(p)`. w(v) is how often v is answered by those of the kept sample who answer the fields
already known alike, drawn towards the share over all where few are alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bankmine.mining.contract import Floats, Ints
from bankmine.mining.form.fields import Field

SHARPNESS = 4.0  # of likeness: one known field that differs wholly counts e⁻⁴
PRIOR_ROWS = 5.0  # how many rows of the overall shares are added


class Question(NamedTuple):
    """A field not yet answered and what asking it is worth."""

    field: str
    worth: float


@dataclass(frozen=True)
class Action:
    """Something that may be done for a stranger: what it brings by outcome, and what it costs to do.

    An outcome not named brings nothing.
    """

    name: str
    profit: Mapping[str, float]
    cost: float = 0.0


@dataclass(frozen=True)
class Payoff:
    """Actions as arrays over a form's outcomes: `profit` (actions, outcomes), `cost` (actions,)."""

    profit: Floats
    cost: Floats

    @classmethod
    def of(cls, actions: Sequence[Action], outcomes: Sequence[str]) -> Payoff:
        """The arrays, in the order given."""
        rows = [[float(action.profit.get(name, 0.0)) for name in outcomes] for action in actions]
        profit = np.asarray(rows, dtype=np.float64).reshape(len(actions), len(outcomes))
        return cls(profit, np.asarray([action.cost for action in actions], dtype=np.float64))

    def expected(self, probability: Floats) -> Floats:
        """Expected profit of each action, shape (rows, actions)."""
        return np.asarray((probability[:, None, :] * self.profit).sum(axis=2) - self.cost)


def hypothetical(fields: Sequence[Field], codes: Floats) -> tuple[Floats, list[tuple[int, int, int]]]:
    """The form itself, then one form for each answer each empty field may get; and (field, from, to) of each.

    `codes` has shape (fields,).
    """
    blocks, spans, at = [codes[None, :]], [], 1
    for place in np.flatnonzero(np.isnan(codes)).tolist():
        grid = np.asarray(fields[place].grid)
        block = np.tile(codes, (len(grid), 1))
        block[:, place] = grid
        blocks.append(block)
        spans.append((place, at, at + len(grid)))
        at += len(grid)
    return np.concatenate(blocks), spans


def likeness(fields: Sequence[Field], codes: Floats, sample: Ints) -> Floats:
    """How alike each kept form (grid places, −1 not known) is in the fields known; the most alike is 1."""
    apart = np.zeros(len(sample))
    for place in np.flatnonzero(~np.isnan(codes)).tolist():
        field, there = fields[place], sample[:, place]
        grid = np.asarray(field.grid)
        value = grid[there.clip(min=0)]
        differs = value != codes[place] if field.is_text else np.abs(value - codes[place]) / (2 * field.scale)
        apart += np.where(there < 0, 0.5, np.minimum(differs, 1.0))
    return np.asarray(np.exp(-SHARPNESS * (apart - apart.min()))) if len(sample) else apart


def answers_expected(place: int, size: int, alike: Floats, sample: Ints) -> Floats:
    """The probability of each of a field's `size` grid answers; they add up to 1."""
    there = sample[:, place]
    known = there >= 0
    overall = np.bincount(there[known], minlength=size) + 1e-9
    near = np.bincount(there[known], weights=alike[known], minlength=size)
    weight = near + PRIOR_ROWS * overall / overall.sum()
    return np.asarray(weight / weight.sum())


def information(probability: Floats, weight: Floats, *, exclusive: bool) -> float:
    """Bits an answer tells of the outcomes; `probability` (answers, outcomes), `weight` (answers,)."""
    mean = weight @ probability
    gain = _entropy(mean[None, :], exclusive)[0] - weight @ _entropy(probability, exclusive)
    return max(0.0, float(gain))


def expected_gain(profit: Floats, weight: Floats) -> float:
    """What an answer adds to the best action's expected profit; `profit` (answers, actions)."""
    best = np.maximum(profit.max(axis=1), 0.0)
    return max(0.0, float(weight @ best - max(float((weight @ profit).max()), 0.0)))


def questions(
    fields: Sequence[Field],
    codes: Floats,
    sample: Ints,
    probability: Floats,
    spans: Sequence[tuple[int, int, int]],
    payoff: Payoff | None,
    *,
    exclusive: bool,
) -> tuple[list[Question], dict[str, float]]:
    """The empty fields by falling worth, and the bits each tells; ties in worth go to more bits.

    `probability` belongs to `hypothetical`'s forms, shape (forms, outcomes).
    """
    alike = likeness(fields, codes, sample)
    found: list[tuple[float, float, int]] = []
    for place, start, end in spans:
        weight = answers_expected(place, end - start, alike, sample)
        bits = information(probability[start:end], weight, exclusive=exclusive)
        worth = bits if payoff is None else expected_gain(payoff.expected(probability[start:end]), weight)
        found.append((worth, bits, place))
    found.sort(key=lambda one: (-one[0], -one[1], one[2]))
    asked = [Question(fields[place].name, worth) for worth, _, place in found]
    return asked, {fields[place].name: bits for _, bits, place in found}


def _entropy(p: Floats, exclusive: bool) -> Floats:
    inside = np.clip(p, 1e-12, 1.0)
    bits = -(inside * np.log2(inside))
    if not exclusive:
        rest = np.clip(1.0 - p, 1e-12, 1.0)
        bits = bits - rest * np.log2(rest)
    return np.asarray(bits.sum(axis=1))

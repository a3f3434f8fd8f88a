"""The honesty tests: could the features or the model have known what they could not have known?

1. **Truncation**: features at T from data cut at T equal features from all data.
2. **Future poison**: absurd values after T, and in outcome columns not yet known, change no feature.
3. **Permuted labels**: trained and tested on shuffled labels, the AUC is one half within noise.
4. **Planted leak**: a feature that knows the label is caught and named; and the check itself is checked by
   planting one.

They take callables and plain arrays, return findings with the feature's name, and `raise_on` stops a run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import pyarrow as pa

from bankmine.errors import FeasibilityError, LeakError, UsageError
from bankmine.evaluation.arrays import Floats, Truth, truth
from bankmine.evaluation.metrics import auc

Features = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """One failed check: which test, which feature, the figure seen and its limit, and a sentence."""

    test: str
    feature: str
    value: float
    limit: float
    sentence: str


@dataclass(frozen=True)
class PermutedLabels:
    """AUC of each round with shuffled labels, their mean, and the band chance allows the mean."""

    aucs: tuple[float, ...]
    mean: float
    low: float
    high: float
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        return not self.findings


def truncation(from_all: Features | pa.Table, from_cut: Features | pa.Table) -> list[Finding]:
    """Compare features of the same subjects at T computed from all data and from data cut at T.

    Both are Arrow tables or mappings of name → values, with the same rows. Equality is exact; missing equals
    missing; lists and structs (sequences of events) are equal where every part is, in its place.
    """
    return _different("truncation", from_all, from_cut, "changes when the data after the cutoff are cut away")


def future_poison(clean: Features | pa.Table, poisoned: Features | pa.Table) -> list[Finding]:
    """Compare features before and after absurd values were put behind the cutoff; they must be equal."""
    return _different("future poison", clean, poisoned, "changes when values after the cutoff are changed")


def permuted_labels(
    train_and_score: Callable[[Truth], tuple[Any, Any]],
    y: Any,
    *,
    rounds: int = 5,
    strata: Any = None,
    confidence: float = 4.0,
    random_state: int = 0,
) -> PermutedLabels:
    """Run the whole task on shuffled labels.

    `train_and_score(labels)` gets the labels of all rows shuffled, trains on its training rows and returns
    (labels of its test rows, scores of its test rows). Every round's AUC then has the mean ½ and the
    standard deviation `√((n₊ + n₋ + 1) / (12 n₊ n₋))` of Mann and Whitney (1947); the mean of the rounds must
    lie within `confidence` of its own. `strata` shuffles within groups (months) to keep their base rates.
    """
    label = truth(y)
    if rounds < 1:
        raise UsageError(f"{rounds} rounds were asked", hint="Ask for one or more.")
    aucs, variances = [], []
    for seed in np.random.SeedSequence(random_state).spawn(rounds):
        tested, score = train_and_score(_shuffled(label, strata, np.random.default_rng(seed)))
        held = truth(tested)
        aucs.append(auc(held, score))
        positives, negatives = int(held.sum()), int((~held).sum())
        variances.append((positives + negatives + 1) / (12 * positives * negatives))
    mean, half = float(np.mean(aucs)), confidence * sqrt(sum(variances)) / rounds
    findings: tuple[Finding, ...] = ()
    if not 0.5 - half <= mean <= 0.5 + half:
        sentence = (
            f"With shuffled labels the AUC is {mean:.3f}, outside {0.5 - half:.3f} to {0.5 + half:.3f}: the "
            "labels of the test rows reach the scores."
        )
        findings = (Finding("permuted labels", "(the whole model)", mean, 0.5 + half, sentence),)
    return PermutedLabels(tuple(aucs), mean, 0.5 - half, 0.5 + half, findings)


def suspicious_features(
    X: Any, y: Any, names: Sequence[str], *, limit: float = 0.95, least_each_class: int = 20
) -> list[Finding]:
    """Features that alone, or by being missing, almost tell the label; strongest first.

    `X` has shape (rows, columns), NaN where missing. The figure is `max(AUC, 1 − AUC)` of the known values,
    or of the missing flag. Columns with fewer than `least_each_class` known rows of either class are judged
    by their missing flag only.
    """
    values, label = np.asarray(X, dtype=np.float64), truth(y)
    if values.ndim != 2 or values.shape != (len(label), len(names)):
        raise UsageError(
            f"X has shape {values.shape}, with {len(label)} labels and {len(names)} names",
            hint="Give a label for each row and a name for each column.",
        )
    if min(int(label.sum()), int((~label).sum())) < least_each_class:
        raise FeasibilityError(
            f"Leaks were looked for in {int(label.sum())} positives of {len(label)} rows",
            hint=f"It needs at least {least_each_class} of each class.",
        )
    found = []
    for column, name in enumerate(names):
        value, how = _single(values[:, column], label, least_each_class)
        if value >= limit:
            sentence = f"{name} {how} gives an AUC of {value:.3f} alone: does it know the label?"
            found.append(Finding("too good alone", name, value, limit, sentence))
    return sorted(found, key=lambda one: -one.value)


def removal_jumps(
    auc_without: Callable[[tuple[str, ...]], float], names: Iterable[str], *, limit: float = 0.10
) -> list[Finding]:
    """Features whose removal makes the model's AUC fall by `limit` or more; largest fall first.

    `auc_without(removed)` trains without the named features and returns the AUC on the test rows; it is
    called with `()` once and with each name once: pass the few features the model relies on most. A leak
    spread over a few columns is found by removing them together: give groups as `names` joined by "+".
    """
    whole = auc_without(())
    found = []
    for name in names:
        fall = whole - auc_without(tuple(name.split("+")))
        if fall >= limit:
            falls = f"the AUC falls from {whole:.3f} to {whole - fall:.3f}"
            sentence = f"Without {name} {falls}: does it know the label?"
            found.append(Finding("too much in one feature", name, fall, limit, sentence))
    return sorted(found, key=lambda one: -one.value)


def planted_leak(
    detect: Callable[[Floats, tuple[str, ...]], Iterable[Finding]],
    X: Any,
    y: Any,
    names: Sequence[str],
    *,
    noise: float = 0.1,
    name: str = "planted_leak",
    random_state: int = 0,
) -> list[Finding]:
    """Check the check: plant a column that is the label plus noise, and see that `detect` names it.

    `detect(X, names)` returns findings (say, by `suspicious_features`). Returns a finding when the planted
    column is *not* named; an empty list means the task's leak check works.
    """
    values, label = np.asarray(X, dtype=np.float64), truth(y)
    column = label + noise * np.random.default_rng(random_state).standard_normal(len(label))
    named = {finding.feature for finding in detect(np.column_stack([values, column]), (*names, name))}
    if name in named:
        return []
    sentence = f"A planted column that knows the label was not caught; caught were {sorted(named) or 'none'}."
    return [Finding("planted leak", name, auc(label, column), 1.0, sentence)]


def raise_on(findings: Iterable[Finding]) -> None:
    """LeakError with the first finding's sentence and the number of others; nothing when there is none."""
    found = list(findings)
    if not found:
        return
    others = f" ({len(found) - 1} more)" if len(found) > 1 else ""
    raise LeakError(
        f"The {found[0].test} test failed: {found[0].sentence}{others}",
        hint="Remove the feature or repair what it reads; bankmine does not publish this run.",
    )


def _single(column: Floats, label: Truth, least: int) -> tuple[float, str]:
    known = np.isfinite(column)
    best, how = 0.0, "by value"
    if min(int(label[known].sum()), int((~label[known]).sum())) >= least:
        area = auc(label[known], column[known])
        best = max(area, 1 - area)
    if not known.all() and known.any():
        area = auc(label, ~known)
        if max(area, 1 - area) > best:
            best, how = max(area, 1 - area), "by being missing"
    return best, how


def _shuffled(label: Truth, strata: Any, draw: np.random.Generator) -> Truth:
    if strata is None:
        return draw.permutation(label)
    result = label.copy()
    keys = np.asarray(strata)
    for key in np.unique(keys):
        rows = np.flatnonzero(keys == key)
        result[rows] = draw.permutation(label[rows])
    return result


def _different(test: str, first: Any, second: Any, what: str) -> list[Finding]:
    left, right = _columns(first), _columns(second)
    found = [
        Finding(test, name, 1.0, 0.0, f"{name} exists on one side only.")
        for name in sorted(set(left) ^ set(right))
    ]
    for name in left:
        if name not in right:
            continue
        here, there = len(left[name].values), len(right[name].values)
        if here != there:
            raise UsageError(
                f"{name} has {here} rows on one side and {there} on the other",
                hint="Compute both sides for the same subjects in the same order.",
            )
        rows = left[name].unequal_rows(right[name])
        if rows:
            share = f"{rows} of {here} rows"
            found.append(Finding(test, name, float(rows), 0.0, f"{name} {what}, in {share}."))
    return found


class _Column:
    """Values with a mask of what is missing, so that missing can equal missing."""

    def __init__(self, column: Any) -> None:
        if isinstance(column, pa.ChunkedArray | pa.Array):
            missing = np.asarray(column.is_null())
            column = _whole(column.drop_null())
            self.values = np.zeros(len(missing), dtype=column.dtype)
            self.values[~missing] = column
            self.missing = missing
        else:
            self.values = np.asarray(column)
            self.missing = np.zeros(self.values.shape, dtype=bool)
        if self.values.dtype.kind == "f":
            self.missing = self.missing | np.isnan(self.values)
        elif self.values.dtype == object:
            self.missing = self.missing | np.array([v is None or v != v for v in self.values], dtype=bool)

    def unequal_rows(self, other: _Column) -> int:
        differ = np.asarray(self.values != other.values) & ~self.missing & ~other.missing
        return int((differ | (self.missing != other.missing)).sum())


def _whole(column: Any) -> Any:
    """The values as a NumPy array; a nested value (list, struct) as a text that says all of it exactly."""
    if pa.types.is_nested(column.type):
        return np.array([repr(value) for value in column.to_pylist()], dtype=object)
    return column.to_numpy(zero_copy_only=False)


def _columns(features: Any) -> dict[str, _Column]:
    if isinstance(features, pa.Table):
        return {name: _Column(features.column(name)) for name in features.column_names}
    return {name: _Column(values) for name, values in features.items()}

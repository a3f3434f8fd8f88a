"""Which columns go into the model, and for each that does not, why.

All figures come from the training rows. The steps run in this order, and a column leaves at the first that
objects: no value at all, constant, equal to another, too often missing, almost constant, moved between
periods, too little information, almost the same ranks as a better column, beyond the most columns wanted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bankmine.evaluation.stability import population_stability
from bankmine.preparation.columns import Categories, Column, Floats, Numbers
from bankmine.preparation.report import Fate
from bankmine.preparation.worth import Distinct, distinct, information_value, single_auc

Truth = NDArray[np.bool_]


@dataclass(frozen=True)
class Selection:
    """The limits. None switches a step off; `keep` names columns no limit may take.

    `most_common` is the largest share one value may have; `most_correlation` the largest absolute rank
    correlation (Spearman) of two numbers, of which the one with the higher information value stays (the
    earlier without a target); `most_shift` the largest stability index between the two periods.
    `sample` rows are enough to measure correlations.
    """

    most_missing: float | None = 0.95
    most_common: float | None = 0.9995
    most_correlation: float | None = 0.98
    least_information_value: float | None = None
    most_shift: float | None = None
    most_columns: int | None = None
    keep: tuple[str, ...] = ()
    sample: int = 10_000


def select(
    columns: Sequence[Column], target: Truth | None, later: Truth | None, limits: Selection
) -> list[Fate]:
    """The fate of each column, in the order given. `later` marks the rows of the later period."""
    facts = {column.name: distinct(column) for column in columns}
    fates = {column.name: _measured(column, facts[column.name], target, later) for column in columns}
    seen: dict[tuple[str, bytes], str] = {}
    for column in columns:
        reason = _objection(column, facts[column.name], fates[column.name], limits, seen)
        if reason:
            fates[column.name] = replace(fates[column.name], kept=False, reason=reason)
    _drop_correlated(columns, facts, fates, limits)
    _drop_beyond(fates, limits)
    return list(fates.values())


def _measured(column: Column, found: Distinct, target: Truth | None, later: Truth | None) -> Fate:
    usable = bool((~column.missing).any())
    judged = target is not None and usable and bool(target.any()) and not bool(target.all())
    moved = later is not None and usable and bool(later.any()) and not bool(later.all())
    return Fate(
        column=column.name,
        kind=column.kind,
        unit=column.unit,
        missing_share=float(column.missing.mean()) if len(column.missing) else 1.0,
        distinct=len(found.counts),
        kept=True,
        information_value=information_value(found, target) if judged and target is not None else None,
        auc=single_auc(found, target) if judged and target is not None else None,
        stability_index=_shift(column, later) if moved and later is not None else None,
    )


def _objection(
    column: Column, found: Distinct, fate: Fate, limits: Selection, seen: dict[tuple[str, bytes], str]
) -> str:
    """Why the column leaves, or "" — cleaning first, which `keep` cannot stop, then the limits."""
    if fate.missing_share == 1.0:
        return "empty: no value at all"
    if fate.distinct + (fate.missing_share > 0) < 2:
        return "constant: one value in all rows"
    print_ = _fingerprint(column)
    if print_ in seen:
        return f"duplicate: equal to {seen[print_]}"
    seen[print_] = column.name
    if column.name in limits.keep:
        return ""
    if limits.most_missing is not None and fate.missing_share > limits.most_missing:
        return f"missing: {fate.missing_share:.1%} of the rows"
    common = found.commonest
    if limits.most_common is not None and common > limits.most_common:
        return f"almost constant: one value in {common:.2%} of the rows"
    shift = fate.stability_index
    if limits.most_shift is not None and shift is not None and shift > limits.most_shift:
        return f"moved: stability index {shift:.2f} between the periods"
    value = fate.information_value
    least = limits.least_information_value
    if least is not None and value is not None and value < least:
        return f"uninformative: information value {value:.4f}"
    return ""


def _drop_correlated(
    columns: Sequence[Column], facts: Mapping[str, Distinct], fates: dict[str, Fate], limits: Selection
) -> None:
    numbers = [one for one in columns if isinstance(one, Numbers) and fates[one.name].kept]
    if limits.most_correlation is None or len(numbers) < 2:
        return
    worth = {one.name: fates[one.name].information_value or 0.0 for one in numbers}
    numbers.sort(key=lambda one: (one.name not in limits.keep, -worth[one.name]))
    correlation = np.abs(np.corrcoef(np.vstack([_ranks(facts[one.name], limits.sample) for one in numbers])))
    stays: list[int] = []
    for place, column in enumerate(numbers):
        rival = next((i for i in stays if correlation[place, i] > limits.most_correlation), None)
        if rival is None or column.name in limits.keep:
            stays.append(place)
            continue
        reason = f"correlated: {correlation[place, rival]:.3f} with {numbers[rival].name}"
        fates[column.name] = replace(fates[column.name], kept=False, reason=reason)


def _drop_beyond(fates: dict[str, Fate], limits: Selection) -> None:
    kept = [fate for fate in fates.values() if fate.kept]
    if limits.most_columns is None or len(kept) <= limits.most_columns:
        return
    kept.sort(key=lambda fate: (fate.column not in limits.keep, -(fate.information_value or 0.0)))
    for place, fate in enumerate(kept[limits.most_columns :], start=limits.most_columns + 1):
        reason = f"surplus: number {place} by information value, {limits.most_columns} wanted"
        fates[fate.column] = replace(fate, kept=False, reason=reason)


def _ranks(found: Distinct, sample: int) -> Floats:
    """Average ranks of an evenly spaced sample of rows; missing values share one middle rank."""
    place = found.place[:: max(1, len(found.place) // sample)]
    middle = np.cumsum(found.counts) - (found.counts - 1) / 2
    result = np.append(middle, middle[place[place >= 0]].mean() if (place >= 0).any() else 0.0)[place]
    if np.ptp(result) == 0:
        result[0] += 1.0  # a constant sample correlates with nothing; keep corrcoef defined
    return result


def _fingerprint(column: Column) -> tuple[str, bytes]:
    from hashlib import blake2b

    if isinstance(column, Categories):
        content = column.codes.tobytes() + "\0".join(column.levels).encode()
        return "category", blake2b(content).digest()
    values = np.where(column.missing, np.nan, column.values + 0.0)
    return "number", blake2b(values.tobytes()).digest()


def _shift(column: Column, later: Truth) -> float:
    if isinstance(column, Categories):
        words = np.array([*column.levels, None], dtype=object)[column.codes]
        return population_stability(words[~later], words[later]).value
    return population_stability(column.values[~later], column.values[later]).value

"""The obvious twin of the stack: every fit by hand, one row at a time, the weights by a general optimiser."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from scipy.optimize import minimize

from bankmine.mining.classification.logistic import Logistic


def fit_and_answer(
    columns: list[Any], present: list[Any], truth: Any, fold: Any, new: list[Any], here: list[Any], C: float
) -> Any:
    """Log-odds of new rows by a stack of logistic regressions on `columns` (one matrix a part)."""
    held = np.full((len(truth), len(columns)), np.nan)
    whole = []
    for place, (values, there) in enumerate(zip(columns, present, strict=True)):
        for number in sorted(set(fold.tolist())):
            learn = [row for row in range(len(truth)) if there[row] and fold[row] != number]
            member = Logistic().fit(values[learn], truth[learn])
            for row in range(len(truth)):
                if there[row] and fold[row] == number:
                    held[row, place] = member.decision_function(values[row : row + 1])[0]
        learn = [row for row in range(len(truth)) if there[row]]
        whole.append(Logistic().fit(values[learn], truth[learn]))
    weights = _all_sets(held, truth, C)
    answer = np.empty(len(new[0]))
    for row in range(len(new[0])):
        parts = tuple(place for place in range(len(columns)) if here[place][row])
        said = [whole[place].decision_function(new[place][row : row + 1])[0] for place in parts]
        intercept, *slopes = weights[parts]
        answer[row] = intercept + sum(one * two for one, two in zip(slopes, said, strict=True))
    return answer


def _all_sets(held: Any, truth: Any, C: float) -> dict[tuple[int, ...], Any]:
    rate = truth.mean()
    found: dict[tuple[int, ...], Any] = {(): np.array([np.log(rate / (1 - rate))])}
    for size in range(1, held.shape[1] + 1):
        for parts in combinations(range(held.shape[1]), size):
            rows = [row for row in range(len(truth)) if not np.isnan(held[row, list(parts)]).any()]
            found[parts] = _weights(held[rows][:, list(parts)], truth[rows], C)
    return found


def _weights(said: Any, truth: Any, C: float) -> Any:
    def loss(beta: Any) -> float:
        z = beta[0] + said @ beta[1:]
        return float((np.logaddexp(0, z) - truth * z).sum() + (beta[1:] ** 2).sum() / (2 * C))

    bounds = [(None, None)] + [(0, None)] * said.shape[1]
    start = np.zeros(said.shape[1] + 1)
    return minimize(loss, start, bounds=bounds, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-9}).x

"""The network uses order: a signal planted in the order of two events is found, and they are the reasons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from made_up_sequences import NOISE, ordered

from bankmine.mining.sequence.classifier import SequenceNetwork

PLANTED = ("enquiry", "overdue")


def auc(truth: Any, score: Any) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, score))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_signal_in_the_order_alone_is_found_and_named(seed: int) -> None:
    pytest.importorskip("equinox", reason="the extra `deep` is not installed")
    X, y = ordered(1200, 10 * seed)
    held, test, truth = ordered(300, 10 * seed + 1), *ordered(500, 10 * seed + 2)
    cell: Any = "gru" if seed % 2 else "lstm"
    miner = SequenceNetwork(cell, hidden=16, epochs=10, random_state=seed).fit(X, y, validation=held)
    found = auc(truth, miner.probability(test))
    assert found > 0.85
    assert found - auc(truth, miner.probability(test.shuffled(seed))) >= 0.03
    reasons = miner.reasons(test.take(slice(0, 100)), top=1)
    named = [one.kind in PLANTED for row in range(len(reasons)) for one in reasons.row(row)]
    assert np.mean(named) >= 0.7


@pytest.mark.slow
def test_windows_of_the_same_events_do_not_find_it() -> None:
    from bankmine.mining.classification.boosting import Boosting
    from bankmine.mining.sequence.window_columns import window_columns

    (X, y), (test, truth) = ordered(1500, 1), ordered(600, 3)
    kinds = (*NOISE, *PLANTED)
    miner = Boosting(100).fit(window_columns(X, kinds)[0], y)
    assert auc(truth, miner.probability(window_columns(test, kinds)[0])) < 0.65

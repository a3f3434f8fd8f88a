"""The plan of questions asked every month: which cutoffs train, tune and test, forward in time.

train ─────────────▶ tune ── embargo ──▶ test months ── embargo ──▶ the run's cutoff
"""

from __future__ import annotations

import numpy as np

from bankmine.errors import FeasibilityError
from bankmine.tasks.contract import Bank, Fold, Ints, Needs, Plan
from bankmine.tasks.labels import LabelRule
from bankmine.tasks.population import coverage, months_back

_WORDS = {1: "monthly", 3: "quarterly"}


def monthly_plan(
    bank: Bank, needs: Needs, rule: LabelRule, *, name: str, history_days: int, test_months: int = 4,
    tune_months: int = 1, every: int = 1,
) -> Plan:  # fmt: skip
    """Monthly cutoffs from `history_days` after the first event on: the last mature ones test, the months
    whose label was known before them tune, those before train.

    `test_months` is lowered to a third of the mature months where there are few, `tune_months` to a third of
    those before the test; `every` takes only cutoffs so many months apart, counted back from the run's.
    FeasibilityError where no month is left to train on.
    """
    zone = bank.warehouse.zone
    start, _ = coverage(bank.warehouse, needs)
    months = months_back(bank, from_month=1, earliest=zone.days_before(start, -history_days))
    months = months[-every::-every][::-1]
    known = rule.known_at(np.array(months, dtype=np.int64), zone)
    mature = np.array(months, dtype=np.int64)[known <= bank.cutoff]
    tests = min(test_months, max(1, len(mature) // 3))
    folds = _folds(mature, rule.known_at(mature, zone), tests, tune_months)
    if folds is None:
        raise FeasibilityError(
            f"{name} found {len(mature)} monthly cutoffs with a known label between {zone.show(start)} and "
            f"{zone.show(bank.cutoff)}",
            hint=f"It needs about {history_days + 3 * rule.embargo_days + 60} days: {history_days} of "
            f"history, and three times {rule.embargo_days} to train, to tune and to test. Load a longer "
            "period.",
        )
    test, tuning = folds
    return Plan(
        score=(bank.cutoff, bank.cutoff + 1),
        cutoffs=(*(int(one) for one in mature), bank.cutoff),
        tuning=(tuning,),
        test=test,
        final_from=int(mature[0]),
        sentence=f"Customers are looked at on {len(mature)} {_WORDS.get(every, 'monthly')} cutoffs from "
        f"{zone.show(int(mature[0]))} to {zone.show(int(mature[-1]))}; the months from "
        f"{zone.show(test.test_from)} on test.",
    )


def _folds(mature: Ints, known: Ints, tests: int, tunes: int) -> tuple[Fold, Fold] | None:
    """The test fold and the tuning fold before it, each with its embargo."""
    if len(mature) < 3:
        return None
    test_from, until, first = int(mature[-tests]), int(mature[-1]) + 1, int(mature[0])
    training = mature[known <= test_from]
    if len(training) < 2 or not (known <= int(training[-1])).any():
        return None
    tune_from = int(training[-max(1, min(tunes, len(training) // 3))])
    if not (known <= tune_from).any():
        tune_from = int(training[-1])
    return (
        Fold(train_from=first, test_from=test_from, test_until=until),
        Fold(train_from=first, test_from=tune_from, test_until=int(training[-1]) + 1),
    )

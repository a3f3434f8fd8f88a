"""Point in time and through the cycle: the grade's long-run rate over all cohorts seen, and what is not seen.

A cohort is the customers who owed at a cutoff and were not in default; its rate is the share that defaulted
within the year. The long run is the mean of the cohorts' rates (EBA GL/2017/16, 6.2). Only cohorts after the
model's training can be graded honestly; their mean by grade is moved, in log-odds, by what separates the long
run of all cohorts from theirs: the central tendency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.evaluation.master_scale import jeffreys_interval, log_odds, moved
from bankmine.tasks.contract import Bank, Floats, Fold, Ints, Plan, Task
from bankmine.tasks.population import coverage, months_back
from bankmine.tasks.rating.obligors import Obligors, obligors
from bankmine.tasks.rating.scales import Scale

_RESAMPLES, _LEAST_RATE = 200, 1e-5
CYCLE_YEARS = 7  # shortest length usually asked of records that hold good and bad times


@dataclass(frozen=True)
class LongRun:
    """A kind's cohorts with their rates, the central tendency with its interval, and each grade's
    through-the-cycle chance with its interval (95 %, customers resampled)."""

    cohorts: tuple[Mapping[str, Any], ...]
    tendency: float
    low: float
    high: float
    graded_mean: float
    by_grade: Floats
    by_grade_low: Floats
    by_grade_high: Floats
    sentence: str


def all_cohorts(bank: Bank, question: Task, history_days: int) -> Obligors:
    """Every quarter's customers with what came true, back to the first that may be looked at."""
    zone, rule = bank.warehouse.zone, question.rule(bank)
    assert rule is not None
    start, _ = coverage(bank.warehouse, question.needs)
    months = np.array(
        months_back(bank, from_month=1, earliest=zone.days_before(start, -history_days)), dtype=np.int64
    )
    mature = months[rule.known_at(months, zone) <= bank.cutoff][::-3][::-1]
    whole = Fold(train_from=int(mature[0]), test_from=int(mature[0]), test_until=bank.cutoff)
    plan = Plan(
        score=(bank.cutoff, bank.cutoff + 1), sentence="", cutoffs=tuple(int(x) for x in mature), test=whole
    )  # fmt: skip
    rows = question.population(bank, plan)
    truth, _ = question.label(bank, rows)
    return obligors(rows, np.zeros(rows.num_rows), truth, by="worst")


def long_run(made: Scale, graded: Obligors, every: Obligors, bank: Bank) -> LongRun:
    """The long run of a kind: `graded` are its test rows with honest chances, `every` all its cohorts."""
    place, size = made.places(graded.chance), len(made.scale.grades)
    tendency = _resampled(every, np.zeros(len(every), np.int64), 1, bank.seed)
    by_grade = _resampled(graded, place, size, bank.seed)
    graded_mean = float(_resampled(graded, np.zeros(len(graded), np.int64), 1, bank.seed, draws=0)[0, 0])
    weight = np.bincount(place, minlength=size).astype(np.float64)
    target = tendency[:, 0]
    base = np.clip(graded_mean, _LEAST_RATE, 1 - _LEAST_RATE)
    by = log_odds(np.clip(target, _LEAST_RATE, 1 - _LEAST_RATE)) - log_odds(base)
    rates = np.stack([_through(one, weight, float(move)) for one, move in zip(by_grade, by, strict=True)])
    low, high = np.quantile(rates[1:], (0.025, 0.975), axis=0)
    under, over = np.quantile(target[1:], (0.025, 0.975))
    return LongRun(
        cohorts=tuple(_cohorts(every, bank)), tendency=float(target[0]), low=float(under),
        high=float(over), graded_mean=graded_mean, by_grade=rates[0], by_grade_low=low, by_grade_high=high,
        sentence=_sentence(every, bank),
    )  # fmt: skip


def _resampled(rows: Obligors, place: Ints, size: int, seed: int, draws: int = _RESAMPLES) -> Floats:
    """Mean over cohorts of the rate by place, first of the rows as they are, then of resamples of customers;
    shape (1 + draws, size). A cohort without anybody at a place does not count there; half a bad is added
    to each and one row, as Jeffreys' mean does, to the sum over cohorts, so that no grade has rate 0."""
    cohorts, cohort = np.unique(rows.cutoff, return_inverse=True)
    _, who = np.unique(rows.customer, return_inverse=True)
    flat, cells = cohort * size + place, len(cohorts) * size
    generator = np.random.default_rng(seed)
    made = np.empty((draws + 1, size))
    for number in range(draws + 1):
        weight = np.ones(len(rows)) if number == 0 else generator.poisson(1.0, int(who.max()) + 1)[who]
        many = np.bincount(flat, weights=weight, minlength=cells).reshape(-1, size)
        bad = np.bincount(flat, weights=weight * rows.bad, minlength=cells).reshape(-1, size)
        seen = many > 0
        rate = np.divide(bad, many, out=np.zeros_like(bad), where=seen)
        mean = rate.sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
        usual = many.sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
        made[number] = (mean * usual + 0.5) / (usual + 1.0)
    return made


def _through(rate: Floats, weight: Floats, by: float) -> Floats:
    """Rates made to rise from grade to grade (pooled where they do not) and moved in log-odds."""
    return moved(log_odds(np.clip(rising(rate, weight), _LEAST_RATE, 1 - _LEAST_RATE)), by)


def rising(rate: Floats, weight: Floats) -> Floats:
    """The nearest values that never fall: neighbours that do are replaced by their weighted mean, as long as
    there are any (pool adjacent violators; Ayer et al. 1955)."""
    blocks: list[list[float]] = []
    for one, much in zip(rate.tolist(), weight.tolist(), strict=True):
        blocks.append([one, max(much, 1e-12), 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, u, n), (b, v, m) = blocks[-2:]
            blocks[-2:] = [[(a * u + b * v) / (u + v), u + v, n + m]]
    return np.repeat([one[0] for one in blocks], [int(one[2]) for one in blocks])


def _cohorts(every: Obligors, bank: Bank) -> list[dict[str, Any]]:
    made = []
    for at in np.unique(every.cutoff).tolist():
        here = every.cutoff == at
        rows, bads = int(here.sum()), int(every.bad[here].sum())
        low, high = jeffreys_interval(bads, rows)
        made.append(
            {"cutoff": bank.warehouse.zone.show(at), "rows": rows, "bads": bads, "rate": bads / rows,
             "low": low, "high": high}
        )  # fmt: skip
    return made


def _sentence(every: Obligors, bank: Bank) -> str:
    show, at = bank.warehouse.zone.show, np.unique(every.cutoff)
    years = (int(at[-1]) - int(at[0])) / (365.25 * 86_400e6) + 1
    short = (
        f"A credit cycle takes {CYCLE_YEARS} years and more: what lies outside is not in these figures, and "
        "nothing tells whether the years seen were good or bad ones."
        if years < CYCLE_YEARS
        else "That is as long as a credit cycle usually takes."
    )
    return (
        f"{len(at)} quarterly cohorts from {show(int(at[0]))} to {show(int(at[-1]))} speak for "
        f"{years:.1f} years of lending. {short}"
    )

"""The figures of a run: everything judged on the test looks, one case in full, the behaviour score beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bankmine.bank.civil import DAY, Zone
from bankmine.errors import FeasibilityError
from bankmine.evaluation.intervals import paired_difference
from bankmine.tasks.contract import Bank, Floats
from bankmine.tasks.early_warning.control import Terms
from bankmine.tasks.early_warning.judge import (
    PAST_DUE,
    RANDOM,
    REGISTER,
    YEAR,
    Tested,
    chances_judged,
    hits,
    stability,
)
from bankmine.tasks.early_warning.lead import Defaults, defaults_in, early_gain, lead_curve
from bankmine.tasks.early_warning.likelihood import Likelihood
from bankmine.tasks.early_warning.register import entries_of
from bankmine.tasks.early_warning.signals import said
from bankmine.tasks.early_warning.watch import Watch
from bankmine.tasks.early_warning.worth import HALF_YEAR, signals_worth
from bankmine.tasks.sql import micros
from bankmine.tasks.study import Asked, Work

BY_CHANCE = "register by chance"


def judged(bank: Bank, watched: Watch, model: Likelihood, test: Tested, terms: Terms) -> dict[str, Any]:
    """Chances, lead times, signals, hits and stability; what could not be judged has a `refused` instead."""
    cutoffs, zone = watched.panel.cutoffs, bank.warehouse.zone
    found = defaults_in(watched.days, watched.looked_at, cutoffs, first_look=test.first_look)
    lead = _or_refused(
        lambda: lead_curve(
            test.lists, found, watched.looked_at, cutoffs, first_look=test.first_look, seed=bank.seed
        )
    )
    early = lead
    if not isinstance(lead, Mapping):
        early = early_gain(
            test.lists, found, watched.looked_at, cutoffs, first_look=test.first_look, seed=bank.seed
        )
    figures = {
        "early": early, "looks": len(cutoffs), "test_from": zone.show(int(cutoffs[test.first_look]))[:10],
        "learnt": model.learnt, "learnt_defaults": model.defaults, "level": model.level,
        "level_defaults": model.level_defaults, "defaulters": len(found.who),
        "likelihood": chances_judged(test, seed=bank.seed), "lead": lead,
        "signals": signals_worth(watched, found, looks=test.mature(HALF_YEAR), seed=bank.seed),
        "hits": _or_refused(lambda: _hits(bank, watched, model, test, terms)),
        "stability": [one | {"cutoff": zone.show(one["cutoff_us"])[:10]} for one in stability(test)],
    }  # fmt: skip
    return figures | {"works": works(figures)}


def works(figures: Mapping[str, Any]) -> bool:
    """Whether the register shows more defaulters early than both lists as long, beyond chance."""
    early = figures["early"]
    if isinstance(early, Mapping):
        return False
    return all(one["less_low"] > 0 for one in early if one["list"] != REGISTER)


def _or_refused(judge: Any) -> Any:
    try:
        return judge()
    except FeasibilityError as error:
        return {"refused": f"{error.what}. {error.hint}"}


def _hits(bank: Bank, watched: Watch, model: Likelihood, test: Tested, terms: Terms) -> list[dict[str, Any]]:
    """Hits for each analyst-day: the register in its order of work, by chance, and the lists beside it."""
    looks, shape = test.mature(YEAR), watched.panel.shape
    turn, hours, cases = np.full(shape, np.nan), 0.0, 0
    for look in range(looks.start, looks.stop):
        entries = entries_of(watched, model, look, terms, bank.warehouse.currency)
        turn[entries.places, look] = -np.arange(len(entries.places))
        acted = entries.choice.action >= 0
        hours, cases = hours + float(entries.choice.hours[acted].sum()), cases + int(acted.sum())
    each = hours / cases if cases else terms.hours_a_case
    looked = watched.looked_at
    late = np.where(looked, watched.panel.measures["days_past_due"], np.nan)
    order: dict[str, Floats] = {
        REGISTER: turn, BY_CHANCE: test.chance[:, :, -1], PAST_DUE: late,
        RANDOM: np.where(looked, 0.0, np.nan),
    }  # fmt: skip
    return hits(
        test, order, watched.panel.measures["exposure"], cases_a_day=terms.day_hours / each, seed=bank.seed
    )


def case_of(watched: Watch, test: Tested, zone: Zone) -> dict[str, Any] | None:
    """One defaulter of the test in full: the chance at each look, signals from when to when, the default.

    The defaulter who was on the register for the median number of days: no showpiece.
    """
    found = defaults_in(watched.days, watched.looked_at, watched.panel.cutoffs, first_look=test.first_look)
    place = _typical(found, test)
    if place is None:
        return None
    who, when = int(found.who[place]), float(found.when[place])
    looks = [int(one) for one in np.flatnonzero(watched.panel.cutoffs < when) if one >= test.first_look]
    cutoffs = watched.panel.cutoffs

    def day(look: int) -> str:
        return zone.show(int(min(cutoffs[min(look, len(cutoffs) - 1)], when)))[:10]

    runs = []
    for number, signal in enumerate(watched.signals):
        for first, last in _runs(watched.on[number, who, : looks[-1] + 1]):
            if last >= test.first_look:
                words = said(signal, float(watched.values[number, who, last]))
                runs.append(
                    {"signal": signal.name, "words": words, "from": day(first), "until": day(last + 1)}
                )
    on = [
        {"from": day(first), "until": day(last + 1)}
        for first, last in _runs(test.listed[who, : looks[-1] + 1])
    ]
    return {
        "customer_id": int(watched.panel.customers[who]), "default": zone.show(int(when))[:10],
        "looks": [day(one) for one in looks], "on_register": on, "runs": runs,
        "chance": [None if np.isnan(one) else float(one) for one in test.chance[who, looks, -1]],
    }  # fmt: skip


def _typical(found: Defaults, test: Tested) -> int | None:
    """The defaulter whose first listing lies the median number of days before the default."""
    cutoffs = test.watched.panel.cutoffs
    before = (found.when[:, None] - cutoffs[None, :]) / DAY
    lead = np.where(test.listed[found.who] & (before > 0), before, -np.inf).max(axis=1, initial=-np.inf)
    seen = np.flatnonzero(np.isfinite(lead))
    if not len(seen):
        return None
    return int(seen[np.argsort(lead[seen], kind="stable")[len(seen) // 2]])


def _runs(on: Any) -> list[tuple[int, int]]:
    """First and last look of each unbroken run."""
    edge = np.diff(np.concatenate([[0], np.asarray(on, dtype=np.int8), [0]]))
    return list(
        zip(np.flatnonzero(edge == 1).tolist(), (np.flatnonzero(edge == -1) - 1).tolist(), strict=True)
    )


def behaviour_beside(work: Work, test: Tested) -> dict[str, Any]:
    """The behaviour score's chances of default within a year beside the register's, on the same borrowers.

    A borrower has the highest chance of the loans. Rows: its test rows at looks that test here too.
    """
    from bankmine.tasks.behaviour_score.question import LoanDefaults

    asked = work.try_ask(LoanDefaults(light=True))
    if not isinstance(asked, Asked):
        return {"refused": asked.reason}
    panel = test.watched.panel
    at = micros(asked.tested.rows.column("cutoff"))
    look = np.searchsorted(panel.cutoffs, at).clip(max=len(panel.cutoffs) - 1)
    ids = asked.tested.column("customer_id")
    who = np.searchsorted(panel.customers, ids).clip(max=len(panel.customers) - 1)
    fits = (panel.cutoffs[look] == at) & (panel.customers[who] == ids) & (look >= test.first_look)
    score = np.full(panel.shape, -np.inf)
    np.maximum.at(score, (who[fits], look[fits]), asked.tested.probability[asked.use][fits])
    rows = np.isfinite(score) & np.isfinite(test.chance[:, :, -1])
    truth = (test.watched.days < YEAR)[rows]
    if truth.all() or not truth.any():
        return {"refused": "the behaviour score has no test rows at looks that test here"}
    gap = paired_difference(
        "auc", truth, test.chance[:, :, -1][rows], score[rows], groups=np.nonzero(rows)[0],
        random_state=work.bank.seed,
    )  # fmt: skip
    from bankmine.evaluation.metrics import auc

    return {
        "rows": int(rows.sum()),
        "defaults": int(truth.sum()),
        "auc": auc(truth, test.chance[:, :, -1][rows]),
        "behaviour_auc": auc(truth, score[rows]),
        "more": gap.value,
        "more_low": gap.low,
        "more_high": gap.high,
    }

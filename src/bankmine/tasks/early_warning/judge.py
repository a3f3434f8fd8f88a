"""How well the register serves, on looks that lie after all learning: chances, hits for the work, stability.

The register of a look is the stated share of borrowers with the highest chance of default within a year. It
is judged beside lists as long: at random, by days past due alone, by the behaviour score where it was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from bankmine.errors import FeasibilityError
from bankmine.evaluation.intervals import interval, mean_interval, paired_difference
from bankmine.tasks.contract import Floats, Ints
from bankmine.tasks.early_warning.lead import chance_listed
from bankmine.tasks.early_warning.likelihood import HORIZONS, Likelihood
from bankmine.tasks.early_warning.watch import Watch

YEAR = 365
DAYS_OF_WORK = (1, 5, 20)
TIME_LEFT = 90  # days before default from which on there is time to act
EARLY = {"hits": "hits", "low": "low", "high": "high", "less_low": "less_low", "less_high": "less_high"}
REGISTER, PAST_DUE, RANDOM = "register", "days past due alone", "random list"


@dataclass(frozen=True)
class Tested:
    """The test looks: `chance` (borrowers, looks, horizons), NaN where not looked at; `lists`: the chance of
    each borrower to be on each list of the register's length at each look; `first_look`."""

    watched: Watch
    first_look: int
    chance: Floats
    lists: Mapping[str, Floats]

    @property
    def listed(self) -> Any:
        """Who is on the register at each look."""
        return self.lists[REGISTER] == 1

    def mature(self, days: int) -> slice:
        """The test looks after which so many days are over at the last look."""
        cutoffs = self.watched.panel.cutoffs
        over = (cutoffs[-1] - cutoffs) / 86_400_000_000 >= days - 1
        last = int(np.flatnonzero(over).max(initial=-1)) + 1
        return slice(self.first_look, max(last, self.first_look))


def tested(watched: Watch, model: Likelihood, *, first_look: int, share: float) -> Tested:
    """The chances at all test looks, and the lists."""
    borrowers, looks = watched.panel.shape
    chance = np.full((borrowers, looks, len(HORIZONS)), np.nan)
    for look in range(first_look, looks):
        who = np.flatnonzero(watched.looked_at[:, look])
        chance[who, look] = model.chances(watched, who, np.full(len(who), look))
    late = np.where(watched.looked_at, watched.panel.measures["days_past_due"], np.nan)
    lists = {name: np.zeros((borrowers, looks)) for name in (REGISTER, PAST_DUE, RANDOM)}
    for look in range(first_look, looks):
        size = register_size(int(watched.looked_at[:, look].sum()), share)
        lists[REGISTER][register(chance[:, look, -1], size), look] = 1.0
        lists[PAST_DUE][:, look] = chance_listed(late[:, look], size)
        even = np.where(watched.looked_at[:, look], 0.0, np.nan)
        lists[RANDOM][:, look] = chance_listed(even, size)
    return Tested(watched, first_look, chance, lists)


def register_size(borrowers: int, share: float) -> int:
    """How long the register is."""
    return ceil(share * borrowers)


def register(chance: Floats, size: int) -> Ints:
    """The `size` borrowers with the highest chance, highest first; ties by their order; NaN never."""
    known = np.flatnonzero(np.isfinite(chance))
    return known[np.argsort(-chance[known], kind="stable")][:size]


def chances_judged(test: Tested, *, seed: int) -> list[dict[str, Any]]:
    """For each horizon: AUC of the chances beside days past due alone, and predicted beside observed."""
    watched, found = test.watched, []
    late = watched.panel.measures["days_past_due"]
    for place, months in enumerate(HORIZONS):
        days = YEAR if months == 12 else round(months * YEAR / 12)
        looks = test.mature(days)
        who, look = np.nonzero(watched.looked_at[:, looks])
        look = look + test.first_look
        truth = watched.days[who, look] < days
        if truth.all() or not truth.any():
            continue
        said = test.chance[who, look, place]
        area = interval("auc", truth, said, groups=who, random_state=seed)
        base = interval("auc", truth, late[who, look], groups=who, random_state=seed)
        gap = paired_difference("auc", truth, said, late[who, look], groups=who, random_state=seed)
        seen = mean_interval(truth.astype(np.float64), groups=who, random_state=seed)
        found.append(
            {
                "months": months, "rows": len(who), "defaults": int(truth.sum()), "auc": area.value,
                "auc_low": area.low, "auc_high": area.high, "past_due_auc": base.value,
                "more": gap.value, "more_low": gap.low, "more_high": gap.high,
                "predicted": float(said.mean()), "observed": seen.value, "observed_low": seen.low,
                "observed_high": seen.high,
            }
        )  # fmt: skip
    return found


def hits(
    test: Tested, order: Mapping[str, Floats], exposure: Floats, *, cases_a_day: float, seed: int
) -> list[dict[str, Any]]:
    """Borrowers worked who default within a year, for each analyst-day, by list and days of work.

    `early_`: of them those with TIME_LEFT days or more to go. No list is worked further than the register
    reaches at its shortest look: `cases`, which take `worked` of the `days` asked; each figure is for an
    analyst-day worked.

    `order`: what each list is worked by, (borrowers, looks), highest first; `exposure` what is owed then.
    Only looks whose year is over. FeasibilityError where there is none.
    """
    looks = test.mature(YEAR)
    if looks.start >= looks.stop:
        raise FeasibilityError(
            "no test look lies a year before the cutoff, so that no hit can be counted",
            hint="Load a longer period.",
        )
    watched = test.watched
    bad = (watched.days[:, looks] < YEAR) & watched.looked_at[:, looks]
    early = bad & (watched.days[:, looks] >= TIME_LEFT)
    owed = np.where(bad, exposure[:, looks], 0.0)
    reaches = int(np.isfinite(order[REGISTER][:, looks]).sum(axis=0).min())
    found = []
    for days in DAYS_OF_WORK:
        asked = max(1, round(days * cases_a_day))
        size = min(asked, reaches)
        through = days * size / asked
        worked = {
            name: np.stack([chance_listed(one[:, at], size) for at in range(looks.start, looks.stop)], axis=1)
            for name, one in order.items()
        }
        main = worked[REGISTER]
        for name, on in worked.items():
            told = _hits(on, main, bad, owed, through, seed)
            left = _hits(on, main, early, owed, through, seed)
            told |= {f"early_{key}": left[value] for key, value in EARLY.items()}
            found.append({"days": days, "list": name, "cases": size, "worked": through} | told)
    return found


def _hits(on: Floats, main: Floats, bad: Any, owed: Floats, days: float, seed: int) -> dict[str, float]:
    borrowers = bad.shape[0]
    scale = borrowers / (days * bad.shape[1])
    each = (on * bad).sum(axis=1) * scale
    value = mean_interval(each, random_state=seed)
    more = mean_interval(((main - on) * bad).sum(axis=1) * scale, random_state=seed)
    money = mean_interval((on * owed).sum(axis=1) * scale, random_state=seed)
    return {
        "hits": value.value, "low": value.low, "high": value.high, "less": more.value,
        "less_low": more.low, "less_high": more.high, "owed_minor": money.value, "owed_low": money.low,
        "owed_high": money.high,
    }  # fmt: skip


def stability(test: Tested) -> list[dict[str, Any]]:
    """From each test look to the next: entries that are new, stayed and gone, and why they went."""
    watched, listed, found = test.watched, test.listed, []
    cutoffs = watched.panel.cutoffs
    for look in range(test.first_look + 1, len(cutoffs)):
        was, now = listed[:, look - 1], listed[:, look]
        why = why_gone(watched, np.flatnonzero(was & ~now), look)
        found.append(
            {
                "cutoff_us": int(cutoffs[look]), "entries": int(now.sum()),
                "new": int((now & ~was).sum()), "stayed": int((now & was).sum()),
                "gone": int((was & ~now).sum()),
                **{name: why.count(name) for name in WHY_GONE},
            }
        )  # fmt: skip
    return found


DEFAULTED, REPAID, QUIET, OVERTAKEN = "defaulted", "paid back or closed", "signals ended", "others are ahead"
WHY_GONE = (DEFAULTED, REPAID, QUIET, OVERTAKEN)


def why_gone(watched: Watch, who: Ints, look: int) -> list[str]:
    """Why entries of the look before are on the register of `look` no more."""
    measures = watched.panel.measures
    defaulted = (measures["days_past_due"][who, look] >= 90) & (measures["exposure"][who, look] > 0)
    owes = watched.looked_at[who, look]
    before, now = watched.on[:, who, look - 1], watched.on[:, who, look]
    ended = (before & ~now).any(axis=0)
    return [
        DEFAULTED if bad else REPAID if not still else QUIET if over else OVERTAKEN
        for bad, still, over in zip(defaulted, owes, ended, strict=True)
    ]

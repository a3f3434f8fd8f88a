"""How early: the share of later defaulters who are on a list so many days before the day of default.

A list holds the same share of all borrowers at every look. A borrower who defaulted on day D is *on the list
Δ days before* where the last look at or before D − Δ has them on it; who was no borrower then is left out of
that Δ. The first default of each borrower counts, from the longest Δ after the first test look on, so that
all could have been seen so early. Beside the list stand a random one and days past due alone, both as long;
where days past due tie (most are 0), the places left are drawn, and their expectation has a closed form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.bank.civil import DAY
from bankmine.errors import FeasibilityError
from bankmine.evaluation.intervals import mean_interval
from bankmine.tasks.contract import Floats, Ints

OFFSETS = (30, 60, 90, 180, 270)
EARLY = (90, 180, 270)  # while there is time to act: the missed instalment lies some ninety days before
LEAST = 10


@dataclass(frozen=True)
class Defaults:
    """The defaults looked back at: the borrower's place and the day, as µs."""

    who: Ints
    when: Floats


def defaults_in(days: Floats, looked_at: Any, cutoffs: Ints, *, first_look: int) -> Defaults:
    """The first default of each borrower from the longest of OFFSETS after the first test look on.

    `days` (borrowers, looks): days to the next default, infinite without; only looks at which the borrower
    was looked at lead to a default.
    """
    when = np.where(looked_at & np.isfinite(days), cutoffs[None, :] + days * DAY, np.inf)
    when[:, :first_look] = np.inf
    start = cutoffs[first_look] + OFFSETS[-1] * DAY
    first = np.where(when >= start, when, np.inf).min(axis=1)
    who = np.flatnonzero(np.isfinite(first))
    return Defaults(who, first[who])


def chance_listed(score: Floats, size: int) -> Floats:
    """The chance of each row to be among the `size` highest scores, ties drawn at random; NaN is never on."""
    found = np.zeros(len(score))
    known = np.flatnonzero(np.isfinite(score))
    size = min(size, len(known))
    if size <= 0:
        return found
    limit = np.sort(score[known])[len(known) - size]
    above, level = score > limit, score == limit
    found[above] = 1.0
    found[level] = (size - int(above.sum())) / int(level.sum())
    return found


def look_before(cutoffs: Ints, when: Floats, offset: int, *, first_look: int) -> Ints:
    """The last look at or before `when` less `offset` days; −1 before the first test look."""
    place = np.searchsorted(cutoffs, when - offset * DAY, side="right") - 1
    return np.where(place >= first_look, place, -1).astype(np.int64)


def lead_curve(
    lists: Mapping[str, Floats], found: Defaults, looked_at: Any, cutoffs: Ints, *, first_look: int, seed: int
) -> list[dict[str, Any]]:
    """For each offset and list the share on it, with a 95 % interval over borrowers, and against the first
    list the paired difference. `lists`: the chance to be on it, (borrowers, looks).

    FeasibilityError for fewer than LEAST defaults.
    """
    if len(found.who) < LEAST:
        raise FeasibilityError(
            f"{len(found.who)} borrowers defaulted {OFFSETS[-1]} days or more after the first test look",
            hint=f"A lead time needs at least {LEAST}. Load a longer period or more customers.",
        )
    rows = []
    for offset in OFFSETS:
        look = look_before(cutoffs, found.when, offset, first_look=first_look)
        seen = (look >= 0) & looked_at[found.who, look.clip(min=0)]
        who, look = found.who[seen], look[seen]
        if len(who) < LEAST:
            continue
        main = next(iter(lists))
        for name, chance in lists.items():
            on = chance[who, look]
            share = mean_interval(on, groups=who, random_state=seed)
            more = mean_interval(lists[main][who, look] - on, groups=who, random_state=seed)
            rows.append(
                {
                    "days": offset, "list": name, "defaulters": len(who), "share": share.value,
                    "low": share.low, "high": share.high, "less": more.value, "less_low": more.low,
                    "less_high": more.high,
                }
            )  # fmt: skip
    return rows


def early_gain(
    lists: Mapping[str, Floats], found: Defaults, looked_at: Any, cutoffs: Ints, *, first_look: int, seed: int
) -> list[dict[str, Any]]:
    """The one test of the register: for each list, the share on it over all offsets of EARLY (a defaulter's
    mean over those at which there was a look), and how much more the first list shows, with intervals."""
    seen = np.zeros((len(EARLY), len(found.who)), dtype=np.bool_)
    looks = np.zeros(seen.shape, dtype=np.int64)
    for place, offset in enumerate(EARLY):
        look = look_before(cutoffs, found.when, offset, first_look=first_look)
        seen[place] = (look >= 0) & looked_at[found.who, look.clip(min=0)]
        looks[place] = look.clip(min=0)
    some = np.flatnonzero(seen.any(axis=0))
    who, count = found.who[some], seen[:, some].sum(axis=0)
    means = {
        name: (chance[who[None, :], looks[:, some]] * seen[:, some]).sum(axis=0) / count
        for name, chance in lists.items()
    }
    main, rows = next(iter(means.values())), []
    for name, mean in means.items():
        share = mean_interval(mean, random_state=seed)
        more = mean_interval(main - mean, random_state=seed)
        rows.append(
            {
                "list": name, "defaulters": len(some), "share": share.value, "low": share.low,
                "high": share.high, "less": more.value, "less_low": more.low, "less_high": more.high,
            }
        )  # fmt: skip
    return rows


def days_seen_before(on: Any, found: Defaults, looked_at: Any, cutoffs: Ints, *, looks: int = 12) -> Floats:
    """For each default the days from the earliest of the `looks` looks before at which `on` is true; NaN
    where it was never true."""
    at = np.asarray(cutoffs, dtype=np.float64)[None, :]
    days = (found.when[:, None] - at) / DAY
    near = (days > 0) & (np.searchsorted(cutoffs, found.when)[:, None] - np.arange(len(cutoffs)) <= looks)
    lit = on[found.who] & near & looked_at[found.who]
    furthest = np.where(lit, days, -np.inf).max(axis=1)
    return np.where(np.isfinite(furthest), furthest, np.nan)

"""How likely a default is, with all that is latent known: the true chances behind the labels.

What happens later (a job lost next spring) is not known; it is counted with its usual chance. Cures,
forgetfulness and the months a line lies unused are those of `course.py`.
"""

from __future__ import annotations

import numpy as np

from bankmine.simulation.credit.course import CURE
from bankmine.simulation.credit.default_cause import chance_of, guarantor_weight, lost_wage_weight, seasoning
from bankmine.simulation.credit.lending import Credit
from bankmine.simulation.credit.schedule import FORGOT, STOPPED, month_of
from bankmine.simulation.frame import DAY, Floats, Frame, Ints, Truth
from bankmine.simulation.people import People

_LOSE, _FIND = 0.0060, 0.22  # chance a month to lose the job, and to have a wage again
_MONTHS = 9  # stopping in the last months of a year is not yet 90 days past due within it
_AFTER_CURE = 0.7
_LATER = 1.12  # what may come later besides lost jobs: failing employers, guarantors, forgetting first


def reaches(missed: Ints) -> Floats:
    """Chance that who stopped, with so many instalments missed, is 90 days past due before a cure."""
    left = np.array([np.prod([1 - CURE[at] for at in range(max(1, from_), 4)]) for from_ in range(5)])
    return np.asarray(left[np.clip(missed, 0, 4)])


def monthly(credit: Credit, frame: Frame, which: Ints, month: Ints, ahead: int) -> tuple[Floats, Floats]:
    """Chance to stop paying so many months later, with a wage and without; of credits `which` seen at the
    start of `month` with the employer's and guarantor's state of then."""
    asked, causes, credits_ = credit.asked, credit.causes, credit.credits_
    begun = month_of(credits_.begins[which] // DAY)
    now = np.minimum(month, frame.months - 1)
    steady = causes.total[which] + credit.employer[which, now]
    steady += guarantor_weight(frame) * credits_.infected[which, now]
    steady += seasoning(month + ahead - begun, asked.family[which])
    with_wage = chance_of(frame, steady)
    without = chance_of(frame, steady + lost_wage_weight(frame) * causes.thin[which])
    return with_wage, without


def lost_ahead(credit: Credit, who: People, person: Ints, lost: Truth, ahead: int) -> Floats:
    """Chance to be without a wage by a lost job so many months later. `lost`: is so now."""
    works = ~who.company[person] & ((who.employer[person] > 0) | (who.life[person] == 6))
    usual = np.where(works, _LOSE / (_LOSE + _FIND), 0.0)
    return np.asarray(usual + (lost - usual) * (1 - _FIND - _LOSE) ** ahead)


def within_a_year(
    credit: Credit, frame: Frame, who: People, which: Ints, month: Ints, *, first: int, last_part: float
) -> Floats:
    """Chance that credits that are paid now are 90 days past due within a year. `first`: months until the
    next due day; `last_part`: share of the last month that still counts."""
    person = credit.asked.person[which]
    lost = credit.lost[person, np.clip(month - 1, 0, frame.months - 1)] & (month > 0)
    stays = np.ones(which.size)
    for ahead in range(_MONTHS):
        with_wage, without = monthly(credit, frame, which, month, first + ahead)
        chance = lost_ahead(credit, who, person, lost, first + ahead)
        stop = (with_wage + chance * (without - with_wage)) * reaches(np.ones(1, dtype=np.int64))
        stop = np.minimum(1.0, _LATER * stop) * in_use(credit, which, month, frame, first + ahead)
        stays *= 1 - stop * (last_part if ahead == _MONTHS - 1 else 1.0)
    return 1 - stays


def in_use(credit: Credit, which: Ints, month: Ints, frame: Frame, ahead: int) -> Floats:
    """Chance that something is left to pay: always of a loan, of a line by how often it is drawn."""
    line = credit.credits_.terms.line[which]
    often = 0.03 + 0.22 * (1 - credit.credits_.terms.prudence[which])
    drawn = 1 - (1 - often) ** max(0, ahead - 1)
    left = credit.credits_.course.left[which, np.minimum(month, frame.months - 1)] > 0
    return np.where(line, np.where(left, np.maximum(0.9**ahead, drawn), drawn), 1.0)


def loan_chance(credit: Credit, frame: Frame, who: People, which: Ints, month: Ints) -> Floats:
    """Chance that running credits are 90 days past due within a year from the start of `month`."""
    course = credit.credits_.course
    mode, missed = course.mode[which, month], course.arrears[which, month]
    fresh = within_a_year(credit, frame, who, which, month, first=0, last_part=1.0)
    forgot = (mode == FORGOT) & (missed > 0)
    with_wage, _ = monthly(credit, frame, which, month, 0)
    fresh = np.where(forgot, 1 - (1 - fresh) * (1 - np.minimum(0.9, 2 * with_wage)), fresh)
    stopped = (mode == STOPPED) & (missed > 0)
    through = reaches(missed)
    return np.where(stopped, through + (1 - through) * _AFTER_CURE * fresh, fresh)

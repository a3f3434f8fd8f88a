"""What stands in tables of the causes of default and of false data, as far as it is written by the cutoff."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bankmine.simulation.credit.applications import RISKY_FROM
from bankmine.simulation.credit.default_cause import age_at, savings_months
from bankmine.simulation.credit.lending import Credit
from bankmine.simulation.credit.requests import income_at
from bankmine.simulation.frame import NEVER, Floats, Frame, Ints, Truth
from bankmine.simulation.leaving import Leaving
from bankmine.simulation.life import Life
from bankmine.simulation.people import People

Columns = dict[str, Floats]


@dataclass(frozen=True)
class Wages:
    """(n, months) at each month's start: months in a row without a wage, and the share of those with the
    same employer whose wage stopped; NaN where there is none to miss, or no colleague."""

    missing: Floats
    colleagues: Floats


def wages_of(frame: Frame, who: People, life: Life, leave: Leaving) -> Wages:
    """As the accounts show them."""
    missing = without_wage(frame, who, life, leave)
    return Wages(missing, _colleagues(who, missing))


def of_person(
    credit: Credit, frame: Frame, who: People, life: Life, wages: Wages, person: Ints, day: Ints
) -> Columns:
    """What accounts and master data show of each customer before each day."""
    month = frame.month_at(day)
    income = income_at(frame, who, life, person, day)
    return {
        "life": who.life[person].astype(np.float64),
        "age": np.where(who.company[person], np.nan, age_at(who, person, day)),
        "income": np.log(np.maximum(income, 1)),
        "months_without_wage": wages.missing[person, month],
        "savings_months": savings_months(who, credit.acc)[person],
        "colleagues_without_wage": wages.colleagues[person, month],
    }


def without_wage(frame: Frame, who: People, life: Life, leave: Leaving) -> Floats:
    """Months in a row before each month's start in which no wage came to us, (n, months); NaN where none
    ever did."""
    pay = frame.month_start[:-1][None, :] + who.pay_day[:, None] - 1
    paid = (life.wage > 0) & (pay < leave.salary_moved[:, None])
    months = np.arange(frame.months)[None, :]
    last = np.maximum.accumulate(np.where(paid, months, -1), axis=1)
    since = np.where(last >= 0, months - last, np.nan)
    return np.concatenate([np.full((who.count, 1), np.nan), since[:, :-1]], axis=1)


def _colleagues(who: People, alone: Floats) -> Floats:
    """Share of the customers with the same employer whose wage stopped, (n, months); NaN without one."""
    number, group = np.unique(who.employer, return_inverse=True)
    stopped = np.nan_to_num(alone) > 0
    order = np.argsort(group, kind="stable")
    begins = np.searchsorted(group[order], np.arange(number.size))
    stop = np.add.reduceat(stopped[order].astype(np.float64), begins, axis=0)
    total = np.add.reduceat((~np.isnan(alone))[order].astype(np.float64), begins, axis=0)
    share = (stop[group] - stopped) / np.maximum(1, total[group] - 1)
    return np.where((who.employer > 0)[:, None] & (total[group] > 1), share, np.nan)


def of_form(credit: Credit, which: Ints) -> Columns:
    """What form and report of each request tell; NaN for credit held before the period."""
    asked, forms, found = credit.asked, credit.forms, credit.found
    shown = ~asked.held[which]
    stated = forms.instalment[which] / np.maximum(forms.stated[which], 1)
    told = {
        "unresolved_enquiries": found.unresolved[which],
        "enquiries": found.enquiries[which],
        "overdue": found.overdue[which],
        "order": np.where(found.pairs[which] > 1, found.order[which], np.nan),
        "risky_purpose": (forms.intent[which] >= RISKY_FROM).astype(np.float64),
        "stated_burden": stated,
    }
    made = {name: np.where(shown, values, np.nan) for name, values in told.items()}
    made["burden"] = forms.burden[which]
    made["family"] = asked.family[which].astype(np.float64)
    return made


def of_contradictions(credit: Credit, who: People, which: Ints) -> Columns:
    """Signs of false data in each form, as a reader of all tables sees them."""
    asked, forms = credit.asked, credit.forms
    person = asked.person[which]
    usual = np.where(who.life[person] == 5, forms.country[which] > 1, forms.country[which] > 0)
    signs = forms.signs[which]
    return {
        "ip_abroad": np.where(forms.country[which] < 0, np.nan, usual),
        "unknown_device": signs[:, 1].astype(np.float64),
        "stated_over_paid": forms.stated[which] / np.maximum(forms.income[which], 1),
        "other_employer": (forms.employer[which] != who.employer[person]).astype(np.float64),
        "pasted": np.where(forms.typed[which], signs[:, 4], np.nan),
        "fast": np.where(forms.typed[which], signs[:, 5], np.nan),
        "channel": forms.channel[which].astype(np.float64),
        "shared_device": shared_before(credit, who, forms.device)[which],
        "shared_phone": shared_before(credit, who, forms.phone)[which],
        "shared_address": shared_before(credit, who, forms.address)[which],
    }


def shared_before(credit: Credit, who: People, token: Ints) -> Floats:
    """Earlier applications with the same token by customers of other households, (a,)."""
    asked, forms = credit.asked, credit.forms
    some = np.flatnonzero((token > 0) & ~asked.held)
    order = some[np.argsort(forms.second[some], kind="stable")]
    _, by_token = np.unique(token[order], return_inverse=True)
    pair = by_token * 1_000 + who.household[asked.person[order]]
    _, by_both = np.unique(pair, return_inverse=True)
    made = np.zeros(token.size)
    made[order] = _earlier(by_token) - _earlier(by_both)
    return made


def _earlier(group: Ints) -> Ints:
    """How many of the same group come before each."""
    order = np.argsort(group, kind="stable")
    rank = np.empty(group.size, dtype=np.int64)
    sorted_ = group[order]
    rank[order] = np.arange(group.size) - np.searchsorted(sorted_, sorted_)
    return rank


def guarantor_state(credit: Credit, frame: Frame, people: int) -> tuple[Floats, Truth]:
    """Of each customer at each month's start, (people, months): most days past due on any credit, and
    whether in default in the year before."""
    credits_ = credit.credits_
    ours = np.flatnonzero(credits_.granted)
    person = credit.asked.person[ours]
    late = np.zeros((people, frame.months))
    np.maximum.at(late, person, credits_.course.past_due[ours])
    day = np.full(people, NEVER)
    np.minimum.at(day, person, credits_.course.bad[ours])
    start = frame.month_start[:-1][None, :]
    return late, np.asarray((day[:, None] < start) & (start - day[:, None] <= 365))


def of_guarantor(credit: Credit, frame: Frame, who: People, which: Ints, month: Ints) -> Columns:
    """How the guarantor of each credit stood at the start of each month; NaN without one."""
    guarantor = credit.forms.guarantor[which]
    late, fell = guarantor_state(credit, frame, who.count)
    some = guarantor >= 0
    return {
        "guarantor_past_due": np.where(some, late[guarantor, month], np.nan),
        "guarantor_fell": np.where(some, fell[guarantor, month], np.nan),
    }

"""Truth about credit: every component of every application, and the true chances behind three labels."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from bankmine.simulation.columns import amount, code, key, real, truth, when
from bankmine.simulation.credit.applications import APPROVED, DECISIONS, SIGNS
from bankmine.simulation.credit.course import BAD_DAYS
from bankmine.simulation.credit.foreseen import loan_chance, within_a_year
from bankmine.simulation.credit.lending import Credit, confirmed_share, halves, in_chinese, written_forms
from bankmine.simulation.credit.requests import FALSE_KINDS, HONEST
from bankmine.simulation.credit.schedule import RUNNING, month_of
from bankmine.simulation.credit.written import (
    Columns,
    Wages,
    of_contradictions,
    of_form,
    of_guarantor,
    of_person,
    wages_of,
)
from bankmine.simulation.frame import DAY, Frame, Ints
from bankmine.simulation.leaving import Leaving
from bankmine.simulation.leaving_truth import FIRST_MONTH
from bankmine.simulation.life import Life
from bankmine.simulation.people import People
from bankmine.simulation.texts import PURPOSE_INTENTS, TEXT_KINDS, texts_truth

COMPONENTS = ("over_borrowing", "order", "text", "age", "income", "trait", "false")


def truth_of(credit: Credit, frame: Frame, who: People, life: Life, leave: Leaving) -> dict[str, pa.Table]:
    """Tables for `truth/`, in raw keys."""
    which = written_forms(frame, credit.asked, credit.forms)
    about = (credit, frame, who, life, wages_of(frame, who, life, leave))
    return {
        "applications": _applications(credit, frame, who, which),
        "texts": _texts(credit, frame, who, which),
        "label_application_default": _application_default(*about, which),
        "label_application_fraud": _application_fraud(*about, which),
        "label_loan_default": _loan_default(*about),
    }


def _applications(credit: Credit, frame: Frame, who: People, which: Ints) -> pa.Table:
    """`would_be_bad`: what became, or would have become, of the credit; null while that is open."""
    asked, forms, causes = credit.asked, credit.forms, credit.causes
    bad, known = credit.bad()
    chance = _granting_chance(credit, frame, who, which)
    number = np.where(credit.credits_.granted[which], credit.credits_.number[which], 0)
    return pa.table(
        {
            "application": key(forms.number[which]),
            "customer": key(who.number[asked.person[which]]),
            "loan": key(number),
            "applied_at": when(forms.second[which]),
            "decision": code(forms.decision[which], DECISIONS),
            "income": amount(np.rint(forms.income[which])),
            "thin_savings": real(causes.thin[which]),
            "pairs": real(credit.found.pairs[which]),
            "order_signal": real(credit.found.order[which]),
            "unresolved_enquiries": real(credit.found.unresolved[which]),
            "lost_wage": truth(credit.lost[asked.person[which], frame.month_at(asked.day[which])]),
            **{f"log_odds_{name}": real(getattr(causes, name)[which]) for name in COMPONENTS},
            "intent": code(forms.intent[which], PURPOSE_INTENTS),
            "false_kind": code(asked.false[which], FALSE_KINDS),
            "ring": amount(asked.ring[which], missing=asked.ring[which] < 0),
            **{f"sign_{name}": truth(forms.signs[which, place]) for place, name in enumerate(SIGNS)},
            "guarantor": key(np.where(forms.guarantor[which] >= 0, who.number[forms.guarantor[which]], 0)),
            "chance_bad": real(chance),
            "would_be_bad": truth(bad[which], missing=known[which] >= frame.days),
        }
    )


def _texts(credit: Credit, frame: Frame, who: People, which: Ints) -> pa.Table:
    return texts_truth(
        key=credit.forms.number[which], kind=TEXT_KINDS.index("purpose"),
        half=halves(who, credit.asked)[which], chinese=in_chinese(frame, who, credit, which),
        intent=credit.forms.intent[which],
    )  # fmt: skip


def _granting_chance(credit: Credit, frame: Frame, who: People, which: Ints) -> np.ndarray:
    begun = month_of(credit.credits_.begins[which] // DAY)
    return within_a_year(credit, frame, who, which, begun, first=1, last_part=0.5)


def _label(subject: Ints, customer: Ints, second: Ints, oracle: np.ndarray, written: Columns) -> pa.Table:
    return pa.table(
        {
            "subject": key(subject),
            "customer": key(customer),
            "cutoff": when(second),
            "oracle": real(oracle),
            **{f"written_{name}": real(values) for name, values in written.items()},
        }
    )


def _application_default(
    credit: Credit, frame: Frame, who: People, life: Life, wages: Wages, which: Ints
) -> pa.Table:
    """Approved applications, seen at the moment of applying."""
    asked, forms = credit.asked, credit.forms
    which = which[(forms.decision[which] == APPROVED) & (forms.decided[which] < frame.days * DAY)]
    person, day = asked.person[which], asked.day[which]
    written = {
        **of_person(credit, frame, who, life, wages, person, day),
        **of_form(credit, which),
        **of_contradictions(credit, who, which),
        **of_guarantor(credit, frame, who, which, frame.month_at(day)),
    }
    oracle = _granting_chance(credit, frame, who, which)
    return _label(forms.number[which], who.number[person], forms.second[which], oracle, written)


def _application_fraud(
    credit: Credit, frame: Frame, who: People, life: Life, wages: Wages, which: Ints
) -> pa.Table:
    """All applications; whether a false one is found out depends on the decision."""
    asked, forms = credit.asked, credit.forms
    person, day = asked.person[which], asked.day[which]
    oracle = np.where(asked.false[which] > HONEST, confirmed_share(forms.decision[which]), 0.0)
    written = {
        **of_contradictions(credit, who, which),
        **of_person(credit, frame, who, life, wages, person, day),
        "burden": forms.burden[which],
        "family": asked.family[which].astype(np.float64),
    }
    return _label(forms.number[which], who.number[person], forms.second[which], oracle, written)


def _loan_default(credit: Credit, frame: Frame, who: People, life: Life, wages: Wages) -> pa.Table:
    """Running credits that are not in default, at each month's start."""
    credits_ = credit.credits_
    course = credits_.course
    here = (course.state == RUNNING) & (course.past_due < BAD_DAYS) & credits_.granted[:, None]
    start = frame.month_start[:-1]
    here &= (credits_.begins[:, None] < start * DAY) & (course.closed[:, None] > start)
    which, month = np.nonzero(here[:, FIRST_MONTH:])
    month += FIRST_MONTH
    person, at = credit.asked.person[which], start[month]
    begun = month_of(credits_.begins // DAY)[which]
    line = credits_.terms.line[which]
    written = {
        **of_person(credit, frame, who, life, wages, person, at),
        **of_form(credit, which),
        **of_guarantor(credit, frame, who, which, month),
        "past_due": course.past_due[which, month].astype(np.float64),
        "arrears": course.arrears[which, month].astype(np.float64),
        "forgot": course.forgets[which, month].astype(np.float64),
        "months_on_book": (month - begun).astype(np.float64),
        "left": course.left[which, month] / np.maximum(1, credits_.terms.limit[which]),
        "term": np.where(line, np.nan, credits_.terms.term[which]),
    }
    oracle = loan_chance(credit, frame, who, which, month)
    return _label(credits_.number[which], who.number[person], at * DAY, oracle, written)

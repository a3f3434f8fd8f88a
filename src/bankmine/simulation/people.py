"""The customers of one community: who they are, before anything happens. Latent traits stand beside facts.

A company is a customer too (`company` true); then `life` is COMPANY and personal facts mean nothing. About
a third of those in work are employed by a company of their own community, the others by one of the frame's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bankmine.simulation.frame import (
    BRANCHES,
    COMMUNITY,
    EMPLOYERS,
    NEVER,
    REGIONS,
    Floats,
    Frame,
    Ints,
    Truth,
)

LIVES = ("student", "young_professional", "family", "affluent", "pensioner", "cross_border", "self_employed")
COMPANY = len(LIVES)
_SHARE = (0.11, 0.19, 0.27, 0.09, 0.16, 0.08, 0.10)
_BIRTH = (2002, 1994, 1983, 1973, 1952, 1987, 1980)
_INCOME = (900.0, 4200.0, 5200.0, 12500.0, 2100.0, 3600.0, 4600.0)  # SGD a month, median
_SPREAD = (0.35, 0.30, 0.35, 0.45, 0.35, 0.30, 0.60)
_DIGITAL = (0.90, 0.85, 0.65, 0.70, 0.25, 0.65, 0.60)
OCCUPATIONS = (
    "student",
    "clerk",
    "technician",
    "professional",
    "manager",
    "pensioner",
    "service",
    "self-employed",
)
EDUCATIONS = ("secondary", "vocational", "bachelor", "master")
MARITALS = ("single", "married", "divorced", "widowed")
FIRST_CUSTOMER = 10_000_000
FIRST_EMPLOYER = 900_000


@dataclass(frozen=True)
class People:
    """One place a customer, shape (n,). Facts, then traits nobody can read in a table.

    `number`: the raw key. `household`: places of one household share it. `employer`: raw number of the
    employer or 0; `employer_place`: place of the employing company in this community or -1;
    `employer_fails`: day it fails. `income`: usual net income a month, cents (a company: turnover).
    `pay_day`: day of the month 1–28. `joined`: first day, negative before the period.
    Traits: `digital` 0–1, `activity` around 1, `price_sensitivity`, `service_sensitivity`, `prudence`,
    `honesty` 0–1, `persuasion`: standard normal, how being contacted works on this customer.
    """

    community: int
    number: Ints
    company: Truth
    life: Ints
    birth_year: Ints
    female: Truth
    region: Ints
    branch: Ints
    manager: Ints
    occupation: Ints
    education: Ints
    marital: Ints
    chinese: Truth
    household: Ints
    employer: Ints
    employer_place: Ints
    employer_fails: Ints
    income: Ints
    pay_day: Ints
    joined: Ints
    digital: Floats
    activity: Floats
    price_sensitivity: Floats
    service_sensitivity: Floats
    prudence: Floats
    honesty: Floats
    persuasion: Floats

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.number.size)


def people_of(frame: Frame, community: int) -> People:
    """Draws one community."""
    n, draw = frame.size(community), frame.random(community, "people")
    full = COMMUNITY  # a smaller last community is a prefix of a whole one
    company = draw.random(full) < frame.scenario.activity.companies
    life = np.where(company, COMPANY, draw.choice(len(LIVES), full, p=_SHARE))
    own = np.minimum(life, COMPANY - 1)
    birth = np.clip(np.array(_BIRTH)[own] + draw.normal(0, 5, full), 1928, 2006).astype(np.int64)
    region, household = _homes(draw, full, community)
    income = np.array(_INCOME)[own] * np.exp(np.array(_SPREAD)[own] * draw.normal(size=full))
    turnover = 30_000 * np.exp(1.0 * draw.normal(size=full))
    joined = _joined(frame, draw, full, birth, company)
    employer, place, fails = _employers(frame, draw, life, company, community)
    digital = np.clip(np.array(_DIGITAL)[own] + draw.normal(0, 0.15, full), 0.02, 0.99)
    drawn = {
        "number": FIRST_CUSTOMER + community * COMMUNITY + np.arange(full),
        "company": company, "life": life, "birth_year": birth, "female": draw.random(full) < 0.5,
        "region": region, "branch": region * 2 + draw.integers(0, BRANCHES // len(REGIONS), full),
        "manager": draw.integers(0, 3, full), "occupation": _occupation(draw, own),
        "education": np.clip(draw.poisson(1.2, full) + (own == 3), 0, 3),
        "marital": _marital(draw, own), "chinese": draw.random(full) < 0.45, "household": household,
        "employer": employer, "employer_place": np.where(place < n, place, -1), "employer_fails": fails,
        "income": np.maximum(10_000, np.where(company, turnover, income) * 100).astype(np.int64) // 100 * 100,
        "pay_day": np.where(draw.random(full) < 0.6, 25, draw.integers(1, 29, full)), "joined": joined,
        "digital": digital, "activity": draw.gamma(5.0, 0.2, full) * frame.scenario.activity.payments,
        "price_sensitivity": draw.gamma(2.0, 0.5, full), "service_sensitivity": draw.gamma(2.0, 0.5, full),
        "prudence": draw.beta(4, 2, full), "honesty": draw.beta(8, 1, full),
        "persuasion": draw.normal(size=full),
    }  # fmt: skip
    return People(community=community, **{name: values[:n] for name, values in drawn.items()})


def _homes(draw: np.random.Generator, n: int, community: int) -> tuple[Ints, Ints]:
    """Households of one to four neighbours; a community lives around one region."""
    begins = draw.random(n) < 0.45
    begins[0] = True
    household = np.cumsum(begins) - 1
    home = np.where(draw.random(n) < 0.55, community % len(REGIONS), draw.integers(0, len(REGIONS), n))
    first = np.flatnonzero(begins)
    return home[first][household], household


def _joined(frame: Frame, draw: np.random.Generator, n: int, birth: Ints, company: Truth) -> Ints:
    """Some join in the period, at an even pace; the others did up to 25 years before it."""
    earlier = -np.minimum(draw.exponential(6 * 365.0, n), 25 * 365).astype(np.int64) - 1
    eldest = np.where(company, -25 * 365, (birth + 16 - 2023) * 365)
    pace = 36 * 30.4  # newcomers of a 36-month bank; a longer one goes on at that pace
    new = draw.random(n) < frame.scenario.activity.newcomers
    return np.where(new, (draw.random(n) * pace).astype(np.int64), np.maximum(earlier, eldest))


def _employers(
    frame: Frame, draw: np.random.Generator, life: Ints, company: Truth, community: int
) -> tuple[Ints, Ints, Ints]:
    works = np.isin(life, (1, 2, 3, 5)) | ((life == 0) & (draw.random(life.size) < 0.3))
    big = draw.choice(EMPLOYERS, life.size, p=frame.employer_weight)
    firms = np.flatnonzero(company)
    local = works & (draw.random(life.size) < 0.3) & (firms.size > 0)
    pick = (
        firms[(draw.random(life.size) ** 2 * firms.size).astype(np.int64)]
        if firms.size
        else np.zeros_like(life)
    )
    own_fails = draw.exponential(30 * 365.0, life.size).astype(np.int64)
    place = np.where(local, pick, -1)
    number = np.where(local, FIRST_CUSTOMER + community * COMMUNITY + pick, FIRST_EMPLOYER + big)
    fails = np.where(local, own_fails[pick], frame.employer_fails[big])
    fails = np.where(company, own_fails, np.where(works, fails, NEVER))
    return np.where(works, number, 0), place, fails


def _occupation(draw: np.random.Generator, life: Ints) -> Ints:
    usual = np.array([0, 2, 1, 4, 5, 6, 7])[life]
    other = draw.integers(1, 5, life.size)
    return np.where(draw.random(life.size) < 0.7, usual, np.where(np.isin(life, (0, 4, 6)), usual, other))


def _marital(draw: np.random.Generator, life: Ints) -> Ints:
    married = np.array([0.02, 0.25, 0.85, 0.7, 0.6, 0.5, 0.6])[life]
    other = np.where(life == 4, 3, np.where(draw.random(life.size) < 0.25, 2, 0))
    return np.where(draw.random(life.size) < married, 1, other)

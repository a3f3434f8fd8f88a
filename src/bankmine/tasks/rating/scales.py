"""A scale for persons and one for companies, each made of what came true and tested on what did not make it.

Test rows of the question are forward in time of what the model learnt, so their chances are honest; the scale
is made of them, at most one row a customer. How good a scale made this way is, is told by another one, made
of the customers of a year or of half of them, and tested on the next year's or the other half. Companies with
too few defaults go onto the persons' scale after their log-odds are moved to their own default rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.bank.hashing import splitmix64
from bankmine.errors import FeasibilityError
from bankmine.evaluation.grading import LEAST_ROWS, holm, independent_rows, spiegelhalter
from bankmine.evaluation.master_scale import MasterScale, log_odds, master_scale, moved, scale_of, shift
from bankmine.evaluation.metrics import auc
from bankmine.evaluation.validation import hosmer_lemeshow, jeffreys
from bankmine.tasks.contract import Floats, Ints, Truth
from bankmine.tasks.rating.obligors import COMPANY, PERSON, Obligors
from bankmine.tasks.rating.settings import Settings

LEAST_TO_MOVE = 5  # defaulted companies from which their own rate may move them onto the persons' scale
OWN, BORROWED = "own", "persons' scale"
HALVES, FORWARD = "halves", "forward"


@dataclass(frozen=True)
class Scale:
    """A kind's scale: its grades, whether they are its own, and by how much log-odds are moved first.

    `rows` and `bads` are the customers it was made of.
    """

    kind: str
    scale: MasterScale
    source: str
    by: float
    rows: int
    bads: int

    def places(self, chance: Floats) -> Ints:
        """The grade of each chance, from 0."""
        return self.scale.places(moved(log_odds(chance), self.by) if self.by else chance)

    @property
    def probability(self) -> Floats:
        """The calibrated chance of each grade."""
        return np.array([one.probability for one in self.scale.grades])


@dataclass(frozen=True)
class Trial:
    """The split that tests how a scale is made: which rows make it, which test it, how they differ."""

    made: Truth
    tested: Truth
    how: str


def trial(rows: Obligors, embargo: int) -> Trial:
    """Forward in time where the last cutoff lies `embargo` µs after an earlier one; else halves of customers
    by a hash of the pseudonym."""
    last = int(rows.cutoff.max())
    early = rows.cutoff <= last - embargo
    if early.any():
        return Trial(early, rows.cutoff == last, FORWARD)
    half = (splitmix64(rows.customer) & np.uint64(1)).astype(np.bool_)
    return Trial(half, ~half, HALVES)


def scales(
    rows: Mapping[str, Obligors], settings: Settings, seed: int
) -> tuple[dict[str, Scale], dict[str, str]]:
    """The scale of each kind, and for kinds that have none the reason in words.

    FeasibilityError where persons and companies both have too few defaults.
    """
    made: dict[str, Scale] = {}
    refused: dict[str, str] = {}
    for kind in (PERSON, COMPANY):
        one = rows[kind]
        try:
            made[kind] = own_scale(kind, one, settings, seed)
        except FeasibilityError as error:
            refused[kind] = f"{error.what}. {error.hint}"
    if COMPANY in refused and PERSON in made and (lent := borrowed(rows[COMPANY], made[PERSON], seed)):
        made[COMPANY] = lent
    if not made:
        raise FeasibilityError(
            f"no scale can be made: persons: {refused[PERSON]} Companies: {refused[COMPANY]}",
            hint="Lower least_bads or least_share of [tasks.rating], or load a longer period.",
        )
    return made, refused


def own_scale(kind: str, rows: Obligors, settings: Settings, seed: int) -> Scale:
    """The scale of a kind from its own customers, at most one row each."""
    if not len(rows):
        raise FeasibilityError("a scale was asked of 0 rows with 0 bads", hint="There are no such customers.")
    one = rows.take(independent_rows(rows.customer, random_state=seed))
    found = master_scale(one.bad, one.chance, method=settings.method, limits=settings.limits)
    return Scale(kind, found, OWN, 0.0, len(one), int(one.bad.sum()))


def borrowed(rows: Obligors, persons: Scale, seed: int) -> Scale | None:
    """Companies on the persons' scale: their log-odds moved so that their mean chance is the rate they
    defaulted at (Jeffreys' mean); None below LEAST_TO_MOVE defaults."""
    if not len(rows):
        return None
    one = rows.take(independent_rows(rows.customer, random_state=seed))
    bads = int(one.bad.sum())
    if bads < LEAST_TO_MOVE:
        return None
    by = shift(one.chance, (bads + 0.5) / (len(one) + 1))
    return Scale(COMPANY, persons.scale, BORROWED, by, len(one), bads)


def tested(
    kind: str, rows: Obligors, split: Trial, settings: Settings, seed: int
) -> tuple[Scale, dict[str, Any]]:
    """The scale made of one part and its tests on the other. FeasibilityError where a part is too small."""
    made = own_scale(kind, rows.take(split.made), settings, seed)
    other = rows.take(split.tested)
    other = other.take(independent_rows(other.customer, random_state=seed))
    if len(other) < LEAST_ROWS:
        raise FeasibilityError(f"{len(other)} customers are left to test", hint=f"It needs {LEAST_ROWS}.")
    return made, _tests(made, other) | {"how": split.how, "made_of": made.rows, "made_of_bads": made.bads}


def _tests(made: Scale, other: Obligors) -> dict[str, Any]:
    place = made.places(other.chance)
    said, bads = made.probability[place], int(other.bad.sum())
    whole = jeffreys(bads, len(other), float(said.mean()))
    return {
        "rows": len(other), "bads": bads, "said": float(said.mean()), "observed": bads / len(other),
        "jeffreys": whole, "spiegelhalter": spiegelhalter(other.bad, said).p_value,
        "hosmer_lemeshow": _hosmer_lemeshow(other.bad, said), "grades": by_grade(made, other, place),
        "auc_chance": _auc(other.bad, other.chance), "auc_grade": _auc(other.bad, place),
    }  # fmt: skip


def by_grade(made: Scale, other: Obligors, place: Ints) -> list[dict[str, Any]]:
    """Each grade's said chance against what came true, with Jeffreys' interval and its p-values after Holm,
    that the chance is not too low and not too high."""
    seen = scale_of(other.bad, _middles(made)[place], made.scale.limits).grades
    rows = [one for one in zip(made.scale.grades, seen, strict=True) if one[1].rows]
    low = [jeffreys(b.bads, b.rows, a.probability) for a, b in rows]
    fair_low, fair_high = holm(low), holm([1 - one for one in low])
    return [
        {
            "grade": a.name, "rows": b.rows, "bads": b.bads, "said": a.probability, "observed": b.observed,
            "low": b.observed_low, "high": b.observed_high, "too_low": p, "too_high": q,
        }
        for (a, b), p, q in zip(rows, fair_low, fair_high, strict=True)
    ]  # fmt: skip


def _middles(made: Scale) -> Floats:
    limits = np.array(made.scale.limits)
    return np.asarray((limits[1:] + limits[:-1]) / 2)


def _hosmer_lemeshow(bad: Truth, said: Floats) -> float | None:
    try:
        return hosmer_lemeshow(bad, said).p_value
    except FeasibilityError:
        return None


def _auc(bad: Truth, score: Any) -> float | None:
    return float(auc(bad, np.asarray(score, dtype=np.float64))) if bad.any() and not bad.all() else None

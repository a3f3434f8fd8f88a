"""The study from loans' chances to classes: each step is a module of its own, this one puts them in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bankmine.errors import FeasibilityError
from bankmine.tasks.behaviour_score.question import HISTORY_DAYS
from bankmine.tasks.contract import Bank, Floats, Ints
from bankmine.tasks.labels import days_after
from bankmine.tasks.rating.answer import answer
from bankmine.tasks.rating.back_test import back_test
from bankmine.tasks.rating.cycle import LongRun, all_cohorts, long_run
from bankmine.tasks.rating.expected import Chances, Parts, chances, parts
from bankmine.tasks.rating.exposure import Loans
from bankmine.tasks.rating.levels import Kinds, Levels, LoanRows, kinds_and_lines, levels_of
from bankmine.tasks.rating.losses import Conversion, Defaults, Loss, Spells, conversion, losses
from bankmine.tasks.rating.moves import Ends, Looks, a_year, last_run, looks, moved_figures
from bankmine.tasks.rating.obligors import KINDS, Obligors, kinds_of, obligors, of_kind
from bankmine.tasks.rating.question import Rated
from bankmine.tasks.rating.scales import Scale, Trial, scales, tested, trial
from bankmine.tasks.rating.settings import Settings
from bankmine.tasks.rating.standing import Standing, standing
from bankmine.tasks.study import Answer, Asked, Work


@dataclass(frozen=True)
class HeldOut:
    """A scale that is tested: the rows that made it and those that test it."""

    scale: Scale
    made: Obligors
    tested: Obligors


@dataclass(frozen=True)
class Graded:
    """A kind with its scale: test rows, customers now (not in default) with their grades, the long run, the
    scale that was tested with its figures (or why none could be), and the moves."""

    made: Scale
    rows: Obligors
    now: Obligors
    place: Ints
    long: LongRun
    trial: Mapping[str, Any] | str
    held_out: HeldOut | None
    year: Mapping[str, Any] | None
    run: Mapping[str, Any] | None


@dataclass(frozen=True)
class Owed:
    """The loans now with their parts of expected loss; `rated` says whose customer has a grade or is in
    default; `crossed` has the chance of the customer's grade for all the loans; `out` are customers in
    default or written off; `certain` takes all their loans to default; `left_out` counts
    loans whose schedules contradict themselves."""

    loans: Loans
    parts: Parts
    crossed: Parts
    certain: Parts
    rated: Any
    out: Ints
    loss: tuple[Loss, ...]
    converted: Conversion
    defaults: Defaults
    levels: Levels
    left_out: Mapping[str, Any]


@dataclass(frozen=True)
class Times:
    """Where the loans stand now and at the last tested cutoff."""

    now: Standing
    last: int
    then: Standing

    def ends(self, at: int) -> Ends:
        """What tells why a customer has no grade at one of the two."""
        seen = self.then if at == self.last else self.now
        running = np.concatenate([seen.loans.customer, seen.doubted.customer])
        return Ends(np.unique(running), seen.present, seen.out)


def rate(work: Work) -> Answer:
    """Everything the rating answers. FeasibilityError where no scale can be made."""
    bank, settings = work.bank, Settings.of(work.bank.settings)
    question = Rated()
    asked = work.ask(question)
    work.stage("losses")
    stands = standing(bank, bank.cutoff, settings)
    last = int(asked.tested.cutoffs.max())
    times = Times(stands, last, standing(replace(bank, statements={}), last, settings))
    spells = stands.defaults.spells
    work.stage("scales")
    kinds, by = kinds_of(bank), settings.customer_by
    rows = obligors(asked.tested.rows, asked.tested.probability[asked.use], asked.tested.truth, by=by)
    rows = _paying(rows, spells)
    test = {kind: rows.take(of_kind(rows, kinds, kind)) for kind in KINDS}
    made, refused = scales(test, settings, bank.seed)
    now = obligors(asked.rows, asked.probability, None, by=by)
    now = now.take(~np.isin(now.customer, stands.out))
    work.stage("cohorts")
    every = _paying(all_cohorts(bank, question, HISTORY_DAYS), spells)
    graded = {
        kind: _graded(
            work, one, test[kind], now.take(of_kind(now, kinds, kind)),
            every.take(of_kind(every, kinds, kind)), times, settings,
        )
        for kind, one in made.items()
    }  # fmt: skip
    work.stage("expected loss")
    told = kinds_and_lines(bank, kinds)
    every_level = levels_of(
        _loan_rows(asked, [(one.rows, _chance(one.made, one.rows)) for one in graded.values()]), told
    )
    owed = _owed(bank, stands, asked, graded, every_level, settings)
    past = _tested_loss(bank, asked, graded, owed, times, told, settings)
    return answer(work, asked, graded, refused, owed, past, kinds, settings)


def _paying(rows: Obligors, spells: Spells) -> Obligors:
    """Without customers who were in default, with whichever loan, or written off at their cutoff: a grade is
    given to the others only, so it is made of the others only."""
    return rows.take(~spells.hit(rows.customer, rows.cutoff))


def _chance(scale: Scale, rows: Obligors) -> Floats:
    """The chance of each row's grade."""
    return np.asarray(scale.probability[scale.places(rows.chance)], dtype=np.float64)


def _graded(
    work: Work, made: Scale, rows: Obligors, now: Obligors, every: Obligors, times: Times,
    settings: Settings,
) -> Graded:  # fmt: skip
    bank, known = work.bank, times.now.defaults
    held_out, figures = _trial(made, rows, settings, bank)
    show, before = bank.warehouse.zone.show, work.previous()
    seen = looks(rows, now, bank.cutoff)
    bad = np.unique(times.now.loans.customer[times.now.loans.in_default])
    return Graded(
        made, rows, now, made.places(now.chance), long_run(made, rows, every, bank), figures, held_out,
        _year(made, seen, _since(int(seen.then.cutoff[0]), bad, known), times, show),
        None if before is None else moved_figures(
            last_run(made, before.table("credit_class"), now, _since(before.cutoff_us, bad, known),
                     times.ends(bank.cutoff)),
            made, before.cutoff, show(bank.cutoff),
        ),
    )  # fmt: skip


def _since(at: int, bad: Ints, known: Defaults) -> Ints:
    """Customers in default now, and those with a default that began since an instant."""
    return np.union1d(bad, known.spells.begun(at))


def _year(
    made: Scale, seen: Looks, bad: Ints, times: Times, show: Callable[[int], str]
) -> Mapping[str, Any] | None:
    at = int(seen.now.cutoff[0]) if len(seen.now) else times.last
    found = a_year(made, seen, bad, times.ends(at))
    if found is None:
        return None
    then, now = (show(int(one.cutoff[0])) for one in (seen.then, seen.now))
    return {**(moved_figures(found, made, then, now) or {}), "one_model": seen.one_model}


def _trial(
    made: Scale, rows: Obligors, settings: Settings, bank: Bank
) -> tuple[HeldOut | None, Mapping[str, Any] | str]:
    """The scale of one part of the test rows, the rows that test it, and how it did."""
    rule = Rated().rule(bank)
    embargo = int(rule.embargo_days * 86_400_000_000)
    split: Trial = trial(rows, embargo)
    try:
        scale, figures = tested(made.kind, rows, split, settings, bank.seed)
    except FeasibilityError as error:
        return None, f"A scale made without the customers that test it is not possible: {error.what}."
    return HeldOut(scale, rows.take(split.made), rows.take(split.tested)), figures


def _owed(
    bank: Bank, stands: Standing, asked: Asked, graded: Mapping[str, Graded], levels: Levels,
    settings: Settings,
) -> Owed:  # fmt: skip
    """A customer of `out` has no grade: the other loans have their own chances, or 1 by `default_of`."""
    loans, found, out = stands.loans, stands.defaults, stands.out
    loss, converted = losses(found, bank, settings), conversion(found, bank, settings)
    told = _together(
        asked.rows, asked.probability,
        [(one.now, one.made.probability[one.place]) for one in graded.values()],
    )  # fmt: skip
    base, grade, has = told.of(loans)
    own, none = levels.of(loans.customer, loans.loan, loans.drawn, base), np.isin(loans.customer, out)
    alone = np.ones(len(own)) if settings.default_of == "customer" else told.alone(loans.loan)
    made, crossed, certain = (
        parts(loans, np.where(none, beside, each), loss, converted)
        for each, beside in ((own, alone), (grade, alone), (own, 1.0))
    )
    return Owed(
        loans, made, crossed, certain, has | none, out, loss, converted, found, levels, stands.left_out()
    )


def _together(rows: Any, chance: Floats, kinds: Sequence[tuple[Obligors, Floats]]) -> Chances:
    """The chances of loan rows and of the customers of all kinds with those of their grades."""
    names = Obligors.__dataclass_fields__
    who = Obligors(*(np.concatenate([getattr(one, name) for one, _ in kinds]) for name in names))
    return chances(rows, chance, who, np.concatenate([grade for _, grade in kinds]))


def _at(asked: Asked, at: int, kinds: Sequence[tuple[Obligors, Floats]]) -> tuple[Chances, Ints]:
    """What was said at a tested cutoff of these customers and their loans, and the loans' rows."""
    here = np.flatnonzero(asked.tested.cutoffs == at)
    own = [(rows.take(rows.cutoff == at), chance[rows.cutoff == at]) for rows, chance in kinds]
    told = _together(asked.tested.rows.take(here), asked.tested.probability[asked.use][here], own)
    return told, here


def _loan_rows(asked: Asked, kinds: Sequence[tuple[Obligors, Floats]]) -> LoanRows:
    """Tested loans of these customers at their cutoffs, with what their grades say and what came."""
    loan = np.asarray(asked.tested.column("subject_id"), dtype=np.int64)
    customer = np.asarray(asked.tested.column("customer_id"), dtype=np.int64)
    truth = np.asarray(asked.tested.truth, dtype=np.bool_)
    owed = np.asarray(asked.tested.column("value_minor"), dtype=np.float64)
    parts_: list[tuple[Any, ...]] = []
    for at in np.unique(np.concatenate([rows.cutoff for rows, _ in kinds])).tolist():
        told, here = _at(asked, at, kinds)
        said, _, found = told.of_loans(loan[here], customer[here])
        kept = here[found]
        parts_.append(
            (loan[kept], customer[kept], np.full(len(kept), at), owed[kept], said[found], truth[kept])
        )
    return LoanRows(*(np.concatenate(one) for one in zip(*parts_, strict=True)))


def _tested_loss(
    bank: Bank, asked: Asked, graded: Mapping[str, Graded], owed: Owed, times: Times, told: Kinds,
    settings: Settings,
) -> Mapping[str, Any] | None:  # fmt: skip
    """Expected loss of a year ago against what came, of the customers that tested the scales; levels by the
    loans of those that made them. "forward": the year of these was over at the tested cutoff; else some
    are other customers of the tested year."""
    held = [one.held_out for one in graded.values() if one.held_out is not None]
    rest = [one.tested.take(one.tested.cutoff == times.last) for one in held]
    if not sum(len(one) for one in rest):
        return None
    said, _ = _at(
        asked, times.last, [(one, _chance(each.scale, one)) for one, each in zip(rest, held, strict=True)]
    )
    made = _loan_rows(asked, [(one.made, _chance(one.scale, one.made)) for one in held])
    plain, rule = replace(bank, statements={}), Rated().rule(bank)
    found = back_test(
        plain, times.last, rule, said, levels_of(made, told), times.then, owed.defaults, owed.loss, settings
    )
    over = days_after(made.cutoff, rule.horizon_days, bank.warehouse.zone) <= times.last
    return found | {"forward": bool(over.all())}

"""A policy at work on a bank: the published run, its applicants, and what each command asks of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.decisions.credit_policy import applicants as people
from bankmine.decisions.credit_policy.applicants import Applicants
from bankmine.decisions.credit_policy.counterfactual import Counterfactual, explain
from bankmine.decisions.credit_policy.cutoffs import CutOff, best_cut_off
from bankmine.decisions.credit_policy.deciding import Decider
from bankmine.decisions.credit_policy.limits import Limits, assign_in_bands
from bankmine.decisions.credit_policy.log import Log
from bankmine.decisions.credit_policy.money import Floats, Terms, TermsBook, good_and_bad, price_for_risk
from bankmine.decisions.credit_policy.policy import APPROVE, Policy
from bankmine.decisions.credit_policy.rescoring import rescorer
from bankmine.decisions.credit_policy.strategy import Applied, Simulation, simulate
from bankmine.errors import FeasibilityError, UsageError
from bankmine.lifecycle import current, load_run

if TYPE_CHECKING:
    from bankmine.folder import BankFolder
    from bankmine.lifecycle.run import Run

TASK, TODAY = "application_score", "today"
FOLDER = "decisions"
TRANCHES = 4


@dataclass(frozen=True)
class Priced:
    """The yearly rate each approved one is charged, and the one that covers its risk (NaN: none does)."""

    charged: Floats
    fair: Floats

    def line(self) -> str:
        """How many are priced below their risk, in a line."""
        below = (self.fair > self.charged) | np.isnan(self.fair)
        if not below.any():
            return f"All {len(below):,} approved are charged at least the rate that covers their risk."
        short = float(np.median((self.fair - self.charged)[below & np.isfinite(self.fair)]) * 100)
        return (
            f"{int(below.sum()):,} of {len(below):,} approved are charged less than the rate that covers "
            f"their risk; they fall short by {short:.1f} points in the middle."
        )


@dataclass(frozen=True)
class Desk:
    """A bank with a run whose subjects are applications, and the bank's terms."""

    bank: BankFolder
    run: Run
    terms: TermsBook
    question: str | None = None

    @cached_property
    def log(self) -> Log:
        """The bank's decisions."""
        return Log(self.bank.folder / FOLDER)

    def tested(self, *policies: Policy) -> Applicants:
        """Those of the test, with the fields the policies look at."""
        names = people.fields_of(*policies)
        return people.with_outcome(self.run, self.bank.warehouse, names, question=self.question)

    def scored(self, *policies: Policy) -> Applicants:
        """Those scored now."""
        names = people.fields_of(*policies)
        return people.scored(self.run, self.bank.warehouse, names, question=self.question)

    def decide(self, policy: Policy) -> tuple[int, Any, Applicants]:
        """Decides on all scored now and keeps the decisions; the first one's id, the answers, the
        applicants.
        """
        found = self.scored(policy)
        table = found.table.drop_columns(["today"])
        first, answers = self.log.append(Decider(policy), table, run_id=self.run.run_id)
        return first, answers, found

    def money(self, found: Applicants, decided: Any = None) -> tuple[Floats, Floats]:
        """Minor units each credit earns or costs at the price and within the limit decided."""
        amount, rate = found.number("app_amount"), np.full(len(found), np.nan)
        if decided is not None:
            rate, most = _number(decided, "rate"), _number(decided, "limit_high")
            amount = np.where(np.isfinite(most), np.minimum(amount, most), amount)
        return good_and_bad(amount, found.number("app_term_months"), rate, self.terms_of(found))

    def terms_of(self, found: Applicants) -> Terms:
        """The terms of each credit asked for: the bank's, by product, at the price list's rates."""
        return self.terms.of(found.products, found.number("list_rate"), found.number("transfer_rate"))

    def priced(self, policy: Policy, found: Applicants) -> Priced:
        """The prices of those the policy approves beside the rates that cover their risk."""
        decided = Decider(policy).decide_all(found.table)
        chosen = np.flatnonzero(_approved(decided))
        approved, decided = Applicants(found.table.take(chosen), found.part), decided.take(chosen)
        terms, rate = self.terms_of(approved), _number(decided, "rate")
        fair = price_for_risk(
            approved.number("probability"),
            approved.number("app_term_months"),
            approved.number("app_amount"),
            terms,
        )
        return Priced(np.where(np.isfinite(rate), rate, terms.rate), fair)

    def cut_off(self) -> CutOff:
        """The cut-off by profit over the test."""
        found = self.tested()
        good, bad = self.money(found)
        return best_cut_off(
            found.number("probability"), found.number("came_true"), good, bad, found.customers
        )

    def simulate(
        self, challenger: Policy, champion: Policy | None, found: Applicants,
        inferred: Mapping[str, Floats] | None = None,
    ) -> Simulation:  # fmt: skip
        """Challenger against champion (None: what the bank decided) on some applicants.

        Outcomes are those of the test; nobody's outcome is known of those scored now, so there the run's own
        chances stand for it, and beside them those `inferred` for the refused, by method.
        """
        theirs = None if champion is None else Decider(champion).decide_all(found.table)
        ours = Decider(challenger).decide_all(found.table)
        good, bad = self.money(found, ours)
        known = found.part == people.TESTED
        outcome = found.number("came_true") if known else np.full(len(found), np.nan)
        own = found.number("probability")
        chances = {name: np.where(found.granted, own, one) for name, one in (inferred or {}).items()}
        applied = Applied(
            customers=found.customers, bad=outcome, good_minor=good, bad_minor=bad,
            inferred={} if known else {"the run's own chances": own, **chances},
        )  # fmt: skip
        names = (TODAY if champion is None else champion.name, challenger.name)
        return simulate(
            applied, found.granted if theirs is None else _approved(theirs), _approved(ours),
            names=names if names[0] != names[1] else (f"{names[0]} (champion)", names[1]),
            champion_money=self.money(found, theirs),
        )  # fmt: skip

    def limits(
        self, policy: Policy, *, loss_budget: float, capital_budget: float
    ) -> tuple[Limits, Applicants]:
        """Limits for those the policy approves now, within its bands and the budgets (minor units a year).

        A limit is split in four equal tranches; the chance of going bad rises by a tenth from each to the
        next. Whoever has no chance or amount is left out, and the plan says how many.
        """
        found = self.scored(policy)
        decided = Decider(policy).decide_all(found.table)
        chosen = np.flatnonzero(_approved(decided))
        if not len(chosen):
            raise FeasibilityError(
                "the policy approves nobody scored now", hint="Look at `bankmine policy check`."
            )
        known = np.isfinite(found.number("probability")) & (found.number("app_amount") >= 0)
        unknown, chosen = int((~known[chosen]).sum()), chosen[known[chosen]]
        approved, decided = Applicants(found.table.take(chosen), found.part), decided.take(chosen)
        asked, most = approved.number("app_amount"), _number(decided, "limit_high")
        most = np.where(np.isfinite(most), np.minimum(asked, most), asked)
        margin, loss, capital = _tranches(
            approved.number("probability"), _number(decided, "rate"), self.terms_of(approved)
        )
        tranche = np.repeat(most[:, None] / TRANCHES, TRANCHES, axis=1)
        plan = assign_in_bands(
            margin, loss, capital, tranche, np.nan_to_num(_number(decided, "limit_low")),
            loss_budget=loss_budget, capital_budget=capital_budget,
        )  # fmt: skip
        return replace(plan, unknown=unknown), approved

    def explain(self, policy: Policy, application: int) -> tuple[Counterfactual, str]:
        """What would approve an application, and how its score was treated."""
        found = self.scored(policy)
        place = found.place_of(application)
        again = rescorer(self.run, self.bank.warehouse, found, place, question=self.question)
        row = {name: found.table.column(name)[place].as_py() for name in found.table.column_names}
        return explain(Decider(policy), row, derive=again), again.sentence


def open_desk(
    bank: BankFolder, *, task: str = TASK, question: str | None = None, terms: TermsBook | None = None,
    run_folder: Path | None = None,
) -> Desk:  # fmt: skip
    """The desk of a bank's published run of `task`, or of the run in `run_folder`."""
    if run_folder is not None:
        run = load_run(run_folder)
    else:
        found = current(bank.results_folder).get(task)
        if found is None:
            raise UsageError(
                f"{task} has no published run", hint=f"Run `bankmine run {bank.folder} --task {task}` first."
            )
        run = found
    people.question_of(run, question)
    return Desk(bank, run, terms or TermsBook(), question)


def _tranches(chance: Floats, rate: Floats, terms: Terms) -> tuple[Floats, Floats, Floats]:
    """Margin, loss and capital a year of each unit of each tranche, shape (applicants, tranches)."""
    spread = np.where(np.isfinite(rate), rate, terms.rate) - terms.funding - terms.carrying
    rising = np.minimum(chance[:, None] * 1.1 ** np.arange(TRANCHES), 1.0)
    lost, held = (
        np.broadcast_to(np.asarray(one), chance.shape)[:, None]
        for one in (terms.loss_given_default, terms.capital)
    )
    loss = rising * lost
    return (1 - rising) * spread[:, None] - loss, loss, np.broadcast_to(held, loss.shape)


def counted(answers: Any) -> Iterator[tuple[str, int, float]]:
    """Outcomes with their counts and shares."""
    outcomes = answers.column("outcome").to_pylist()
    for name in dict.fromkeys(sorted(outcomes)):
        count = outcomes.count(name)
        yield name, count, count / len(outcomes)


def _approved(decided: Any) -> Any:
    return np.array([one == APPROVE for one in decided.column("outcome").to_pylist()], dtype=np.bool_)


def _number(decided: Any, name: str) -> Floats:
    import pyarrow as pa
    import pyarrow.compute as pc

    return np.asarray(
        pc.fill_null(decided.column(name).cast(pa.float64()), float("nan")).to_numpy(), np.float64
    )

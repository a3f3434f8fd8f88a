"""A policy tried out on a bank's applicants, whole: both groups, the inference's verdict, prices, the
cut-off; a page.

What `bankmine policy simulate` prints and writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bankmine.decisions.credit_policy.checking import Check, check
from bankmine.decisions.credit_policy.cutoffs import CutOff
from bankmine.decisions.credit_policy.deciding import Decider
from bankmine.decisions.credit_policy.desk import Desk, Priced
from bankmine.decisions.credit_policy.inference.of_bank import inferred_of
from bankmine.decisions.credit_policy.policy import Policy
from bankmine.decisions.credit_policy.strategy import Range, Simulation
from bankmine.errors import FeasibilityError
from bankmine.report.content import (
    Chart,
    Column,
    HowComputed,
    Kind,
    Page,
    Report,
    Reproducibility,
    Section,
    Statement,
    Table,
    Tone,
)  # fmt: skip
from bankmine.report.parts import Series
from bankmine.report.pictures import Lines
from bankmine.tasks.contract import exponent_of

if TYPE_CHECKING:
    from bankmine.report.content import Block

TESTED = "all granted: their outcome is known"
SCORED = "refused ones too: no outcome is known yet"


@dataclass(frozen=True)
class Trial:
    """`groups` are the simulations with how many applicants and what is known of them.

    `said` is the verdict on reject inference, or why it was not tested; `cut_off` None where it could not be
    found, `no_cut_off` then says why.
    """

    desk: Desk
    policy: Policy
    checked: Check
    groups: tuple[tuple[str, Simulation], ...]
    said: str
    priced: Priced
    cut_off: CutOff | None
    no_cut_off: str = ""

    @property
    def currency(self) -> str:
        """The bank's currency."""
        return self.desk.bank.warehouse.currency

    def lines(self) -> Iterator[str]:
        """The trial in lines for people."""
        exponent = exponent_of(self.currency)
        for words, simulation in self.groups:
            yield f"On {words}."
            yield from simulation.lines(exponent, self.currency)
            if simulation is self.groups[-1][1]:
                yield self.said
            yield ""
        yield self.priced.line()
        if self.cut_off is None:
            yield f"No cut-off by profit: {self.no_cut_off}"
        else:
            yield from self.cut_off.lines()

    def report(self) -> Report:
        """The trial as a page of its own."""
        run = self.desk.run
        at = date.fromisoformat(run.cutoff[:10])
        page = Page(
            slug="credit-policy", title=f"Policy on trial: {self.policy.name}", nav_title="Credit policy",
            as_of=at,
            sentence=f"What version {self.policy.version} of the policy would change for the applicants of "
            f"the run of {run.task} at {run.cutoff[:10]}.",
            statements=self._statements(),
            sections=[*(self._group(*one) for one in self.groups), self._rows(), *self._frontier()],
            how_computed=HowComputed(
                goal="To see what a credit policy would change before it decides anybody.",
                population="Applications of the run's test, and all applications it scored.",
                method="Both policies on the same applicants; intervals resample customers.",
                run_id=run.run_id,
            ),
        )  # fmt: skip
        facts = [("run", run.run_id), ("policy", self.policy.version)]
        return Report(
            bank=self.desk.bank.config.name, as_of=at, pages=[page],
            reproducibility=Reproducibility(command="bankmine policy simulate BANK POLICY", facts=facts),
        )  # fmt: skip

    def write(self, folder: Path) -> Path:
        """Writes the page into a folder; the path of its first page."""
        from bankmine.report import build_report

        return build_report(self.report(), folder)

    def _statements(self) -> list[Statement]:
        tone = {True: Tone.GOOD, False: Tone.NEUTRAL}  # good only where outcomes were seen
        found = [
            Statement(
                f"On {words}: {one.verdict}",
                tone=tone[one.gain_minor.low > 0 and any(group.known for group in one.swap)],
            )
            for words, one in self.groups
        ]
        return [*found, Statement(self.priced.line()), Statement(self.said)]

    def _group(self, words: str, simulation: Simulation) -> Section:
        money = Column(label="Profit", kind=Kind.MONEY, unit=self.currency)
        share = [Column(label=one, kind=Kind.SHARE, digits=1) for one in ("Bad rate", "from", "to")]
        amounts = [money, Column(label="from ", kind=Kind.MONEY, unit=self.currency),
                   Column(label="to ", kind=Kind.MONEY, unit=self.currency)]  # fmt: skip
        books = [
            [one.name, one.approved.value, *_ends(one.group.bad_rate), *_minor(one.group.profit_minor)]
            for one in (simulation.champion, simulation.challenger)
        ]
        swap = [
            [one.name, one.applicants, one.known, one.bads, *_ends(one.bad_rate), *_minor(one.profit_minor)]
            for one in simulation.swap
        ]
        counts = [Column(label=one, kind=Kind.NUMBER) for one in ("Applicants", "Outcome known", "Bad")]
        approved = Column(label="Approved", kind=Kind.SHARE, digits=1)
        blocks: list[Block] = [
            Table(columns=[Column(label="Policy"), approved, *share, *amounts], rows=books, name="books"),
            Table(columns=[Column(label="Swap set"), *counts, *share, *amounts], rows=swap, name="swap set"),
        ]
        return Section(
            title=words, blocks=blocks, sentence=f"Challenger against champion: {simulation.verdict}"
        )

    def _rows(self) -> Section:
        answers = {one.row or one.reason: one for one in self.checked.decider.answers}
        whole = max(self.checked.applicants, 1)
        rows = [
            [name, answers[name].outcome, answers[name].reason, count, count / whole]
            for name, count in self.checked.counts.items() if count or answers[name].row
        ]  # fmt: skip
        columns = [Column(label=one) for one in ("Row", "Outcome", "Reason")]
        columns += [
            Column(label="Applicants", kind=Kind.NUMBER),
            Column(label="Share", kind=Kind.SHARE, digits=1),
        ]
        good = "The policy is whole" if self.checked.good else f"{len(self.checked.faults)} faults were found"
        return Section(
            title="The rows of the table", blocks=[Table(columns=columns, rows=rows, name="rows")],
            sentence=f"{good}; how many of those scored last each row decides.",
        )  # fmt: skip

    def _frontier(self) -> list[Section]:
        if self.cut_off is None:
            return []
        points = self.cut_off.frontier
        approved = [one.approved for one in points]
        x = Column(label="Approved", kind=Kind.SHARE, digits=1)
        charts: list[Any] = [
            Chart(
                title=title, name=name,
                subtitle="Each cut-off on the score over the applications of the test",
                picture=Lines(x=x, y=y, at=approved, series=[Series(name=y.label, values=values)]),
            )
            for title, name, y, values in (
                ("Profit by share approved", "profit-frontier",
                 Column(label="Profit", kind=Kind.MONEY, unit=self.currency),
                 [round(p.profit_minor) for p in points]),
                ("Bad rate by share approved", "bad-rate-frontier",
                 Column(label="Bad rate", kind=Kind.SHARE, digits=1), [p.bad_rate for p in points]),
            )
        ]  # fmt: skip
        return [Section(title="Cut-off by profit", blocks=charts, sentence=" ".join(self.cut_off.lines()))]


def trial_of(desk: Desk, challenger: Policy, champion: Policy | None, recorded: str | None) -> Trial:
    """Tries the challenger out against a champion, or against what the bank decided."""
    policies = [one for one in (challenger, champion) if one is not None]
    tested, scored = desk.tested(*policies), desk.scored(*policies)
    try:
        answer, chances = inferred_of(desk, scored, recorded)
        inferred, said = {} if chances is None else {answer.use: chances}, answer.verdict
    except FeasibilityError as error:
        inferred, said = {}, f"Reject inference was not tested: {error}"
    cut_off, why = None, ""
    try:
        cut_off = desk.cut_off()
    except FeasibilityError as error:
        why = str(error)
    return Trial(
        desk, challenger, check(Decider(challenger), scored.table),
        (
            (f"{len(tested):,} applications of the test, {TESTED}",
             desk.simulate(challenger, champion, tested)),
            (f"{len(scored):,} applications scored last, {SCORED}",
             desk.simulate(challenger, champion, scored, inferred)),
        ),
        said, desk.priced(challenger, scored), cut_off, why,
    )  # fmt: skip


def _ends(one: Range) -> list[float]:
    return [one.value, one.low, one.high]


def _minor(one: Range) -> list[int]:
    return [round(one.value), round(one.low), round(one.high)]

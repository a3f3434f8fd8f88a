"""Application fraud: false applications ranked for investigators, what each kind of evidence adds, rings
that grow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

from bankmine.bank.civil import DAY
from bankmine.bank.keys import show_key
from bankmine.errors import ConfigurationError
from bankmine.tasks.application_fraud.delays import MOST_COME, delays_at
from bankmine.tasks.application_fraud.evidence import GROUPS, columns_of, left_out, tables_lacking
from bankmine.tasks.application_fraud.growth import PERIODS
from bankmine.tasks.application_fraud.question import ACTIONS, SETTINGS, FalseApplication
from bankmine.tasks.application_fraud.rings import SEEN_DAYS, Ring, ring_picture, ring_table, rings
from bankmine.tasks.combination import worth
from bankmine.tasks.contract import Bank, Feasibility, Goal, Shown
from bankmine.tasks.sql import micros
from bankmine.tasks.study import Answer, Asked, Kept, Shape, Study, Work

PICTURES = 3
RING_DAYS = 365
LATE = 1.0 - MOST_COME + 1e-9  # share of verdicts later than waited for, above which the task warns


class ApplicationFraud(Study):
    """Subject: an application for credit."""

    name = "application_fraud"
    title = "Application fraud"
    sentence = "Which applications for credit are false, and which rings are growing"
    horizon_words = FalseApplication.horizon_words
    needs = FalseApplication.needs
    settings = SETTINGS
    whole_numbers = ("delay_days",)
    goal = Goal(
        question=FalseApplication.goal.question, success=FalseApplication.goal.success,
        owner=FalseApplication.goal.owner, use=FalseApplication.goal.use, plan=FalseApplication.goal.plan,
        feasibility=Feasibility(subjects=1, positives=10, negatives=100), adverse=True,
    )  # fmt: skip

    def check_settings(self, given: Mapping[str, Any]) -> None:
        """Amounts are positive and finite, the loss is a share."""
        super().check_settings(given)
        for name, most in (("cases_a_day", None), ("check_cost", None), ("loss_given_fraud", 1.0)):
            value = given.get(name, 1.0)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not isfinite(value) or value <= 0 or (most is not None and value > most):
                raise ConfigurationError(
                    f"tasks.application_fraud.{name} is {value!r}",
                    hint=f"Give a number above 0{'' if most is None else ' and up to 1'}.",
                )

    def study(self, work: Work) -> Answer:
        """Asks the question, weighs the groups of evidence, looks for rings."""
        bank, question = work.bank, FalseApplication()
        asked = work.ask(question)
        names = question.features(bank)
        work.stage("rings")
        since = max(asked.plan.final_from or 0, bank.cutoff - RING_DAYS * DAY)
        found = rings(
            bank.warehouse,
            since,
            bank.cutoff,
            _applications(bank, question, asked, since - SEEN_DAYS * DAY),
            memory=bank.memory,
            threads=bank.threads,
        )
        parts = [one.name for one in question.parts(names)]
        delays = _delays(bank, question)
        figures = {
            "list": dict(asked.figures["task"]),
            "worth": [asdict(one) for one in worth(asked.tested, parts, seed=bank.seed)]
            if len(parts) > 1
            else [],
            "evidence": {group: len(columns_of(names, group)) for group in GROUPS},
            "left_out": [*left_out(names), *tables_lacking(bank.warehouse, names)],
            "rings": _ring_figures(found),
            "delays": delays,
            "drawings": [_drawn(bank, one) for one in found[:PICTURES]],
        }
        return Answer(
            blocks=[asked.block()], figures=figures, use=asked.use,
            verdict=f"{asked.verdict}{_too_early(delays)}", actions=ACTIONS,
            counts=asked.decision.summary["by_grade"], tables={"rings": _kept(found, bank)},
        )  # fmt: skip

    def show(self, about: Mapping[str, Any]) -> Shown:
        """The page's own part."""
        from bankmine.tasks.application_fraud.page import show

        return show(about)

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """How well it ranks, what the list finds and saves, what each evidence adds, rings."""
        from bankmine.tasks.application_fraud.page import key_statements

        return key_statements(figures, bank.warehouse.currency)


def _applications(bank: Bank, question: FalseApplication, asked: Asked, since: int) -> Any:
    """All applications of the rings' period with the verdicts known at the cutoff; the chance of those tested
    or scored, NaN for the others."""
    import pyarrow as pa

    rows = question.applications(bank, [(since, bank.cutoff)])
    confirmed, _ = question.label(bank, rows)
    chances = asked.tested.probability[asked.use], asked.probability
    of = {
        key: chance
        for part, values in zip((asked.tested.rows, asked.rows), chances, strict=True)
        for key, chance in zip(part.column("subject_id").to_pylist(), values.tolist(), strict=True)
    }
    return pa.table(
        {
            "customer_id": rows.column("customer_id"),
            "value_minor": rows.column("value_minor"),
            "cutoff": micros(rows.column("cutoff")),
            "confirmed": confirmed,
            "chance": [of.get(key, float("nan")) for key in rows.column("subject_id").to_pylist()],
        }
    )


def _delays(bank: Bank, question: FalseApplication) -> dict[str, Any]:
    """How long verdicts take, beside the days after which the task takes an application for honest."""
    known, days = delays_at(bank, bank.cutoff), question.wait(bank, bank.cutoff)
    return {
        "verdicts": known.verdicts, "assumed": days, "set": "delay_days" in bank.settings,
        "measured": known.measured, "later": known.later_than(days),
        "median": known.within(0.5) if known.verdicts else None,
        "most": known.within(MOST_COME) if known.verdicts else None,
    }  # fmt: skip


def _too_early(delays: Mapping[str, Any]) -> str:
    """A warning where verdicts come later than the task waits for them, as it was told to."""
    if not delays["measured"] or delays["later"] <= LATE:
        return ""
    return (
        f" Of the verdicts {delays['later']:.0%} come later than the {delays['assumed']} days set as "
        f"delay_days (half within {delays['median']:,}, nine of ten within {delays['most']:,}): younger "
        "false applications count as honest in training and test."
    )


def _ring_figures(found: list[Ring]) -> dict[str, Any]:
    return {
        "count": len(found),
        "customers": sum(len(one.members) for one in found),
        "amount_minor": sum(one.amount_minor for one in found),
        "confirmed": sum(one.confirmed > 0 for one in found),
        "grow": sum(one.growth.grows for one in found),
        "members_30": sum(one.growth.members(PERIODS[0]) for one in found),
        "members_90": sum(one.growth.members(PERIODS[1]) for one in found),
    }


def _drawn(bank: Bank, one: Ring) -> dict[str, Any]:
    """What the page says of a ring and draws of it."""
    weeks, joined = one.growth.curve()
    return {
        "svg": ring_picture(bank.warehouse, one, memory=bank.memory, threads=bank.threads),
        "customers": len(one.members), "households": one.households, "applications": one.applications,
        "days": one.days, "amount_minor": one.amount_minor, "shared": ", ".join(one.shared),
        "confirmed": one.confirmed, "members": [show_key(member) for member in one.members],
        "newcomers": [show_key(member) for member in one.growth.newcomers],
        "joined": {str(days): one.growth.members(days) for days in PERIODS},
        "linked": {str(days): one.growth.links(days) for days in PERIODS},
        "weeks": [bank.warehouse.zone.show(at) for at in weeks], "curve": joined,
    }  # fmt: skip


def _kept(found: list[Ring], bank: Bank) -> Kept:
    return Kept(
        table=ring_table(found, bank.warehouse.zone), title="Rings",
        sentence="Customers of several households who gave the same phone, device or address within 60 "
        "days; those that grow first, then the riskiest by their scores. Joined and new links are those of "
        "the days before the run's cutoff.",
        columns={
            "ring": Shape("Ring", "number", 0), "grows": Shape("Grows"),
            "customers": Shape("Customers", "number", 0),
            "households": Shape("Households", "number", 0),
            "members_30": Shape("Joined in 30 days", "number", 0),
            "members_90": Shape("Joined in 90 days", "number", 0), "shared": Shape("Shared"),
            "first": Shape("First application", "day"), "last": Shape("Last", "day"),
            "applications": Shape("Applications", "number", 0), "amount_minor": Shape("Asked for", "money"),
            "chance": Shape("Mean chance", "share"), "confirmed": Shape("Confirmed false", "number", 0),
            "links_30": Shape("New links in 30 days", "number", 0),
            "links_90": Shape("New links in 90 days", "number", 0),
            "members": Shape("Members"), "newcomers": Shape("Joined since it was largest"),
        },
    )  # fmt: skip


TASK = ApplicationFraud()

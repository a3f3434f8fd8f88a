"""Early warning: a register of borrowers whose risk is building up: why, how bad, how likely, at what cost.

The study looks at all borrowers on every monthly cutoff, measures declared signals against own past, peers
and whoever they are connected with, learns the chance of default from the earlier half of the looks, and
judges the register on the later half: how long before default it shows the borrower, how many hits a day of
work brings, which signals are worth watching, how steady it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from bankmine.errors import ConfigurationError, FeasibilityError
from bankmine.tasks.contract import Bank, Decision, Feasibility, Goal, Needs, Shown
from bankmine.tasks.early_warning.control import ANY, Terms, terms_of
from bankmine.tasks.early_warning.evidence import evidence_of
from bankmine.tasks.early_warning.figures import behaviour_beside, case_of, judged
from bankmine.tasks.early_warning.judge import tested, why_gone
from bankmine.tasks.early_warning.likelihood import levelled
from bankmine.tasks.early_warning.measures import catalogue
from bankmine.tasks.early_warning.panel import Panel, panel_of
from bankmine.tasks.early_warning.reasons import reason_lists
from bankmine.tasks.early_warning.register import (
    GRADES,
    Entries,
    entries_of,
    grades,
    loans_table,
    register_table,
    shown,
    shown_loans,
)
from bankmine.tasks.early_warning.watch import Watch, watch
from bankmine.tasks.population import coverage, customer_rows, months_back
from bankmine.tasks.study import Answer, Block, Kept, Shape, Study, Work

FOLDER = Path(__file__).parent
LEAST_LOOKS = 20
FIRST_MONTH_DAYS = 28


class EarlyWarning(Study):
    """Subject: a customer who owes something and has no credit in default."""

    name = "early_warning"
    title = "Early warning"
    sentence = "Whose risk is building up: why, how bad, how likely, what to do at what cost"
    horizon_words = "12 months"
    learns_beside = (
        "The chance of default is learnt by the study itself, and too few defaults were left to test it so."
    )
    may_be_thinned = False  # neighbours, colleagues and peers are all customers
    needs = Needs(
        tables=("loan_event",),
        usable=("balance", "bureau_event", "collateral", "company", "credit_application", "customer", "loan",
                "party_link", "region", "transaction"),
        customer_kind="any",
    )  # fmt: skip
    settings = MappingProxyType(
        {
            "register_share": "share of all borrowers that the register holds, 0.1 by default",
            "behaviour_score": "whether the behaviour score's question is asked too and held beside the "
            "register's chances; true by default, but for the quick budget",
            "loss_share": "of what collateral does not cover, the share lost at default, 0.65 by default",
            "least_loss": "least share of what is owed that is lost at default, 0.05 by default",
            "home_value": "share of a home's value that it brings, 0.7 by default",
            "goods_value": "the same of other collateral, 0.4 by default",
            "drawn_at_default": "share of what is undrawn of a line that is drawn before default, 0.5 by "
            "default",
            "hour_cost": "cost of an analyst's hour in major units, 55 by default",
            "hours_a_day": "hours an analyst works on cases a day, 6 by default",
            "analysts": "how many analysts work the register, 1 by default",
            "hours_a_case": "hours to open, read and close a case, besides the action's, 0.5 by default",
            "choice": "cheapest (the default): the cheapest action that saves more than it costs; best: the "
            "one that saves most beyond its cost",
            "actions": "figures of your own for the actions: actions.call = {hours = 0.5, outlay = 2, "
            "saves = 0.06}; most_late: the days past due up to which it makes sense",
        }
    )
    goal = Goal(
        question="Which borrowers will default though they still pay, why, and what is worth doing about it?",
        success="Expected loss avoided less the cost of the actions, for each hour of an analyst.",
        owner="Head of credit risk",
        use="A register worked in order of expected saving per hour; each entry has an owner and an action.",
        plan="Signals on monthly looks; the chance learnt on the earlier half of them; lead time, hits and "
        "each signal's lift measured on the later half.",
        feasibility=Feasibility(subjects=100, positives=20, negatives=100),
        adverse=True,
    )

    def check_settings(self, given: Mapping[str, Any]) -> None:
        """ConfigurationError for a setting the task does not have, or one that cannot be meant."""
        super().check_settings(given)
        terms_of(given)
        value = given.get("behaviour_score", True)
        if not isinstance(value, bool):
            raise ConfigurationError(
                f"tasks.early_warning.behaviour_score is {value!r}", hint="Give true or false."
            )

    def catalogue(self, bank: Bank) -> Any:
        """The monthly measures of the study."""
        return catalogue()

    def study(self, work: Work) -> Answer:
        """Looks, learns, judges, writes the register. FeasibilityError with the numbers where it cannot."""
        bank, terms = work.bank, terms_of(work.bank.settings)
        work.stage("signals")
        panel = panel_of(bank, looks_of(bank, self.needs), work.matrix, terms.losses)
        _refuse_few(self.goal.feasibility.subjects, panel)
        watched = watch(bank, panel)
        work.stage("likelihood")
        middle, last = len(panel.cutoffs) // 2, len(panel.cutoffs) - 1
        then = levelled(watched, middle, seed=bank.seed)
        test = tested(watched, then, first_look=middle, share=terms.register_share)
        work.stage("lead time")
        figures = judged(bank, watched, then, test, terms)
        now = levelled(watched, last, seed=bank.seed)
        work.stage("register")
        entries = entries_of(watched, now, last, terms, bank.warehouse.currency)
        figures |= _summary(entries, panel, terms) | {"level_now": now.level}
        if _asks_behaviour(bank):
            figures["behaviour"] = behaviour_beside(work, test)
        evidence, said = evidence_of(test, then, now)
        figures |= said
        figures["case"] = case_of(watched, test, bank.warehouse.zone)
        self._feature_tests(work, entries)
        self._label_tests(work, watched, middle)
        return replace(self._answer(bank, entries, test, figures, terms), evidence=evidence)

    def show(self, about: Mapping[str, Any]) -> Shown:
        """The page's own part."""
        from bankmine.tasks.early_warning.page import show

        return show(about)

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """The register, its lead time, its hits, the signals."""
        from bankmine.tasks.early_warning.words import key_statements

        return key_statements(figures, bank.warehouse.currency)

    def _feature_tests(self, work: Work, entries: Entries) -> None:
        """Truncation and future poison of the measures, on the borrowers of the last look."""
        from bankmine.tasks.early_warning.measures import available

        rows = _rows(entries)
        names = available(work.bank.warehouse, work.bank.cutoff)
        if names and rows.num_rows:
            work.feature_tests(rows.slice(0, 200), names, catalogue=catalogue())

    def _label_tests(self, work: Work, watched: Watch, middle: int) -> None:
        """Shuffled labels and a planted leak, where enough defaults are left to tell."""
        from bankmine.tasks.early_warning.shuffled import PLANTED, SHUFFLED, planted, shuffled

        seed = work.bank.seed
        with suppress(FeasibilityError):
            work.passed(SHUFFLED, shuffled(watched, middle, rounds=work.bank.budget.rounds, seed=seed))
        with suppress(FeasibilityError):
            work.passed(PLANTED, planted(watched, middle, seed=seed))

    def _answer(
        self, bank: Bank, entries: Entries, test: Any, figures: dict[str, Any], terms: Terms
    ) -> Answer:
        from bankmine.tasks.early_warning.words import verdict_of

        watched, last, zone = entries.watched, entries.look, bank.warehouse.zone
        before = test.listed[:, last - 1]
        table = register_table(entries, terms, zone, stayed=before[entries.places])
        gone = np.setdiff1d(np.flatnonzero(before), entries.places)
        grade = np.full(len(entries.who), "clear", dtype=object)
        grade[entries.listed] = grades(entries)
        order = np.full(len(entries.who), float(len(entries.who)))
        order[entries.listed] = np.arange(len(entries.listed))
        value = np.round(entries.chance[:, -1] * watched.panel.measures["lost"][entries.who, last])
        decision = Decision(
            value=value, unit="minor units", grade=grade.tolist(), order=order, actions=GRADES,
            summary={"customers_by_grade": {one: int((grade == one).sum()) for one in GRADES}},
        )  # fmt: skip
        block = Block(
            rows=_rows(entries), decision=decision, probability=entries.chance[:, -1],
            reasons=reason_lists(entries),
        )  # fmt: skip
        return Answer(
            blocks=[block], verdict=verdict_of(figures), figures=figures, actions=GRADES,
            use="study" if figures["works"] else "days past due alone",
            counts=decision.summary["customers_by_grade"],
            tables={
                "register": Kept(table=table, title="The register", columns=shown(), shown=25,
                                 sentence=REGISTER_SENTENCE),
                "credits": Kept(table=loans_table(entries, terms), title="Credits of the register",
                                columns=shown_loans(), shown=15,
                                sentence="In the order of the register; the loss by the terms stated."),
                "gone": Kept(table=_gone_table(watched, gone, last), title="No longer on the register",
                             columns={"customer_id": Shape("Customer", "key"), "why": Shape("Why")}, shown=15,
                             sentence="Entries of the look a month before."),
            },
        )  # fmt: skip


REGISTER_SENTENCE = (
    "In the order of work: expected saving less cost, for each hour. Cause: signals that are on, strongest "
    "first, each since the month its unbroken run began."
)


def looks_of(bank: Bank, needs: Needs) -> list[int]:
    """Monthly cutoffs back from the run's to a month after the first event; FeasibilityError for too few."""
    zone = bank.warehouse.zone
    start, _ = coverage(bank.warehouse, needs)
    found = months_back(bank, from_month=0, earliest=zone.days_before(start, -FIRST_MONTH_DAYS))
    if len(found) < LEAST_LOOKS:
        raise FeasibilityError(
            f"early warning found {len(found)} monthly looks between {zone.show(start)} and "
            f"{zone.show(bank.cutoff)}",
            hint=f"It needs at least {LEAST_LOOKS}: half to learn from, half to test. Load a longer period.",
        )
    return found


def _refuse_few(least: int, panel: Panel) -> None:
    now = int(panel.at_risk[:, -1].sum()) if panel.shape[0] else 0
    if now < least:
        raise FeasibilityError(
            f"early warning found {now} customers who owe something and are not in default",
            hint=f"It needs at least {least}. Load the loans of more customers.",
        )


def _asks_behaviour(bank: Bank) -> bool:
    wanted = bank.settings.get("behaviour_score")
    able = all(bank.warehouse.has(one) for one in ("loan", "customer"))
    return able and (bank.budget.settings != 1 if wanted is None else bool(wanted))


def _summary(entries: Entries, panel: Panel, terms: Terms) -> dict[str, Any]:
    """The register in figures."""
    acted = entries.choice.action >= 0
    everybody = entries.chance[:, -1] * entries.watched.panel.measures["lost"][entries.who, entries.look]
    return {
        "borrowers": len(entries.who), "entries": len(entries.listed), "acted": int(acted.sum()),
        "register_share": terms.register_share, "day_hours": terms.day_hours,
        "today": int((entries.day == 1).sum()),
        "expected_minor": float(entries.expected_loss.sum()), "expected_all_minor": float(everybody.sum()),
        "saving_minor": float(entries.choice.saving[acted].sum()),
        "cost_minor": float(entries.choice.cost[acted].sum()),
        "hours": float(entries.choice.hours[acted].sum()), "missing": list(panel.missing),
        "actions": [
            {
                "name": one.name, "words": one.words, "hours": one.hours, "outlay": one.outlay,
                "saves": one.saves, "of": "undrawn lines" if one.of_undrawn else "expected loss",
                "answers": "any cause" if one.answers == ANY else ", ".join(one.answers),
                "most_late": one.most_late if isfinite(one.most_late) else None,
                "entries": int((entries.choice.action == number).sum()),
            }
            for number, one in enumerate(terms.actions)
        ],
    }  # fmt: skip


def _rows(entries: Entries) -> Any:
    """The borrowers of the last look; value: what they owe."""
    import pyarrow as pa

    panel = entries.watched.panel
    owed = panel.measures["exposure"][entries.who, entries.look].astype(np.int64)
    who = pa.table({"customer_id": panel.customers[entries.who], "value_minor": owed})
    return customer_rows(who, int(panel.cutoffs[entries.look]))


def _gone_table(watched: Any, gone: Any, look: int) -> Any:
    import pyarrow as pa

    return pa.table(
        {
            "customer_id": pa.array(watched.panel.customers[gone].tolist(), pa.int64()),
            "why": pa.array(why_gone(watched, gone, look), pa.string()),
        }
    )


TASK = EarlyWarning()

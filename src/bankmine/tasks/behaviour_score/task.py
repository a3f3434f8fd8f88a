"""Behaviour score: which running loans and overdrafts go bad, scored monthly and after each action.

A study of two questions (loan default within a year, malignant overdraft within half a year) and what a bank
watches beside them: vintage curves, roll rates, and the schedules that cannot be believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from bankmine.errors import ConfigurationError
from bankmine.tasks.behaviour_score import roll, vintage
from bankmine.tasks.behaviour_score.actions import after_actions
from bankmine.tasks.behaviour_score.grades import ACTIONS, LOSS_SHARE, loss_share
from bankmine.tasks.behaviour_score.listing import by_loss, contradictory, today
from bankmine.tasks.behaviour_score.overdraft import OverdraftTurns
from bankmine.tasks.behaviour_score.question import KINDS, LoanDefaults
from bankmine.tasks.behaviour_score.schedules import first_seen, schedules_of
from bankmine.tasks.contract import Bank, Shown
from bankmine.tasks.study import Answer, Asked, Block, Kept, Refused, Study, Work


class BehaviourScore(Study):
    """Subject: a loan, line or overdraft that runs at the cutoff and is not in default."""

    name = "behaviour_score"
    title = "Behaviour score"
    sentence = "Which running loans and overdrafts will go bad, monthly and after each action"
    horizon_words = LoanDefaults.horizon_words
    needs = replace(
        LoanDefaults.needs, usable=("account", *LoanDefaults.needs.usable, "customer_flag", "product")
    )
    settings = MappingProxyType(
        {
            "loss_share": "share of what is owed that a default costs, 0.45 by default (stated, not "
            "measured)",
            "customer_kind": "person, company or any (the default)",
        }
    )
    goal = LoanDefaults.goal

    def check_settings(self, given: Mapping[str, Any]) -> None:
        """The loss share is a share, the kind of customer a known one."""
        super().check_settings(given)
        share = given.get("loss_share", LOSS_SHARE)
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            raise ConfigurationError(
                f"tasks.{self.name}.loss_share is {share!r}",
                hint="Give a share above 0 and up to 1, such as 0.45.",
            )
        kind = given.get("customer_kind", "any")
        if kind not in KINDS:
            raise ConfigurationError(
                f"tasks.{self.name}.customer_kind is {kind!r}", hint=f"Give one of {', '.join(KINDS)}."
            )

    def study(self, work: Work) -> Answer:
        """Asks both questions. FeasibilityError where too few loans default to learn from."""
        bank = work.bank
        kind = str(bank.settings.get("customer_kind", "any"))
        question = LoanDefaults(customer_kind=kind, light=False, actions=True)
        loans = work.ask(question)
        overdrafts = work.try_ask(OverdraftTurns(customer_kind=kind))
        block = today(bank, question, loans)
        work.stage("vintages")
        tables, figures = _watched(bank)
        acted, seen = after_actions(bank, loans)
        blocks = [block]
        tables = {"loans": by_loss(bank, block, subject="loan", owed="Principal left"), **acted, **tables}
        if isinstance(overdrafts, Asked):
            blocks.append(overdrafts.block())
            tables["overdrafts"] = by_loss(bank, blocks[1], subject="account", owed="Overdrawn")
        figures |= {
            "loss_share": loss_share(bank), "actions": seen, "now": _totals(blocks),
            "no_overdrafts": overdrafts.reason if isinstance(overdrafts, Refused) else None,
        }  # fmt: skip
        return Answer(
            blocks=blocks, figures=figures, tables=tables, verdict=_verdict(loans, overdrafts), use=loans.use,
            actions=ACTIONS, counts=block.decision.summary["by_grade"],
        )  # fmt: skip

    def show(self, about: Mapping[str, Any]) -> Shown:
        """The page's own part."""
        from bankmine.tasks.behaviour_score.page import show

        return show(about)

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """What is expected to default, how well that ranks, what each kind of evidence adds."""
        from bankmine.tasks.behaviour_score.page import key_statements

        return key_statements(figures, bank.warehouse.currency)


def _watched(bank: Bank) -> tuple[dict[str, Kept], dict[str, Any]]:
    """Vintages and roll rates without the loans whose schedule contradicts itself, and the list of these."""
    events, broken = schedules_of(bank)
    left_out, _ = first_seen(events, broken)
    kept, said = contradictory(bank, events, broken)
    curves = vintage.read_vintages(bank, left_out)
    dates, matrices = roll.read_rolls(bank, left_out)
    tables = {} if kept is None else {"contradictory": kept}
    return tables, {
        "schedules": said, "roll": roll.as_plain(dates, matrices),
        "vintages": {name: vintage.as_plain(one) for name, one in curves.items()},
    }  # fmt: skip


def _totals(blocks: list[Block]) -> list[dict[str, Any]]:
    return [
        {"question": one.question, **one.decision.summary}
        for one in blocks
    ]  # fmt: skip


def _verdict(loans: Asked, overdrafts: Asked | Refused) -> str:
    parts = [f"Loans: {loans.verdict}"]
    if isinstance(overdrafts, Refused):
        parts.append(f"Overdrafts are not scored: {overdrafts.reason}")
    else:
        parts.append(f"Overdrafts: {overdrafts.verdict}")
    return " ".join(parts)


TASK = BehaviourScore()

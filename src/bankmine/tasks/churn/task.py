"""Churn: who is leaving, how it shows, when, what it costs and what may be done.

Closing an account is the last step. The study asks for closure and inactivity, and beside them for silent
attrition product by product; measures for each how long before a closure its list shows the customer; says
when relations end; and gives one list by money at risk, with reasons and the action that is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from bankmine.customers.conditions import conditions
from bankmine.engine.session import Session
from bankmine.errors import FeasibilityError
from bankmine.tasks.churn.actions import RESTRAINED, restrained
from bankmine.tasks.churn.before import what_they_did
from bankmine.tasks.churn.features import competitors, own_bank
from bankmine.tasks.churn.lead_time import as_plain, closures, lead_times
from bankmine.tasks.churn.listing import leavers, ranks_persons, shown
from bankmine.tasks.churn.questions import ACTIONS, CLOSURE, SILENT_SIGNS, USUAL_DAYS, Leaving, Silence
from bankmine.tasks.churn.sensitivity import by_horizon
from bankmine.tasks.churn.timing import Coming, coming, lasting
from bankmine.tasks.contract import Bank, Feasibility, Goal, Needs, Shown
from bankmine.tasks.sql import statement
from bankmine.tasks.study import Answer, Asked, Block, Kept, Refused, Shape, Study, Work

FOLDER = Path(__file__).parent
_MORE = "Load a longer period or more customers."


class Churn(Study):
    """Subject: a customer whose relation is open at the cutoff."""

    name = "churn"
    title = "Churn"
    sentence = "Who is leaving, how it shows, when, and what may be done"
    horizon_words = "90 days"
    needs = Needs(
        tables=("customer", "transaction"),
        usable=("balance", "card", "consent", "customer_flag", "digital_event", "holding", "interaction",
                "product", "rate_history", "standing_order"),
    )  # fmt: skip
    settings = MappingProxyType(
        {
            "horizon_days": "how far ahead leaving is foretold, 90 by default, at least 60",
            "test_months": "how many of the last months test, 6 by default",
            "customer_kind": "person, company or any (the default)",
            "own_bank": "the name under which the bank itself appears as the other side of a payment, own "
            "by default",
            "competitors": "names of the competitors whose share of wallet counts, with commas between; all "
            "other banks by default",
        }
    )
    whole_numbers = ("horizon_days", "test_months")
    goal = Goal(
        question="Which customers are leaving, with or without closing their accounts, and what is at stake?",
        success="Balances of customers who then leave, found early enough and high enough in a list that "
        "can be worked.",
        owner="Head of customer relations",
        use="A retention list by money at risk, with reasons and the action the customer's conditions allow.",
        plan="Closure, inactivity and four signs of silent attrition, each tested forward in time; lead "
        "times measured backwards from closures.",
        feasibility=Feasibility(subjects=300, positives=50, negatives=50, history_days=90),
    )

    def horizon(self, bank: Bank) -> str:
        """`horizon_days` of the settings."""
        return f"{_days(bank)} days"

    def study(self, work: Work) -> Answer:
        """Asks the six questions and draws the list. FeasibilityError where none can be asked."""
        bank = work.bank
        days = _days(bank)
        questions = [*(Leaving(one, days) for one in (CLOSURE, *SILENT_SIGNS)), Silence()]
        told = [work.try_ask(one) for one in questions]
        asked = [one for one in told if isinstance(one, Asked)]
        if not asked:
            raise FeasibilityError(
                f"none of the {len(told)} questions of churn could be asked: {_first_reason(told)}",
                hint=_MORE,
            )
        work.stage("lead time")
        closed = closures(bank)
        figures: dict[str, Any] = {
            "horizon_days": days, "lead_time": _lead_times(bank, questions, told, closed),
        }  # fmt: skip
        main = asked[0]
        ahead: Coming | None = None
        if main.name == CLOSURE.name:
            work.stage("time to churn")
            ahead, figures["coming"] = _coming(work, main, closed)
            figures["lasting"] = lasting(bank, self.needs)
            work.stage("sensitivity")
            figures["sensitivity"] = by_horizon(work, Leaving(CLOSURE), main, closed)
        work.stage("before leaving")
        figures["before"], figures["before_about"] = what_they_did(bank, closed)
        figures["banks"] = _sent_by_bank(bank)
        states = conditions(bank.warehouse, bank.cutoff, memory=bank.memory, threads=bank.threads)
        blocks = [_block(one, states) for one in asked]
        figures["at_risk"] = [_at_risk(one, block) for one, block in zip(asked, blocks, strict=True)]
        rows = leavers(main, blocks[0], asked[1:], states, ahead)
        return Answer(
            blocks=blocks, figures=figures, verdict=_verdict(asked),
            use="study" if main.figures["beats_baseline"] else main.use,
            tables={"list": Kept(table=rows, title="Who to keep, by money at risk",
                                 columns=shown(days, ahead), sentence=_list_sentence(main, ahead), shown=20),
                    **_before_table(figures["before"])},
            actions={**ACTIONS, **RESTRAINED}, counts=figures["at_risk"][0]["customers_by_grade"],
        )  # fmt: skip

    def show(self, about: Mapping[str, Any]) -> Shown:
        """The page's own part."""
        from bankmine.tasks.churn.page import show

        return show(about)

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """Who is expected to leave, how early it shows, how well it ranks."""
        from bankmine.tasks.churn.page import key_statements

        return key_statements(figures, bank.warehouse.currency)


def _days(bank: Bank) -> int:
    return int(bank.settings.get("horizon_days", USUAL_DAYS))


def _lead_times(
    bank: Bank, questions: list[Any], told: list[Any], closed: dict[int, int]
) -> list[dict[str, Any]]:
    found = []
    for question, one in zip(questions, told, strict=True):
        if isinstance(one, Asked):
            found += lead_times(
                one.name, one.tested, closed, horizon=question.rule(bank).horizon_days,
                zone=bank.warehouse.zone, seed=bank.seed,
            )  # fmt: skip
    titles = {one.name: one.title for one in questions}
    return [{**one, "title": titles[one["question"]]} for one in as_plain(found)]


def _coming(work: Work, main: Asked, closed: dict[int, int]) -> tuple[Coming | None, dict[str, Any]]:
    """The coming months, or why they cannot be told."""
    try:
        ahead = coming(work, Leaving(CLOSURE), main, closed)
    except FeasibilityError as error:
        return None, {"refused": f"{error.what}. {error.hint}"}
    mean = ahead.survival.mean(axis=0)
    return ahead, {
        **ahead.figures,
        "mean_survival": [1.0, *mean.tolist()],
        "expected_leavers_year": float(ahead.within_a_year.sum()),
    }


def _block(asked: Asked, states: Any) -> Block:
    flags = states.flags_of(asked.rows.column("customer_id").to_pylist())
    return asked.block(restrained(asked.decision, flags))


def _at_risk(asked: Asked, block: Block) -> dict[str, Any]:
    """Money and customers of one question's list."""
    stake = np.asarray(asked.rows.column("value_minor").to_numpy(), dtype=np.float64)
    return {
        "question": asked.name, "title": asked.title, "customers": len(stake),
        "expected": float(asked.probability.sum()), "stake_minor": float(stake.sum()),
        "at_risk_minor": float((asked.probability * stake).sum()),
        "customers_by_grade": dict(block.decision.summary.get("customers_by_grade", {})),
    }  # fmt: skip


def _sent_by_bank(bank: Bank) -> list[dict[str, Any]]:
    zone = bank.warehouse.zone
    given = {
        "year": zone.days_before(bank.cutoff, 365), "two_years": zone.days_before(bank.cutoff, 730),
        "own_bank": own_bank(bank), "competitors": competitors(bank),
    }  # fmt: skip
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory) as session:
        found: list[dict[str, Any]] = session.arrow(statement(FOLDER, "sent_by_bank"), given).to_pylist()
        bank.note("sent_by_bank", session.statements)
    return found


def _before_table(found: list[dict[str, Any]]) -> dict[str, Kept]:
    import pyarrow as pa

    if not found:
        return {}
    columns = {
        "kind": Shape("What they did"), "share": Shape("Leavers who did", "share"),
        "share_others": Shape("Others who did", "share"), "mean": Shape("Times, leavers", "number", 1),
        "mean_others": Shape("Times, others", "number", 1), "ratio": Shape("Ratio", "number", 2),
        "low": Shape("Low", "number", 2), "high": Shape("High", "number", 2),
    }  # fmt: skip
    rows = [{name: _finite(one[name]) for name in columns} for one in found]
    return {
        "before": Kept(
            table=pa.Table.from_pylist(rows), title="What those who left did in the 90 days before",
            columns=columns,
            sentence="Against customers who stayed, over the same days, which end a week before the closure; "
            "what is shown stands out after control of false discoveries.",
        )
    }  # fmt: skip


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _list_sentence(main: Asked, ahead: Coming | None) -> str:
    year = " Within a year is the chance to have left in twelve months." if ranks_persons(ahead) else ""
    return f"Ranked by chance of {main.title.lower()} times what is at stake; one action each.{year}"


def _first_reason(told: list[Asked | Refused]) -> str:
    """Why the first question was refused, without the hint that the study gives itself."""
    reason = next((one.reason for one in told if isinstance(one, Refused)), "")
    return reason.partition("Load a longer period")[0].rstrip()


def _verdict(asked: list[Asked]) -> str:
    better = [one.title.lower() for one in asked if one.figures["beats_baseline"]]
    worse = [one.title.lower() for one in asked if not one.figures["beats_baseline"]]
    parts = [f"Use the models for {', '.join(better)}." if better else "No model beats its baseline."]
    if worse and better:
        parts.append(f"Use the baseline for {', '.join(worse)}.")
    return " ".join(parts)


TASK = Churn()

"""The application score (A card): which credit goes bad, why, and what each kind of evidence is worth.

One question, asked the whole honest way of every combination of evidence; three small ones for need,
willingness and ability; beside them what the score would change of today's decisions, in money, and what it
cannot speak of.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bankmine.errors import ConfigurationError
from bankmine.tasks.application_score.card import card_of, card_table
from bankmine.tasks.application_score.elsewhere import refused_elsewhere
from bankmine.tasks.application_score.evidence import SUB_SCORES, WINDOWS, counted, numbers_of
from bankmine.tasks.application_score.kinds import by_kind, decisions
from bankmine.tasks.application_score.listing import applications
from bankmine.tasks.application_score.money import against_today, seen_before
from bankmine.tasks.application_score.parts import left_out, not_learnt
from bankmine.tasks.application_score.past import Past, past_of
from bankmine.tasks.application_score.patterns import covered, worth_of
from bankmine.tasks.application_score.question import (
    ACTIONS,
    LOSS_GIVEN_DEFAULT,
    GoesBad,
    loss_given_default,
)
from bankmine.tasks.application_score.sub_scores import sub_scores
from bankmine.tasks.application_score.use import stated_against_use
from bankmine.tasks.contract import Bank, Feasibility, Goal, Shown
from bankmine.tasks.study import Answer, Asked, Kept, Study, Work


class ApplicationScore(Study):
    """Subject: an application for credit."""

    name = "application_score"
    title = "Application score"
    sentence = "Which credit applied for will go bad, why, and what each kind of evidence adds"
    horizon_words = GoesBad.horizon_words
    needs = GoesBad.needs
    settings = MappingProxyType(
        {"loss_given_default": "share of the amount that is lost where a credit goes bad, 0.45 by default"}
    )
    goal = Goal(
        question="Which credit applied for will be 90 days past due within twelve months of granting?",
        success="Expected loss avoided at today's approval rate, against the decisions taken today.",
        owner="Head of credit risk",
        use="The score that credit policy cuts; reasons for the credit officer and the applicant.",
        plan=GoesBad.goal.plan,
        feasibility=Feasibility(subjects=20, positives=10, negatives=50),
        adverse=True,
    )

    def check_settings(self, given: Mapping[str, Any]) -> None:
        """The loss given default is a share."""
        super().check_settings(given)
        value = given.get("loss_given_default", LOSS_GIVEN_DEFAULT)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            raise ConfigurationError(
                f"tasks.application_score.loss_given_default is {value!r}",
                hint="Give a share above 0 and up to 1, such as 0.45.",
            )

    def study(self, work: Work) -> Answer:
        """Asks the questions and looks at what follows. FeasibilityError where there are too few bads."""
        bank, question = work.bank, GoesBad()
        asked = work.ask(question)
        told = {name: work.try_ask(GoesBad(name)) for name in SUB_SCORES}
        subs = {name: one for name, one in told.items() if isinstance(one, Asked)}
        work.stage("what followed")
        names = question.features(bank)
        past = past_of(question, bank, asked.plan)
        units = {name: question.catalogue(bank)[name].unit for name in names}
        card = card_of(
            bank, past, work.matrix(past.rows, names), work.matrix(asked.rows, names),
            numbers_of(names, part=WINDOWS), units,
        )  # fmt: skip
        tables: dict[str, Kept] = {"applications": applications(asked, subs, card)}
        if card is not None:
            tables["card"] = card_table(card)
        figures = {
            **_of_evidence(work, question, asked, names),
            **_in_money(bank, asked),
            **_of_the_past(bank, past, work.matrix(past.rows, names)),
            "kinds": by_kind(bank, asked.tested, asked.use),
            "decisions": decisions(bank),
            "sub_scores": sub_scores(asked, subs),
        }
        return Answer(
            blocks=[asked.block()], figures=figures, tables=tables, verdict=asked.verdict, use=asked.use,
            actions=ACTIONS, counts=asked.decision.summary["by_grade"],
            card=None if card is None else card.learnt,
        )  # fmt: skip

    def show(self, about: Mapping[str, Any]) -> Shown:
        """The page's own part."""
        from bankmine.tasks.application_score.page import show

        return show(about)

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """How well it ranks, what it would save, what each evidence adds."""
        from bankmine.tasks.application_score.page import key_statements

        return key_statements(figures, bank.warehouse.currency)


def _of_evidence(work: Work, question: GoesBad, asked: Asked, names: tuple[str, ...]) -> dict[str, Any]:
    """What each part is worth, why others are none, and whom the score can speak of."""
    bank, parts = work.bank, question.parts(work.bank, names)
    tested = work.matrix(asked.tested.rows, names)
    return {
        "evidence": counted(names),
        "worth": worth_of(asked, parts, bank.seed),
        "left_out": left_out(names, parts, question.bads(bank)) | not_learnt(asked, parts),
        "coverage": covered(asked.tested, tested, asked.use, bank.seed),
    }


def _in_money(bank: Bank, asked: Asked) -> dict[str, Any]:
    """Today's decisions against the score's, and what it would have saved where the outcome is known."""
    given = loss_given_default(bank)
    swap = against_today(asked, given)
    share = swap["swap_share"] if swap else 0.0
    return {
        "money": swap,
        "seen_before": seen_before(asked.tested, asked.use, share, given, bank.seed),
        "loss_given_default": given,
    }


def _of_the_past(bank: Bank, past: Past, features: Any) -> dict[str, Any]:
    """Refusals elsewhere, and whether credits were used as stated."""
    return {
        "elsewhere": refused_elsewhere(past, features, bank.seed),
        "use_of_credit": stated_against_use(bank, past, features),
    }


TASK = ApplicationScore()

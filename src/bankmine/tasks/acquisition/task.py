"""Acquisition: whom to win next, what each is expected to bring, and who is not to be pursued.

Three sources: prospects who left a form, people at other banks on the other side of customers' payments, and
groups (employers, merchants, communities). Each list is tested forward in time before it is shown, each name
on it carries its expected profit, and whoever must not be pursued is listed with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from bankmine.customers.conditions import Conditions
from bankmine.errors import FeasibilityError
from bankmine.tasks.acquisition.counterparties import GoldenTies, JoinsLater
from bankmine.tasks.acquisition.expected import (
    ACTIONS,
    JOIN_SHARE,
    NOT,
    Prices,
    check_numbers,
    count_reasons,
    prices,
)  # fmt: skip
from bankmine.tasks.acquisition.groups import group_tables
from bankmine.tasks.acquisition.judge import by_decile, question_worth
from bankmine.tasks.acquisition.likeness import Likeness, customer_forms, learn_likeness, prospect_forms
from bankmine.tasks.acquisition.lists import (
    COUNTERPARTIES,
    PROSPECTS,
    List,
    counterparty_list,
    list_table,
    prospect_list,
)  # fmt: skip
from bankmine.tasks.acquisition.prospects import ProspectJoins, forms, share_joining
from bankmine.tasks.acquisition.worth import Worth, most_valuable, worth
from bankmine.tasks.contract import Bank, Feasibility, Floats, Goal, Needs, Shown, exponent_of
from bankmine.tasks.flags import FLAGS, conditions_at
from bankmine.tasks.population import coverage
from bankmine.tasks.study import Answer, Asked, Kept, Refused, Shape, Study, Work

PLACES = 101


class Acquisition(Study):
    """Subjects: prospects and counterparties; the form answers strangers."""

    name = "acquisition"
    title = "Acquisition"
    sentence = "Whom to win next and what each is expected to bring"
    needs = Needs(
        tables=("customer", "transaction"),
        usable=(
            "prospect",
            "counterparty",
            "account",
            "balance",
            "rate_history",
            "party_link",
            "channel_cost",
            "offer",
            "feedback",
        ),
    )
    sells = True
    horizon_words = "3 years"
    settings = MappingProxyType(
        {
            "years": "years of profit that count, 3 by default",
            "balance_margin": "margin a year on what customers keep, 0.012, for banks without rates",
            "purchase_share": "share of purchases the bank earns, 0.004, for banks without rates",
            "onboarding_minor": "cost of taking in who joins, minor units, 5000 by default",
            "channel": "channel of the approach, priced by channel_cost; phone by default",
            "contacts": "contacts an approach takes, 3 by default",
            "capacity": "share of strangers that can be approached, 0.2 by default: sets a place's price",
            "join_share": "chance that an approached counterparty joins where it cannot be learnt, 0.02",
            "least_payments": "payments in a year from which a counterparty counts, 3 by default",
            "most_customers": "customers above which a counterparty is a firm of all the world, 20",
        }
    )
    whole_numbers = ("contacts", "least_payments", "most_customers")
    goal = Goal(
        question="Which people who are no customers are worth winning, through whom, and which are not?",
        success="Golden customers among the first tenth of each list, tested forward in time; expected "
        "profit of the list.",
        owner="Head of acquisition",
        use="Lists for relationship managers and campaigns; the form at the counter and on the site.",
        plan="Learn from customers what golden ones look like on a form and from the outside, test on later "
        "ones, ask it of those who are no customers.",
        feasibility=Feasibility(subjects=20),
    )

    def check_settings(self, given: Mapping[str, Any]) -> None:
        """Names and whole numbers, then shares, years and money."""
        super().check_settings(given)
        check_numbers(given)

    def study(self, work: Work) -> Answer:
        """Forms, counterparties, groups: what the bank's tables allow. FeasibilityError without any."""
        bank = work.bank
        if not (bank.warehouse.has("prospect") or bank.warehouse.has("counterparty")):
            raise FeasibilityError(
                "this bank has no rows in the tables prospect and counterparty",
                hint="Load an extract that fills one of them, or leave acquisition out of bankmine.toml.",
            )
        work.stage("worth of customers")
        value = worth(bank, since=coverage(bank.warehouse, self.needs)[0])
        price = prices(bank)
        like = _likeness(work, value, price)
        found: dict[str, List] = {}
        figures: dict[str, Any] = {"rule": f"{price.sentence} {value.sentence}", "lists": {}, "tested": {}}
        tables: dict[str, Kept] = {}
        if isinstance(like, Likeness):
            figures |= _form_figures(bank, like)
            if bank.warehouse.has("prospect"):
                found[PROSPECTS] = self._prospects(work, like, price, figures)
        else:
            figures["form_refused"] = like
        if bank.warehouse.has("counterparty"):
            self._counterparties(work, value, price, found, figures, tables)
        return self._answer(bank, like, found, figures, tables)

    def _prospects(self, work: Work, like: Likeness, price: Prices, figures: dict[str, Any]) -> List:
        known = forms(work.bank)
        asked = work.try_ask(ProspectJoins(known))
        if not isinstance(asked, Refused):
            figures["joining"] = {"use": asked.use, "better": bool(asked.figures["beats_baseline"])}
        share = share_joining(known, work.bank.cutoff) or JOIN_SHARE
        work.stage("prospects")
        return prospect_list(
            work.bank, known, like, price, None if isinstance(asked, Refused) else asked, share
        )

    def _counterparties(
        self, work: Work, value: Worth, price: Prices, found: dict[str, List], figures: dict[str, Any],
        tables: dict[str, Kept],
    ) -> None:  # fmt: skip
        bank = work.bank
        golden = work.try_ask(GoldenTies(value))
        if isinstance(golden, Refused):
            return
        joining = work.try_ask(JoinsLater())
        work.stage("counterparties")
        known = conditions_at(bank)
        share = float(bank.settings.get("join_share", JOIN_SHARE))
        brings = _brings(value)
        chance = None if isinstance(joining, Refused) else joining
        one = counterparty_list(bank, golden, chance, price, brings, share, known)
        found[COUNTERPARTIES] = one
        figures["tested"][COUNTERPARTIES] = _tested_ties(bank, golden)
        figures["join_share"] = share if chance is None else float(chance.probability.mean())
        figures["join_assumed"] = chance is None
        work.stage("groups")
        nearest = np.asarray(golden.rows.column("customer_id").to_numpy(), dtype=np.int64)
        tables |= group_tables(bank, known, one.subjects, nearest, one.kept)

    def _answer(
        self, bank: Bank, like: Likeness | str, found: Mapping[str, List], figures: dict[str, Any],
        tables: Mapping[str, Kept],
    ) -> Answer:  # fmt: skip
        for name, one in found.items():
            figures["lists"][name] = _list_figures(one)
        figures["not_pursued"] = count_reasons([one.pursuit for one in found.values()])
        figures["groups"] = {name: one.table.num_rows for name, one in tables.items()}
        known = conditions_at(bank)
        kept = {
            name: _list_kept(name, one, _joining_words(name, figures), known) for name, one in found.items()
        }
        return Answer(
            blocks=[one.block for one in found.values()], figures=figures, tables={**kept, **tables},
            verdict=_verdict(figures), actions=ACTIONS,
            use="study" if found else "do not use",
            form=like.form if isinstance(like, Likeness) else None,
        )  # fmt: skip

    def show(self, about: Mapping[str, Any]) -> Shown:
        """The page's own part."""
        from bankmine.tasks.acquisition.page import show

        return show(about)

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """How many, what they are expected to bring, how well the lists were tested."""
        return _summary(bank, figures)


def _likeness(work: Work, value: Worth, price: Prices) -> Likeness | str:
    work.stage("forms")
    cost = price.onboarding_minor + price.approach_minor
    try:
        return learn_likeness(work.bank, value, years=price.years, cost_minor=cost)
    except FeasibilityError as error:
        return f"{error.what}. {error.hint}"


def _form_figures(bank: Bank, like: Likeness) -> dict[str, Any]:
    """The form's test by decile, and what its questions are worth."""
    from bankmine.evaluation.intervals import interval, paired_difference

    made: dict[str, Any] = {
        "form": like.sentence, "brings_minor": like.brings, "left_out": like.form.left_out,
        "questions_worth": [], "tested": {}, "place": dict(like.form.about),
    }  # fmt: skip
    filled = prospect_forms if bank.warehouse.has("prospect") else customer_forms
    made["questions_worth"] = question_worth(like.form, filled(bank, bank.cutoff), seed=bank.seed)
    test = like.tested
    if test is not None:
        area = interval("auc", test.golden, test.chance, random_state=bank.seed)
        base = interval("auc", test.golden, test.baseline, random_state=bank.seed)
        more = paired_difference("auc", test.golden, test.chance, test.baseline, random_state=bank.seed)
        made["tested"][PROSPECTS] = {
            "sentence": test.sentence, "base_rate": float(test.golden.mean()), "rows": len(test.golden),
            "auc": area.value, "low": area.low, "high": area.high,
            "baseline": "income band alone", "baseline_auc": base.value, "better": more.low > 0,
            "deciles": by_decile(test.golden, test.chance, test.customers, seed=bank.seed),
            "baseline_deciles": by_decile(test.golden, test.baseline, test.customers, seed=bank.seed),
        }  # fmt: skip
    return made


def _tested_ties(bank: Bank, golden: Asked) -> dict[str, Any]:
    """The tested months of counterparties who are customers, by decile of the model and of the money rule."""
    tested = golden.tested
    subjects = np.asarray(tested.column("subject_id"), dtype=np.int64)
    name = golden.use if golden.use in tested.ranking else tested.model
    own, base = (golden.figures["candidates"][one]["metrics"]["auc"] for one in (name, tested.best_baseline))
    rows = (tested.truth, tested.ranking[name], subjects)
    other = (tested.truth, tested.ranking[tested.best_baseline], subjects)
    return {
        "sentence": golden.plan.sentence, "base_rate": float(tested.truth.mean()), "rows": len(subjects),
        "auc": own["value"], "low": own["low"], "high": own["high"], "baseline": tested.best_baseline,
        "baseline_auc": base["value"], "better": golden.figures["beats_baseline"],
        "deciles": by_decile(*rows, seed=bank.seed),
        "baseline_deciles": by_decile(*other, seed=bank.seed),
    }  # fmt: skip


def _brings(value: Worth) -> tuple[float, float]:
    """What a golden customer and any other brought on average in the last twelve months, or fewer covered."""
    quarters = min(4, len(value.edges) - 1)
    profit = value.between(int(value.edges[-1 - quarters]), int(value.edges[-1])) * 4 / max(quarters, 1)
    golden = most_valuable(profit)
    return float(profit[golden].mean()), float(profit[~golden].mean())


def _list_figures(one: List) -> dict[str, Any]:
    pursued = np.sort(one.profit[np.array([not reason for reason in one.pursuit.reasons], dtype=np.bool_)])
    return {
        "rows": len(one.profit), "pursued": len(pursued), "barred": one.pursuit.grade.count(NOT),
        "profit_minor": float(pursued.sum()),
        "mean_joins": float(one.joins.mean()) if len(one.joins) else 0.0,
        "curve": _curve(one.profit), "all_minor": float(one.profit.sum()),
    }  # fmt: skip


def _curve(profit: Floats) -> list[float]:
    """Expected profit of approaching the best share of the list, at 101 shares from none to all."""
    total = np.concatenate([[0.0], np.cumsum(np.sort(profit)[::-1])])
    places = np.rint(np.linspace(0, len(profit), PLACES)).astype(np.int64)
    return [float(one) for one in total[places]]


def _joining_words(name: str, figures: Mapping[str, Any]) -> str:
    """Where the chance of joining comes from, where it is not learnt."""
    if name != COUNTERPARTIES or not figures["join_assumed"]:
        return ""
    return f"The chance of joining, {figures['join_share']:.1%}, is assumed (setting join_share)."


def _list_kept(name: str, one: List, how: str, known: Conditions) -> Kept:
    subject = "prospect_id" if name == PROSPECTS else "counterparty_id"
    who = "Prospect" if name == PROSPECTS else "Counterparty"
    between = {
        "customer_id": Shape("Through the customer", "key"), "flags": FLAGS, "transfers": Shape("Transfers"),
    }  # fmt: skip
    return Kept(
        table=list_table(one, subject, known), title=f"All {name} by expected profit",
        sentence=f"Those not to be pursued stand last, with the reason. {how}".strip(),
        columns={
            subject: Shape(who, "key"), **(between if len(one.through) else {}),
            "grade": Shape("What to do"), "golden": Shape("Golden", "share"),
            "joins": Shape("Joins", "share"), "profit_minor": Shape("Expected profit", "money"),
            "reason": Shape("Why not"),
        },
    )  # fmt: skip


def _summary(bank: Bank, figures: Mapping[str, Any]) -> list[str]:
    """For each list how many to pursue, what they are expected to bring, and how it was tested."""
    minor = 10 ** exponent_of(bank.warehouse.currency)
    told = []
    for name, one in figures["lists"].items():
        money = f"{bank.warehouse.currency} {one['profit_minor'] / minor:,.0f}"
        text = f"Of {one['rows']:,} {name}, {one['pursued']:,} are worth pursuing, expected profit {money}"
        test = figures["tested"].get(name)
        if test is None:
            told.append(f"{text}; the list could not be tested.")
            continue
        first = test["deciles"][0]
        told.append(
            f"{text}; in the test {first['precision']:.0%} of the first {first['share']:.0%} were golden "
            f"({first['low']:.0%}–{first['high']:.0%}), of all {test['base_rate']:.0%}."
        )
    return told


def _verdict(figures: Mapping[str, Any]) -> str:
    """Which lists the tests bear out; first of all, whether anything in them is not proved."""
    good = [name for name, one in figures["tested"].items() if one["better"]]
    rest = [name for name in figures["lists"] if name not in good]
    doubts = _doubts(figures)
    if rest:
        doubts.insert(0, f"The list of {' and '.join(rest)} is not proved better than its baseline.")
    if not good:
        return " ".join(doubts) or "Nothing could be answered; the reasons are listed."
    lists = " and ".join(good)
    if not doubts:
        return f"Use the list of {lists}: it ranks golden customers better than its baseline."
    proved = f"Proved in part. Who is golden: the list of {lists} ranks it better than its baseline."
    return " ".join([proved, *doubts])


def _doubts(figures: Mapping[str, Any]) -> list[str]:
    """What of the chances of joining no test bears out."""
    found, joining = [], figures.get("joining")
    if joining and not joining["better"]:
        found.append(
            f"Which prospect joins: no model beats the {joining['use']} in the test; the {joining['use']} "
            "gives the chance."
        )
    if figures.get("join_assumed"):
        found.append(
            f"That a counterparty joins is assumed at {figures['join_share']:.1%}, for too few of this "
            "bank's are seen to become customers: the money of that list rests on it and is not proved."
        )
    return found


TASK = Acquisition()

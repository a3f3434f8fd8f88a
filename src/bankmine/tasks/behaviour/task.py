"""Behaviour: the rhythm of the month, the paths that precede a need, and the needs foreseen.

Three looks at the same customers. When does money come and go, and is it the same next month? Which steps in
the app, on the site and in the branch come before a loan, an investment, a journey or a farewell, in months
that lie after those they were found in? And whom to expect with which need, as calibrated chances with
reasons, each tested like every labelled question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bankmine.errors import ConfigurationError, FeasibilityError
from bankmine.mining.association.sequences import frequent_paths, pattern_words
from bankmine.tasks.behaviour import paths, rhythm, steps
from bankmine.tasks.behaviour.cross_border import CrossBorder
from bankmine.tasks.behaviour.needs import decision_of, foreseen, needs_table
from bankmine.tasks.behaviour.outcomes import closure_outcome, cutoffs_of, names, need_outcome
from bankmine.tasks.contract import Bank, Feasibility, Goal, Needs, Shown, Task
from bankmine.tasks.flags import FLAGS, conditions_at, with_flags
from bankmine.tasks.labels import LabelRule
from bankmine.tasks.monthly import monthly_plan
from bankmine.tasks.next_product import NextProduct, families_of
from bankmine.tasks.other_families import OtherFamilies
from bankmine.tasks.population import coverage, drawn_customers
from bankmine.tasks.study import Answer, Asked, Kept, Shape, Study, Work

FAMILIES = ("loan", "fund")
WORDS = {"loan": "Loan", "mortgage": "Mortgage", "fund": "Investment", "deposit": "Deposit", "card": "Card",
         "insurance": "Insurance", "savings": "Savings"}  # fmt: skip
PATH_RULE = LabelRule(horizon_days=90, delay_days=7, tables=("transaction", "holding"))
SESSION_DAYS = 90
SESSION_SUPPORT = 0.003
LONGEST_PATH = 5


@dataclass
class _Seen:
    """What the parts of the study found so far."""

    figures: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, Kept] = field(default_factory=dict)
    found: list[paths.Found] = field(default_factory=list)


class Behaviour(Study):
    """Subject: a customer whose relation goes on."""

    name = "behaviour"
    title = "Behaviour"
    sentence = "How customers live through the month, which way they go before a need, and who has which need"
    needs = Needs(
        tables=("transaction", "customer"),
        usable=("account", "balance", "card", "contact", "credit_application",
                "digital_event", "holding", "interaction", "loan", "offer", "product"),
    )  # fmt: skip
    sells = True
    horizon_words = "90 days"
    settings = MappingProxyType(
        {
            "families": 'product families whose need is foreseen, ["loan", "fund"] by default',
            "horizon_days": "how far ahead loans and investments are foreseen, 90 by default",
            "test_months": "how many of the last months test, 4 by default",
            "customer_kind": "person (the default), company or any",
        }
    )
    whole_numbers = ("horizon_days", "test_months")
    goal = Goal(
        question="When does each customer's money come and go, which paths precede a need, and who will need "
        "a loan, an investment or service abroad within 90 days?",
        success="Customers who then take the product or pay abroad, found in the first tenth of each list; "
        "paths that still precede the need in later months.",
        owner="Head of customer relations",
        use="The day on which to speak (after pay day), the moment (after a path), and the subject (a need).",
        plan="Describe six months of money by day; find paths on early months and test them on late ones; "
        "ask each need as a labelled question.",
        feasibility=Feasibility(subjects=100, history_days=180),
    )

    def check_settings(self, given: Mapping[str, Any]) -> None:
        """Families must be a list of names."""
        super().check_settings(given)
        families = given.get("families", list(FAMILIES))
        if not isinstance(families, list | tuple) or not all(isinstance(one, str) for one in families):
            raise ConfigurationError(
                f"tasks.behaviour.families is {families!r}", hint='Give a list such as ["loan", "fund"].'
            )

    def study(self, work: Work) -> Answer:
        """Rhythm, needs, paths. FeasibilityError with less than six months of transactions."""
        bank, seen = work.bank, _Seen()
        _check_history(bank, self.needs)
        work.stage("rhythm of the month")
        _add_rhythm(bank, seen)
        questions = _questions(bank, OtherFamilies(work))
        asked = [one for one in map(work.try_ask, questions.values()) if isinstance(one, Asked)]
        words = {one.name: key for key, one in questions.items()}
        work.stage("paths in app and branch")
        now = _add_paths(bank, self, {words[one.name]: questions[words[one.name]] for one in asked}, seen)
        if asked:
            _add_needs(bank, asked, words, now, seen)
        return Answer(
            blocks=[one.block(decision_of(one)) for one in asked],
            verdict=_verdict(asked, words, seen),
            figures=seen.figures,
            tables=seen.tables,
        )

    def show(self, about: Mapping[str, Any]) -> Shown:
        """The page's own part."""
        from bankmine.tasks.behaviour.page import show

        return show(about)

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """Needs foreseen, the rhythm, the paths that held."""
        said = []
        if figures.get("needs"):
            listed = ", ".join(f"{need.lower()} {count:,}" for need, count in figures["needs"].items())
            said.append(f"Customers for whom a need is foreseen: {listed}.")
        return [*said, *rhythm.in_words(figures["rhythm"]), *paths_in_words(figures["paths"])]


def paths_in_words(about: Mapping[str, Any]) -> list[str]:
    """What the paths came to."""
    if "refused" in about:
        return [f"Paths were not tested: {about['refused']}"]
    held = [one for one in about["found"] if one["holds"]]
    head = (
        f"Of {len(about['found'])} paths that preceded a need in early months, {len(held)} still did in "
        f"later ones; by chance about {about['by_chance']:.1f} would."
    )
    if not held:
        return [head]
    best = max(held, key=lambda one: one["test_lift"])
    return [
        f"{head} The strongest: {best['words']}, before: {best['title'].lower()}, {best['test_lift']:.1f} "
        f"times as often as usual ({best['low']:.1f}–{best['high']:.1f})."
    ]


def _check_history(bank: Bank, needs: Needs) -> None:
    start, _ = coverage(bank.warehouse, needs)
    zone = bank.warehouse.zone
    if zone.months_before(bank.cutoff, rhythm.MONTHS) < start:
        raise FeasibilityError(
            f"behaviour looks at {rhythm.MONTHS} months before {zone.show(bank.cutoff)}; the transactions "
            f"begin at {zone.show(start)}",
            hint="Load a longer period, or give a later cutoff.",
        )


def _kind(bank: Bank) -> str:
    return str(bank.settings.get("customer_kind", "person"))


def _add_rhythm(bank: Bank, seen: _Seen) -> None:
    days = rhythm.read_days(bank, kind=_kind(bank))
    found = rhythm.rhythm_of(days)
    seen.figures["rhythm"] = {
        **rhythm.figures(found),
        "forward": rhythm.pay_day_forward(days, seed=bank.seed),
        "again": rhythm.class_again(days, seed=bank.seed),
    }
    seen.tables["rhythm"] = Kept(
        table=with_flags(rhythm.kept(found), conditions_at(bank)),
        title="The rhythm of each customer",
        sentence=f"By the {rhythm.MONTHS} months before the cutoff.",
        columns={
            "customer_id": Shape("Customer", "key"),
            "flags": FLAGS,
            "class": Shape("Rhythm"),
            "pay_day": Shape("Pay day", "number", 0),
            "regularity": Shape("Months near it", "share"),
            "income_minor": Shape("Income a month", "money"),
            "spent_minor": Shape("Spent a month", "money"),
            "half_day": Shape("Days until half is spent", "number", 0),
        },
    )


def _questions(bank: Bank, others: OtherFamilies) -> dict[str, Task]:
    """The needs to ask, by their words. Models of a family learn from all families that are sold, also from
    those not asked about here, as in cross-selling."""
    found: dict[str, Task] = {}
    if bank.warehouse.has("holding") and bank.warehouse.has("product"):
        sold = families_of(bank)
        for family in bank.settings.get("families", FAMILIES):
            if family in sold:
                found[WORDS.get(family, family.capitalize())] = NextProduct(family, others)
        for family in sold:
            if found and family not in others.questions:
                NextProduct(family, others)
    found["Service abroad"] = CrossBorder()
    return found


def _add_paths(bank: Bank, task: Study, questions: Mapping[str, Task], seen: _Seen) -> steps.Walks | None:
    """Paths of sessions, paths before each outcome; the walks at the run's cutoff."""
    if not any(bank.warehouse.has(table) for table in ("digital_event", "interaction")):
        seen.figures["paths"] = {"refused": "the bank has no digital_event and no interaction."}
        return None
    _add_sessions(bank, seen)
    try:
        plan = monthly_plan(
            bank, task.needs, PATH_RULE, name="paths", history_days=90,
            test_months=int(bank.settings.get("test_months", 4)),
        )  # fmt: skip
    except FeasibilityError as error:
        seen.figures["paths"] = {"refused": f"{error.what}."}
        return None
    early, late = cutoffs_of(plan, bank, PATH_RULE)
    walks = steps.walks_at(bank, [*early, *late], kind=_kind(bank), of=drawn_customers(bank))
    patterns, chosen, held = paths.discover(walks, walks.cutoff < late[0])
    outcomes = [
        need_outcome(question, words, bank, plan, walks, late[0]) for words, question in questions.items()
    ]
    outcomes.append(closure_outcome(bank, walks, late[0]))
    for one in outcomes:
        seen.found += paths.judge(one, walks, chosen, held, seed=bank.seed)
    _keep_paths(bank, seen, names(outcomes), len(patterns), early, late)
    return steps.walks_at(bank, [bank.cutoff], kind=_kind(bank))


def _add_sessions(bank: Bank, seen: _Seen) -> None:
    """The most frequent ways through the app and the site."""
    visits = steps.sessions(bank, days=SESSION_DAYS)
    if visits is None or len(visits) < 100:
        return
    found = frequent_paths(visits, support=SESSION_SUPPORT, longest=LONGEST_PATH)
    rows = paths.without_parts([row for row in found.table.to_pylist() if len(row["pattern"]) > 1])
    seen.figures["sessions"] = {
        "sessions": len(visits),
        "days": SESSION_DAYS,
        "paths": [
            {"path": pattern_words(row["pattern"]), "count": row["count"], "share": row["support"]}
            for row in rows[:15]
        ],
        "cuts": list(found.cuts),
    }


def _keep_paths(
    bank: Bank, seen: _Seen, titles: Mapping[str, str], patterns: int, early: list[int], late: list[int]
) -> None:
    show = bank.warehouse.zone.show
    seen.figures["paths"] = {
        "patterns": patterns,
        "by_chance": 0.025 * sum(one.test_lift is not None for one in seen.found),
        "discovered_on": [show(one) for one in early],
        "tested_on": [show(one) for one in late],
        "found": [{**vars(one), "title": titles[one.outcome], "holds": one.holds} for one in seen.found],
    }
    seen.tables["paths"] = Kept(
        table=paths.table(seen.found, titles),
        title="Paths before a need",
        sentence=f"Steps of {steps.PAST_DAYS} days, at most {paths.GAP_DAYS} days between neighbours; found "
        f"on {len(early)} early cutoffs, tested on {len(late)} later ones. Lift: how many times as often as "
        "usual the need follows within 90 days. A path precedes; it need not be the cause.",
        columns={
            "outcome": Shape("What followed"), "path": Shape("Path"),
            "rows": Shape("Went it, early", "number", 0), "hits": Shape("then did", "number", 0),
            "lift": Shape("Lift, early", "number", 2), "test_rows": Shape("Went it, later", "number", 0),
            "test_hits": Shape("then did", "number", 0), "test_lift": Shape("Lift, later", "number", 2),
            "low": Shape("Low", "number", 2), "high": Shape("High", "number", 2),
            "verdict": Shape("Verdict"),
        },
    )  # fmt: skip


def _add_needs(
    bank: Bank, asked: list[Asked], words: Mapping[str, str], now: steps.Walks | None, seen: _Seen
) -> None:
    made = needs_table(bank, asked, words, now, seen.found)
    seen.figures["needs"] = foreseen(made)
    seen.tables["needs"] = Kept(
        table=with_flags(made, conditions_at(bank)),
        title="Who has which need",
        sentence="Customers to whom something may be offered, by how many times the usual chance their "
        "strongest need has; the reasons stand in the list.",
        columns={
            "customer_id": Shape("Customer", "key"),
            "flags": FLAGS,
            **{one.name: Shape(words[one.name], "share") for one in asked},
            "need": Shape("Need foreseen"),
            "times_usual": Shape("Times the usual chance", "number", 1),
            "path": Shape("Path walked"),
        },
    )


def _verdict(asked: list[Asked], words: Mapping[str, str], seen: _Seen) -> str:
    """Which needs may be read from models, and which from the baseline only."""
    good = [words[one.name] for one in asked if one.figures["beats_baseline"]]
    rest = [words[one.name] for one in asked if not one.figures["beats_baseline"]]
    said = [f"{', '.join(good)}: better than the best baseline." if good else "", ""]
    if rest:
        said[1] = f"{', '.join(rest)}: not distinguishable from the best baseline, which answers."
    held = sum(one.holds for one in seen.found)
    said.append(f"Paths: use the {held} that held in later months, no others." if seen.found else "")
    return " ".join(one for one in said if one) or "The rhythm of the month only; no need could be asked."


TASK = Behaviour()

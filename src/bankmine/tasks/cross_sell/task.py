"""Cross-selling: the next product of each customer, why, what it is expected to bring, and who is left out.

Rules over holdings say what owners of A came to buy; a question for each product family says who is likely to
open one now; eligibility, consent and cost decide what may be offered and what is worth a contact. All of it
is tested forward in time before it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from bankmine.customers.conditions import conditions
from bankmine.errors import ConfigurationError, FeasibilityError
from bankmine.tasks.contract import Bank, Feasibility, Goal, Needs, Shown, exponent_of
from bankmine.tasks.cross_sell.back_test import Together, back_test, together, worth_of
from bankmine.tasks.cross_sell.bundles import SPAN_DAYS, Bundle, bundles_table, forward_bundles
from bankmine.tasks.cross_sell.credit import NO_RATING, RATING, credit_classes
from bankmine.tasks.cross_sell.eligibility import Eligibility, eligibility
from bankmine.tasks.cross_sell.following import Following, following, rules_table
from bankmine.tasks.cross_sell.holdings import Holdings
from bankmine.tasks.cross_sell.listing import (
    ACTIONS,
    OFFERED,
    FamilyOffers,
    best_block,
    customer_rows,
    family_block,
    offers_table,
    refusals_table,
    rules_met,
)
from bankmine.tasks.cross_sell.margins import Prices, check_channel, prices
from bankmine.tasks.cross_sell.offering import (
    RECENT_DAYS,
    choose,
    customers_of,
    family_margins,
    rule_features,
)
from bankmine.tasks.cross_sell.suitable import FAMILY, Suitable, suitable
from bankmine.tasks.next_product import (
    NextProduct,
    families_of,
    next_product_catalogue,
    wanted_families,
)
from bankmine.tasks.other_families import OtherFamilies
from bankmine.tasks.population import coverage
from bankmine.tasks.study import Answer, Asked, Block, Kept, Shape, Study, Work

MOST_OFFERS = 3


class CrossSell(Study):
    """Subject: a customer whose relation goes on; one question for each family they lack."""

    name = "cross_sell"
    title = "Cross-selling"
    sentence = "What to offer next to whom, why, and what it is expected to bring"
    needs = Needs(
        tables=("customer", "holding", "product", "transaction"),
        usable=("account", "balance", "card", "channel_cost", "consent", "contact",
                "credit_application", "customer_flag", "digital_event", "interaction", "loan", "offer",
                "rate_history"),
    )  # fmt: skip
    sells = True
    reads = (RATING,)
    horizon_words = "90 days"
    settings = MappingProxyType(
        {
            **NextProduct.settings,
            "families": "product families to ask about; all the bank sells but current, by default",
            "most_offers": "offers kept for each customer, 3 by default",
            "eligibility": "a file of the bank's own rules, beside bankmine.toml",
            "years": "years of margin that count, 1 by default",
            "channel": "channel of products the bank has no offer for, branch by default",
            "bundle_days": "how close two openings lie to count as a bundle, 30 by default",
            "form_family": "family whose most suitable product the form names, insurance by default",
        }
    )
    whole_numbers = ("horizon_days", "test_months", "most_offers", "bundle_days")
    goal = Goal(
        question="Which product should each customer be offered next, by which way, or none?",
        success="Share of first offers that were then taken, against the most popular product; expected "
        "profit of the list.",
        owner="Head of products",
        use="Lists for campaigns and advisers, each offer with its reason; the form at the counter.",
        plan="A question a family, tested on the last months; rules over holdings found in the first half of "
        "the records and checked in the second.",
        feasibility=Feasibility(subjects=300, positives=50),
    )

    def check_settings(self, given: Mapping[str, Any]) -> None:
        """ConfigurationError for a setting the task does not have, or one that cannot be meant."""
        super().check_settings(given)
        for name, good, hint in (
            ("years", _is_positive, "Give a number above 0, such as 1."),
            ("customer_kind", ("person", "company", "any").__contains__, "Give person, company or any."),
            ("channel", _is_text, 'Give the name of a channel: channel = "branch".'),
            ("eligibility", _is_text, 'Give a file beside bankmine.toml: eligibility = "rules.toml".'),
        ):
            if name in given and not good(given[name]):
                raise ConfigurationError(f"tasks.{self.name}.{name} is {given[name]!r}", hint=hint)

    def study(self, work: Work) -> Answer:
        """The questions, the rules, the offers, the back-test, the form. FeasibilityError where no family
        could be asked about."""
        bank = work.bank
        families = _families(bank)
        form_family = _form_family(bank, families)
        price, allowed = prices(bank), eligibility(bank)  # before the questions: a wrong setting stops here
        check_channel(bank, price)
        others = OtherFamilies(work)
        questions = {family: NextProduct(family, others) for family in families}
        said = {family: work.try_ask(question) for family, question in questions.items()}
        asked = {family: one for family, one in said.items() if isinstance(one, Asked)}
        if not asked:
            raise FeasibilityError(
                f"none of the families {', '.join(families)} has enough openings to learn from",
                hint="Each needs 50 openings in training and in test; the reasons of each are above.",
            )
        work.stage("holdings")
        kind = str(bank.settings.get("customer_kind", self.needs.customer_kind))
        held = Holdings(bank, families, kind)
        start = coverage(bank.warehouse, self.needs)[0]
        follows = following(bank, held, start)
        span = int(bank.settings.get("bundle_days", SPAN_DAYS))
        opened = held.openings.only(~held.openings.joining)
        middle = (held.day(start) + held.day(bank.cutoff)) // 2
        pairs = forward_bundles(opened.within(held.day(start), 10**6), middle_day=middle, span=span)
        work.stage("offers")
        offered = _offered(work, asked, held, price, allowed)
        work.stage("back-test")
        rows = together(asked)
        margins, late = _margins_then(bank, rows, held, price)
        tested = back_test(rows, worth_of(rows, margins), seed=bank.seed) | {"priced_today": late}
        work.stage("form")
        form = suitable(work, held, form_family)
        return _answer(work, held, offered, follows, pairs, price, tested, form)

    def show(self, about: Mapping[str, Any]) -> Shown:
        """The page's own part."""
        from bankmine.tasks.cross_sell.page import show

        return show(about)

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """What the list is expected to bring, how often the first offer was taken, which rules stand."""
        return _summary(bank, figures)


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _families(bank: Bank) -> tuple[str, ...]:
    sold = families_of(bank)
    wanted = bank.settings.get("families")
    return sold if wanted is None else wanted_families(wanted, sold)


def _form_family(bank: Bank, families: tuple[str, ...]) -> str:
    """The family the form names a product of; ConfigurationError for one that is set and not asked about."""
    wanted = bank.settings.get("form_family")
    if wanted is None:
        return FAMILY
    return wanted_families(wanted, families, setting="form_family")[0]


def _margins_then(
    bank: Bank, rows: Together, held: Holdings, today: Prices
) -> tuple[dict[int, dict[str, float]], list[str]]:
    """By cutoff of the test and family: what one product brought on average, as known then; and the families
    of which no product was known at one of the cutoffs, so that today's margin stands there."""
    found, late = {}, set()
    for at in np.unique(rows.cutoff).tolist():
        then = prices(replace(bank, cutoff=at, statements={}))
        before = held.openings.within(-(10**6), held.day(at))
        found[at], missing = family_margins(rows.families, then, before, today)
        late.update(missing)
    return found, [one for one in rows.families if one in late]


def _offered(
    work: Work, asked: Mapping[str, Asked], held: Holdings, price: Prices, allowed: Eligibility
) -> list[FamilyOffers]:
    """For each family what each of its customers is offered, and what it is expected to bring."""
    bank = work.bank
    look = held.look(bank.cutoff)
    rows = customer_rows(look)
    catalogue = next_product_catalogue(bank.warehouse, bank.cutoff)
    can = catalogue.available(bank.warehouse, as_of=bank.cutoff).names
    names = tuple(name for name in rule_features(allowed, price) if name in set(can))
    features = work.matrix(rows, names, catalogue=catalogue)
    work.feature_tests(rows, names, catalogue=catalogue)
    known = conditions(bank.warehouse, bank.cutoff, memory=bank.memory, threads=bank.threads)
    recent = held.openings.within(held.day(bank.cutoff) - RECENT_DAYS, 10**6)
    classes, everybody = credit_classes(work), customers_of(bank, look.customers, known, features)
    found = []
    for family, one in asked.items():
        ids = np.asarray(one.rows.column("customer_id").to_numpy(), dtype=np.int64)
        who = everybody.at(np.searchsorted(look.customers, ids))
        chosen = classes.apply(family, ids, choose(bank, family, price, allowed, who, recent))
        found.append(
            FamilyOffers(family, one, chosen, chosen.profit(one.probability), float(one.probability.mean()))
        )
    return found


def _answer(
    work: Work, held: Holdings, offered: Sequence[FamilyOffers], follows: Following, pairs: list[Bundle],
    price: Prices, tested: Mapping[str, Any], form: Suitable | str,
) -> Answer:  # fmt: skip
    bank = work.bank
    look = held.look(bank.cutoff)
    catalogue = next_product_catalogue(bank.warehouse, bank.cutoff)
    most = int(bank.settings.get("most_offers", MOST_OFFERS))
    offers = offers_table(
        offered, most, catalogue, bank.warehouse.currency, rules_met(follows.rules, look)
    )  # fmt: skip
    refusals = refusals_table(offered, look)
    proved = _proved(tested)
    best = best_block(offered, look, proved=proved)
    figures = {
        "rule": price.sentence, "tested": dict(tested), "following": _following_figures(follows),
        "bundles": [vars(one) | {"stands": one.stands} for one in pairs[:12]],
        "offers": dict(best.decision.summary), "families": [_family_figures(one) for one in offered],
        "refused_by_reason": _counts(refusals), "credit_classes": _credit(work, refusals),
        "products": [vars(one) for one in price.products.values()],
        "form": form if isinstance(form, str) else form.sentence,
        "form_tested": {} if isinstance(form, str) else form.tested,
    }  # fmt: skip
    blocks = [best, *(family_block(one, proved=proved) for one in offered)]
    return Answer(
        blocks=blocks, figures=figures,
        tables=_tables(offers, refusals, follows, pairs, price), verdict=_verdict(tested, offered),
        use="study", actions=_actions(blocks), form=None if isinstance(form, str) else form.form,
    )  # fmt: skip


def _tables(
    offers: Any, refusals: Any, follows: Following, pairs: list[Bundle], price: Prices
) -> dict[str, Kept]:
    return {
        "offers": Kept(
            table=offers, title="The best offers of each customer, most expected profit first",
            sentence=price.sentence,
            columns={
                "customer_id": Shape("Customer", "key"), "product": Shape("Product"),
                "chance": Shape("Chance", "share"), "profit_minor": Shape("Expected profit", "money"),
                "channel": Shape("By"), "why": Shape("Why"),
            },
        ),
        "refusals": Kept(
            table=refusals, title="Every refusal with its reason",
            sentence="Every family that a customer is not offered, with the reason.",
            columns={
                "customer_id": Shape("Customer", "key"), "family": Shape("Family"),
                "product": Shape("Product"), "reason": Shape("Why not"),
            },
        ),
        "rules": Kept(
            table=rules_table(follows), title="Every rule over holdings", sentence=follows.sentence,
            columns={
                "owners_of": Shape("Owners of"), "then_take": Shape("Then took"),
                "stands": Shape("Verdict"), "ratio": Shape("Times as often", "number", 2),
                "low": Shape("Low", "number", 2), "high": Shape("High", "number", 2),
                "rate": Shape("Owners", "share"), "others_rate": Shape("Others", "share"),
                "adopted": Shape("Owners who took it", "number", 0),
                "lift": Shape("Lift held", "number", 2),
            },
        ),
        "bundles": Kept(
            table=bundles_table(pairs), title="Every pair of families",
            sentence="Pairs of families found in the first half of the records, judged by the openings of "
            "the second: pairs of one customer close in time, against pairs of different customers.",
            columns={
                "first": Shape("First"), "second": Shape("Second"), "stands": Shape("Verdict"),
                "pairs": Shape("Pairs", "number", 0), "expected": Shape("By chance", "number", 1),
                "ratio": Shape("Times chance", "number", 2), "low": Shape("Low", "number", 2),
                "high": Shape("High", "number", 2), "first_share": Shape("First first", "share"),
                "earlier": Shape("Times chance when found", "number", 2),
            },
        ),
    }  # fmt: skip


def _following_figures(follows: Following) -> dict[str, Any]:
    rules = [vars(one) | {"stands": one.stands, "rate": one.rate, "others_rate": one.others_rate}
             for one in follows.rules[:12]]  # fmt: skip
    return {
        "sentence": follows.sentence, "rules": rules, "checked": len(follows.rules),
        "standing": sum(one.stands for one in follows.rules),
    }  # fmt: skip


def _family_figures(one: FamilyOffers) -> dict[str, Any]:
    worth = one.open & (one.profit > 0)
    return {
        "family": one.family, "asked": len(one.profit), "allowed": int(one.open.sum()),
        "offered": int(worth.sum()), "expected": float(one.asked.probability.sum()),
        "profit_minor": float(one.profit[worth].sum()), "margin_minor": _mean_margin(one),
        "use": one.asked.use,
    }  # fmt: skip


def _mean_margin(one: FamilyOffers) -> float:
    return float(one.chosen.margin_minor.mean()) if len(one.profit) else 0.0


def _credit(work: Work, refusals: Any) -> str:
    """What the credit classes of a published rating keep away, in a sentence."""
    classes = credit_classes(work)
    return classes.sentence(refusals.column("reason").to_pylist()) if classes.by_customer else NO_RATING


def _counts(refusals: Any) -> dict[str, int]:
    """How many refusals name each reason; one with several counts for each."""
    counts: dict[str, int] = {}
    for text in refusals.column("reason").to_pylist():
        for part in text.split("; "):
            counts[part] = counts.get(part, 0) + 1
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _actions(blocks: Sequence[Block]) -> dict[str, str]:
    """What to do for each grade that somebody has."""
    given = {grade for one in blocks for grade in one.decision.grade}
    return {grade: said for grade, said in ACTIONS.items() if grade in given}


def _proved(tested: Mapping[str, Any]) -> bool:
    """Whether the likeliest tenth of first offers is taken more often than what is popular."""
    return bool(tested["tenth"]["more_low"] > 0)


def _verdict(tested: Mapping[str, Any], offered: Sequence[FamilyOffers]) -> str:
    tenth = tested["tenth"]
    better = _proved(tested)
    first = (
        f"In the test {tenth['value']:.1%} of the likeliest tenth of first offers were taken "
        f"({tenth['low']:.1%}–{tenth['high']:.1%}), by popularity {tenth['baseline']:.1%}."
    )
    weak = [one.family for one in offered if not one.asked.figures["beats_baseline"]]
    rest = f" No model beats its baseline for {', '.join(weak)}: the baseline answers there." if weak else ""
    said = "Use the list." if better else "The list is not proved better than offering what is popular."
    return f"{said} {first}{rest}"


def _summary(bank: Bank, figures: Mapping[str, Any]) -> list[str]:
    minor = 10 ** exponent_of(bank.warehouse.currency)
    found, tenth, rules = figures["offers"], figures["tested"]["tenth"], figures["following"]
    offered = sum(found["by_grade"][name] for name in OFFERED)
    told = [
        f"Of {found['customers']:,} customers, {offered:,} have an offer worth a contact; the best of each "
        f"are expected to bring {bank.warehouse.currency} {found['profit_minor'] / minor:,.0f}.",
        f"In the test {tenth['value']:.1%} of the likeliest tenth of first offers were taken "
        f"({tenth['low']:.1%}–{tenth['high']:.1%}), by popularity {tenth['baseline']:.1%}.",
        f"{rules['standing']} of {rules['checked']} rules over holdings stand when checked forward in time.",
    ]
    form = figures["form_tested"]
    if form:
        told.append(
            f"The form named the product then taken for {form['hit_rate']:.0%} ({form['low']:.0%}–"
            f"{form['high']:.0%}); the usual product, {form['usual']}, would have for {form['baseline']:.0%}."
        )
    return told


TASK = CrossSell()

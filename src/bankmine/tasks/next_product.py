"""The next product: who will open a product of a family within the next 90 days.

One labelled question for each product family, asked of the customers who hold none of it and have not just
applied for it: whoever waits for a decision is no news to anybody. Cross-selling offers what its answers
foresee; behaviour reads them as needs. The label is `definitions/next_product.sql`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from bankmine.bank.tables.reference import PRODUCT_FAMILIES
from bankmine.bank.warehouse import Warehouse
from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.themes.needs import family_features
from bankmine.engine.session import Session
from bankmine.errors import ConfigurationError, UsageError
from bankmine.tasks.asking import asked_label
from bankmine.tasks.candidates import boosting, logistic, prior, rule
from bankmine.tasks.contract import (
    Bank,
    Candidate,
    Decision,
    Feasibility,
    Floats,
    Goal,
    Ints,
    Needs,
    Plan,
    Scored,
    Task,
    Truth,
    exponent_of,
)
from bankmine.tasks.definitions import DEFINITIONS
from bankmine.tasks.labels import LabelRule
from bankmine.tasks.monthly import monthly_plan
from bankmine.tasks.other_families import OtherFamilies
from bankmine.tasks.population import rows_at, rows_without
from bankmine.tasks.sql import micros, statement

FOLDER = Path(__file__).parent
DEFINITION = DEFINITIONS["next_product"]
GRADES = ((0.02, "first"), (0.1, "next"), (0.3, "later"), (1.0, "none"))  # share of the list, likeliest first
ACTIONS = MappingProxyType(
    {
        "first": "Offer it now, with a hold-out group.",
        "next": "Put into the next campaign for the product, with a hold-out group.",
        "later": "Keep in mind: mention it when the customer calls.",
        "none": "Do not offer it: hardly anyone like this takes it within a quarter.",
    }
)
COMMON = (  # windows of three months or of all records: longer ones would be missing in early months
    "age", "tenure", "customer_kind", "customer_income_band", "customer_education", "customer_occupation",
    "occupation_days_since_change", "address_change_days_since_last_all",
    "products_held_count", "product_days_since_last", *(f"{one}_held_count" for one in PRODUCT_FAMILIES),
    "income_mean_3mo", "income_mean_all", "income_level_3mo", "income_days_since_last_all",
    "income_count_3mo", "income_count_6mo", "income_sum_change_3mo", "income_payers_distinct_3mo",
    "income_payers_distinct_6mo", "benefit_days_since_last_all", "in_sum_3mo",
    "out_sum_3mo", "out_mean_all", "saved_share_3mo", "transfer_in_max_to_usual_1mo",
    "transfer_in_max_to_usual_3mo", "transfer_in_max_to_usual_6mo", "transfer_in_max_to_usual_9mo",
    "transfer_in_max_to_usual_all", "counter_out_days_since_last_all", "counter_out_max_9mo",
    "children_payment_days_since_first_all", "children_payments_share_3mo", "children_payments_share_all",
    "children_payments_change_3mo", "household_payments_share_3mo", "household_payments_share_all",
    "electronics_payments_share_3mo", "region_days_since_change", "employer_days_since_change",
    "income_band_days_since_change", "digital_days_count_3mo", "digital_channel_share_app_all",
    "digital_days_per_payment_all", "online_share_all", "channel_share_cash_3mo", "product_pages_count_90d",
    "rates_pages_count_90d", "contacts_count_90d", "contacts_accepted_count_all",
    "application_days_since_last_all", "applications_count_all", "stated_balance_to_spending_3mo",
    "stated_balance_to_income_all", "stated_low_to_usual_all", "balance_to_spending_3mo",
    "savings_payments_count_3mo", "interest_paid_count_3mo",
    "days_past_due_max_3mo", "overdrawn_count_3mo", "loans_in_debt_count", "standing_orders_sum",
)  # fmt: skip
OWN = (
    "{family}_pages_count_30d", "{family}_pages_count_90d", "{family}_page_days_since_last_all",
    "{family}_application_days_since_last_all", "{family}_contact_days_since_last_all",
    "{family}_accepted_count_90d", "{family}_days_since_given_up",
)  # fmt: skip
HELD = "products_held_count"
TEST_MONTHS = 8  # openings are few: fewer months could not tell a model from a rule
TUNE_MONTHS = 4  # one month has thirty openings: too few to choose or to calibrate by
APPLIED_DAYS = 30  # an application this young is still being worked on
MOST_MISSING = 0.999  # share of rows without the event
NEWEST = "product_days_since_last"
_DAY_US = 86_400_000_000


class NextProduct(Task):
    """Subject: a customer who holds no product of the family at the cutoff."""

    needs = Needs(
        tables=("customer", "holding", "product", "transaction"),
        usable=("account", "balance", "card", "contact", "credit_application",
                "digital_event", "interaction", "loan", "offer"),
    )  # fmt: skip
    label_rule = DEFINITION.rule
    horizon_words = "90 days"
    sells = True
    settings = MappingProxyType(
        {
            "horizon_days": "how far ahead is looked, 90 by default",
            "test_months": "how many of the last months test, 8 by default",
            "customer_kind": "person (the default), company or any",
        }
    )
    whole_numbers = ("horizon_days", "test_months")

    def __init__(self, family: str, others: OtherFamilies | None = None) -> None:
        """UsageError for a family no product may have. With `others`, the model learns from the openings of
        the other families too."""
        if family not in PRODUCT_FAMILIES:
            raise UsageError(
                f"there is no product family {family!r}", hint=f"There are {', '.join(PRODUCT_FAMILIES)}."
            )
        self.family = family
        self.others = others
        if others is not None:
            others.questions[family] = self
        self.name = f"next_{family}"
        self.title = f"Next product: {family}"
        self.sentence = f"Who will open a product of the family {family} in the next 90 days"
        self.goal = Goal(
            question=f"Which customers without a product of the family {family} will open one within 90 "
            "days?",
            success="Customers who open one, found in the first tenth of the list; each is worth the margin "
            "of a new product.",
            owner="Head of products",
            use="The offers of cross-selling, and what an adviser raises.",
            plan="Monthly cutoffs; train on the past, test on the last months, use if better than a rule "
            "on holdings.",
            feasibility=Feasibility(subjects=300, positives=50, negatives=100, history_days=90),
        )

    def plan(self, bank: Bank) -> Plan:
        """Monthly cutoffs: the last mature ones test, the months before train, the last of them tunes."""
        return monthly_plan(
            bank, self.needs, self.rule(bank), name=self.name,
            history_days=self.goal.feasibility.history_days,
            test_months=int(bank.settings.get("test_months", TEST_MONTHS)), tune_months=TUNE_MONTHS,
        )  # fmt: skip

    def population(self, bank: Bank, plan: Plan) -> Any:
        """Customers of the wanted kind who hold nothing of the family and have not applied for it in the last
        thirty days; no money is at stake by itself."""
        kind, zone = str(bank.settings.get("customer_kind", self.needs.customer_kind)), bank.warehouse.zone
        rows = rows_at(
            bank,
            plan.cutoffs,
            statement(FOLDER, "next_product"),
            lambda at: {"family": self.family, "kind": kind},
            note="population",
            drawn=True,
            alone=True,
        )
        if not bank.warehouse.has("credit_application"):
            return rows
        applied = rows_at(
            bank,
            plan.cutoffs,
            statement(FOLDER, "next_product_applied"),
            lambda at: {"family": self.family, "since": zone.days_before(at, APPLIED_DAYS)},
            note="applied",
            drawn=True,
            alone=True,
        )
        return rows_without(rows, applied)

    def label(self, bank: Bank, rows: Any) -> tuple[Truth, Ints]:
        """True where a product of the family is opened from the day of the cutoff until the horizon's end."""
        cutoffs, zone, rule = micros(rows.column("cutoff")), bank.warehouse.zone, self.rule(bank)
        ends = rule.ends(cutoffs, zone)
        truth = asked_label(
            bank, self._asked(rows, zone.to_local(cutoffs), zone.to_local(ends)), DEFINITION.sql
        )
        return truth, rule.known_at(cutoffs, zone)

    def _asked(self, rows: Any, starts: Ints, ends: Ints) -> Any:
        """The rows as the label's SQL reads them; `starts` and `ends` are civil µs."""
        import pyarrow as pa

        days = (np.asarray(one // _DAY_US).astype(np.int32) for one in (starts, ends))
        first_day, end_day = (pa.array(one).cast(pa.date32()) for one in days)
        return pa.table(
            {
                "row_number": np.arange(rows.num_rows), "customer_id": rows.column("customer_id"),
                "family": pa.array([self.family] * rows.num_rows, pa.string()), "first_day": first_day,
                "end_day": end_day,
            }
        )  # fmt: skip

    def catalogue(self, bank: Bank) -> Catalogue:
        """The shipped catalogue with the features of each family's own products and offers."""
        return next_product_catalogue(bank.warehouse, bank.cutoff)

    def features(self, bank: Bank) -> tuple[str, ...]:
        """What may speak of a need for any family: all families' questions share one matrix."""
        can = self.catalogue(bank).available(bank.warehouse, as_of=bank.cutoff)
        wanted = (*COMMON, *(name.format(family=one) for one in PRODUCT_FAMILIES for name in OWN))
        return tuple(name for name in wanted if name in set(can.names))

    def candidates(self, bank: Bank, features: Sequence[str]) -> tuple[Candidate, ...]:
        """Prior, two rules on holdings (how many, how new); logistic regression and boosting, calibrated."""
        rules = [
            rule(column, name=name, words=words)
            for column, name, words in (
                (HELD, "holdings rule", "number of products held alone"),
                (NEWEST, "newest holding rule", "days since the newest product alone"),
            )
            if column in features
        ]
        columns = self.columns(features)
        straight, trees = (replace(one, columns=columns) for one in models(bank))
        if self.others is not None and len(self.others.questions) > 1:
            trees = replace(
                trees, name="together", settings=trees.settings[:1],
                words="gradient boosting of trees, learnt from the openings of all families",
                more=partial(self.others.more, self.family, columns),
            )  # fmt: skip
        return (prior(), *rules, straight, trees)

    def own_columns(self, family: str) -> dict[str, str]:
        """For each feature of another family's own, the feature of this one that says the same."""
        return {name.format(family=family): name.format(family=self.family) for name in OWN}

    def columns(self, features: Sequence[str]) -> tuple[str, ...]:
        """The features that this family's models read: those of no family and those of its own."""
        others = {name.format(family=one) for one in PRODUCT_FAMILIES if one != self.family for name in OWN}
        return tuple(name for name in features if name not in others)

    def decide(self, bank: Bank, scored: Scored) -> Decision:
        """Value: the chance in percent; grades by the place in the list."""
        chance = np.asarray(scored.probability, dtype=np.float64)
        words = [word for _, word in GRADES]
        grade = [words[place] for place in _places(chance)]
        return Decision(
            value=np.round(chance * 100, 4),
            unit="percent",
            grade=grade,
            order=-chance,
            actions=ACTIONS,
            summary={
                "customers": len(chance),
                "expected": float(chance.sum()),
                "customers_by_grade": {word: grade.count(word) for word in words},
            },
        )

    def rule(self, bank: Bank) -> LabelRule:
        """The horizon is `horizon_days` of the settings, 90 by default."""
        days = int(bank.settings.get("horizon_days", DEFINITION.rule.horizon_days))
        return replace(DEFINITION.rule, horizon_days=days)

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """How many are expected, and how well the list ranks."""
        found = figures["decision"]["summary"]
        names = (figures["model"], figures["best_baseline"])
        area, other = (figures["candidates"][name]["metrics"]["auc"] for name in names)
        return [
            f"Of {found['customers']:,} customers without the family {self.family}, "
            f"{found['expected']:,.0f} are expected to open one within {self.horizon_words}.",
            f"AUC {area['value']:.3f} ({area['low']:.3f}–{area['high']:.3f}); {names[1]} "
            f"{other['value']:.3f} ({other['low']:.3f}–{other['high']:.3f}).",
        ]


def models(bank: Bank) -> tuple[Candidate, ...]:
    """Logistic regression and boosting of small trees, both calibrated.

    Both keep columns that are nearly always missing: days since an event that few have had say most.
    """
    exponent = exponent_of(bank.warehouse.currency)
    small = {"n_estimators": 120, "num_leaves": 7, "learning_rate": 0.05, "feature_fraction": 0.4}
    straight = logistic(bank, settings=({"C": 0.003}, {"C": 0.03}))
    trees = boosting(
        bank,
        settings=({**small, "min_data_in_leaf": 60}, {**small, "min_data_in_leaf": 200, "lambda_l2": 20.0}),
    )
    return (
        replace(straight, preparation=partial(_rare_for_linear, exponent)),
        replace(trees, preparation=partial(_rare_for_trees, exponent)),
    )


def _rare_for_linear(exponent: int) -> Any:
    from bankmine.preparation.preparation import Preparation
    from bankmine.preparation.selection import Selection

    return Preparation.for_linear(
        currency_exponent=exponent, selection=Selection(most_missing=MOST_MISSING, most_common=0.9999)
    )


def _rare_for_trees(exponent: int) -> Any:
    from bankmine.preparation.preparation import Preparation
    from bankmine.preparation.selection import Selection

    limits = Selection(most_missing=MOST_MISSING, most_common=0.9999, most_correlation=None)
    return Preparation.for_trees(currency_exponent=exponent, selection=limits)


def families_of(bank: Bank) -> tuple[str, ...]:
    """The families of which the bank sells a product as known at the cutoff, in the catalogue's order,
    without current accounts: everyone has one, and nobody is sold a second."""
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory) as session:
        sold = set(session.arrow("SELECT DISTINCT family FROM product").column("family").to_pylist())
    return tuple(one for one in PRODUCT_FAMILIES if one in sold and one != "current")


def wanted_families(wanted: Any, sold: Sequence[str], *, setting: str = "families") -> tuple[str, ...]:
    """The families a setting names, in the order of `sold`; ConfigurationError names the first that is not
    among them and the closest that is."""
    named = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(named, list | tuple) or not named or not all(isinstance(one, str) for one in named):
        raise ConfigurationError(
            f"{setting} is {wanted!r}", hint=f"Give a list of product families: {', '.join(sold)}."
        )
    for one in named:
        if one not in sold:
            close = get_close_matches(one, sold, n=1)
            meant = f"Did you mean {close[0]}? " if close else ""
            raise ConfigurationError(
                f"{setting} names {one!r}, which is no product family that is asked about here",
                hint=f"{meant}There are {', '.join(sold)}.",
            )
    return tuple(one for one in sold if one in named)


@cache
def next_product_catalogue(warehouse: Warehouse, cutoff: int) -> Catalogue:
    """The shipped catalogue with the features of all families, for the products and offers of the bank as
    known at the cutoff (µs)."""
    with Session(warehouse, cutoff, until=cutoff) as session:
        products = _codes(session.arrow("SELECT family, product_code AS code FROM product ORDER BY 1, 2"))
        offers = (
            _codes(
                session.arrow(
                    "SELECT p.family, o.offer_id AS code FROM offer AS o "
                    "INNER JOIN product AS p USING (product_code) ORDER BY 1, 2"
                )
            )
            if warehouse.has("offer")
            else {}
        )
    made = [
        feature
        for family, codes in products.items()
        for feature in family_features(family, products=codes, offers=offers.get(family, ()))
    ]
    return Catalogue([*CATALOGUE.values(), *made])


def _codes(found: Any) -> dict[str, tuple[str, ...]]:
    codes: dict[str, tuple[str, ...]] = {}
    for family, code in zip(
        found.column("family").to_pylist(), found.column("code").to_pylist(), strict=True
    ):
        codes[family] = (*codes.get(family, ()), code)
    return codes


def _places(chance: Floats) -> Ints:
    """Each row's place in GRADES, by its share of the way down the list; equal chances, equal grade."""
    ahead = np.searchsorted(np.sort(-chance), -chance, side="left")
    limits = np.array([limit for limit, _ in GRADES[:-1]]) * len(chance)
    return np.asarray((ahead[:, None] >= limits[None, :]).sum(axis=1), dtype=np.int64)

"""Cross-border service: who will pay abroad within 90 days and has not in the last 90.

Whoever pays abroad needs exchange, a card without foreign fees, travel insurance, transfers. Asked are the
customers at home for a quarter: for them the need is news. "Abroad" is a payment, a withdrawal or a transfer
in another country than the one most payments are made in; purchases online do not count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from bankmine.bank.warehouse import Warehouse
from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.feature import Feature
from bankmine.customers.themes import Measure, observed
from bankmine.customers.themes.activity import paid_out
from bankmine.engine.journey import Journey
from bankmine.engine.session import Session
from bankmine.errors import FeasibilityError
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
)
from bankmine.tasks.labels import LabelRule
from bankmine.tasks.monthly import monthly_plan
from bankmine.tasks.population import drawn_customers, rows_at
from bankmine.tasks.sql import instants, micros, statement

FOLDER = Path(__file__).parent
REMOTE = "online"
QUIET_DAYS = 90
MONTHS = 18  # habits of travel change; older months cost more than they teach
JOURNEYS = "journey_days_count_all"

# Homes found at cutoffs, by the run's cutoff and how many customers are drawn; a warehouse's state never
# changes, and population and label ask for the same ones.
_HOMES: WeakKeyDictionary[Warehouse, dict[tuple[int, int], dict[int, str | None]]] = WeakKeyDictionary()
CHOSEN = (
    "age", "tenure", "customer_occupation", "customer_income_band", "customer_education",
    "customer_risk_class", "consent_marketing", "transactions_count_3mo", "transactions_count_12mo",
    "out_sum_1mo", "out_sum_3mo", "out_sum_12mo", "out_max_3mo", "in_sum_3mo", "in_sum_12mo",
    "income_sum_12mo", "income_share_12mo", "saved_share_3mo", "saved_share_12mo", "stated_balance_mean_3mo",
    "stated_balance_mean_12mo", "balance_mean_3mo", "merchants_distinct_6mo", "cities_distinct_1mo",
    "cities_distinct_6mo", "countries_distinct_6mo", "channel_share_card_12mo", "channel_share_cash_12mo",
    "online_count_12mo", "online_share_12mo", "weekend_share_12mo", "night_share_12mo",
    "travel_payments_count_3mo", "travel_payments_count_6mo", "travel_payments_count_12mo",
    "travel_payment_days_since_first_all", "travel_payments_change_3mo", "travel_payments_share_3mo",
    "children_payments_count_12mo", "education_payments_count_12mo", "children_payment_days_since_first_all",
    "cards_count", "card_limit_sum", "by_card_count_3mo", "by_card_count_12mo", "products_held_count",
    "card_held_count", "savings_held_count", "fund_held_count", "insurance_held_count", "loan_held_count",
    "mortgage_held_count", "digital_days_count_3mo", "digital_days_count_12mo", "product_pages_count_30d",
    "product_pages_count_90d", "rates_pages_count_30d", "transfer_in_max_3mo",
    "transfer_in_max_to_usual_3mo", "income_level_3mo",
    "sent_sum_3mo", "sent_count_12mo", "region_urban_share", "region_average_wage",
)  # fmt: skip
GRADES = ((0.1, "first"), (0.3, "next"), (0.6, "later"), (1.0, "none"))  # of the list, the likeliest first
ACTIONS = MappingProxyType(
    {
        "first": "Offer the service for payments abroad now, with a hold-out group.",
        "next": "Show the service in the app; keep a hold-out group.",
        "later": "Mention it when the customer asks.",
        "none": "Do not offer it.",
    }
)


class CrossBorder(Task):
    """Subject: a customer who paid in the last 90 days, but not abroad."""

    name = "cross_border"
    title = "Cross-border service"
    sentence = "Who will pay abroad in the next 90 days and has not in the last 90"
    needs = Needs(
        tables=("transaction", "customer"),
        usable=("account", "balance", "card", "contact", "credit_application", "digital_event", "holding",
                "interaction", "loan", "product"),
    )  # fmt: skip
    label_rule = LabelRule(horizon_days=90, delay_days=7, tables=("transaction",))
    horizon_words = "90 days"
    sells = True
    settings = MappingProxyType(
        {
            "test_months": "how many of the last months test, 4 by default",
            "customer_kind": "person (the default), company or any",
        }
    )
    whole_numbers = ("test_months",)
    goal = Goal(
        question="Which customers who did not pay abroad in the last 90 days will do so within the next 90?",
        success="Customers who then pay abroad, found in the first tenth of the list; each is worth the fees "
        "of a journey.",
        owner="Head of payments",
        use="Offers of the service for payments abroad before the journey, with a hold-out group.",
        plan="Monthly cutoffs; train on the past, test on the last months, use if better than a rule on the "
        "days abroad so far.",
        feasibility=Feasibility(subjects=300, positives=50, negatives=100, history_days=180),
    )

    def plan(self, bank: Bank) -> Plan:
        """The last 18 mature monthly cutoffs: the newest test, the months before train, their last tunes."""
        plan = monthly_plan(
            bank, self.needs, self.rule(bank), name=self.name,
            history_days=self.goal.feasibility.history_days,
            test_months=int(bank.settings.get("test_months", 4)),
        )  # fmt: skip
        return _newest(plan, MONTHS, bank)

    def rule(self, bank: Bank) -> LabelRule:
        """90 days; a week for payments abroad to be booked."""
        assert self.label_rule is not None
        return self.label_rule

    def population(self, bank: Bank, plan: Plan) -> Any:
        """Customers who paid in the last 90 days, but not abroad; value: what they paid."""
        zone, home = bank.warehouse.zone, homes(bank, plan.cutoffs)
        kind = str(bank.settings.get("customer_kind", self.needs.customer_kind))
        return rows_at(
            bank, plan.cutoffs, statement(FOLDER, "cross_border_population"),
            lambda at: {
                "since": zone.days_before(at, QUIET_DAYS), "kind": kind, "home": home[at],
                "remote": REMOTE,
            },
            note="population", drawn=True, alone=True,
        )  # fmt: skip

    def label(self, bank: Bank, rows: Any) -> tuple[Truth, Ints]:
        """True where the customer pays abroad from the cutoff until the horizon's end."""
        import pyarrow as pa

        cutoffs, zone, rule = micros(rows.column("cutoff")), bank.warehouse.zone, self.rule(bank)
        known, which = np.unique(cutoffs, return_inverse=True)
        home = homes(bank, known.tolist())
        asked = pa.table(
            {
                "row_number": np.arange(rows.num_rows),
                "customer_id": rows.column("customer_id"),
                "cutoff": rows.column("cutoff"),
                "label_end": instants(rule.ends(cutoffs, zone)),
                "home": pa.array([home[at] for at in known.tolist()], pa.string()).take(pa.array(which)),
            }
        )
        truth = asked_label(bank, asked, statement(FOLDER, "cross_border"), {"remote": REMOTE}, alone=True)
        return truth, rule.known_at(cutoffs, zone)

    def catalogue(self, bank: Bank) -> Catalogue:
        """The shipped catalogue with payments abroad; countries and channels as known at the plan's first
        cutoff, so that no training row knows of later ones."""
        return _catalogue(home_and_abroad(bank.warehouse, self.plan(bank).cutoffs[0]))

    def features(self, bank: Bank) -> tuple[str, ...]:
        """What speaks of means, habit and plans to travel, with payments abroad."""
        catalogue = self.catalogue(bank)
        own = tuple(name for name in catalogue if name not in CATALOGUE)
        can = set(catalogue.available(bank.warehouse, as_of=bank.cutoff).names)
        return tuple(name for name in (*CHOSEN, *own) if name in can)

    def candidates(self, bank: Bank, features: Sequence[str]) -> tuple[Candidate, ...]:
        """Prior and a rule on the days abroad so far; logistic regression and boosting, calibrated."""
        return (
            prior(),
            rule(JOURNEYS, name="journeys rule", words="number of days abroad so far alone"),
            logistic(bank, settings=({"C": 0.01}, {"C": 0.1})),
            boosting(
                bank,
                settings=(
                    {"n_estimators": 120, "num_leaves": 7, "learning_rate": 0.05},
                    {"n_estimators": 120, "num_leaves": 7, "learning_rate": 0.05, "min_data_in_leaf": 200},
                ),
            ),
        )

    def decide(self, bank: Bank, scored: Scored) -> Decision:
        """Value: the chance in percent; grades by the place in the list."""
        chance = np.asarray(scored.probability, dtype=np.float64)
        words = [word for _, word in GRADES]
        grade = [words[place] for place in places_of(chance)]
        return Decision(
            value=np.round(chance * 100, 4), unit="percent", grade=grade, order=-chance, actions=ACTIONS,
            summary={
                "customers": len(chance), "expected": float(chance.sum()),
                "customers_by_grade": {word: grade.count(word) for word in words},
            },
        )  # fmt: skip

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """How many are expected abroad."""
        found = figures["decision"]["summary"]
        return [
            f"Of {found['customers']:,} customers at home for 90 days, {found['expected']:,.0f} are expected "
            f"to pay abroad within {self.horizon_words}."
        ]


def _newest(plan: Plan, months: int, bank: Bank) -> Plan:
    """The plan with no more than so many mature cutoffs."""
    mature, show = plan.cutoffs[:-1], bank.warehouse.zone.show
    if len(mature) <= months or plan.test is None:
        return plan
    kept = mature[-months:]
    first = kept[0]
    return replace(
        plan, cutoffs=(*kept, plan.cutoffs[-1]), final_from=first, test=replace(plan.test, train_from=first),
        tuning=tuple(replace(fold, train_from=first) for fold in plan.tuning),
        sentence=f"Customers are looked at on {len(kept)} monthly cutoffs from {show(first)} to "
        f"{show(kept[-1])}; the months from {show(plan.test.test_from)} on test.",
    )  # fmt: skip


def homes(bank: Bank, cutoffs: Sequence[int]) -> dict[int, str | None]:
    """The country most payments were made in, as known at each cutoff; None where none was named by then.

    Of a large bank, by the payments of the customers whose past is looked at.
    """
    seen = _HOMES.setdefault(bank.warehouse, {}).setdefault((bank.cutoff, bank.budget.customers), {})
    sql = statement(FOLDER, "home")
    if wanted := [at for at in cutoffs if at not in seen]:
        some = drawn_customers(bank)
        with Journey(
            bank.warehouse, sql, memory=bank.memory, threads=bank.threads, customers=some,
            alone=True,
        ) as journey:  # fmt: skip
            for at in wanted:
                countries = journey.ask(at, {}).column("country").to_pylist()
                seen[at] = countries[0] if countries else None
    bank.note("home", [sql.strip()])
    return {at: seen[at] for at in cutoffs}


@dataclass(frozen=True)
class Places:
    """The country most payments are made in, the others, and the channels other than online."""

    home: str
    abroad: tuple[str, ...]
    channels: tuple[str, ...]


@cache
def home_and_abroad(warehouse: Warehouse, cutoff: int) -> Places:
    """Where customers pay, as known at the cutoff; FeasibilityError with fewer than two countries."""
    with Session(warehouse, cutoff, until=cutoff) as session:
        found = session.arrow(statement(FOLDER, "home")).column("country").to_pylist()
        channels = session.arrow(statement(FOLDER, "ways"), {"remote": REMOTE}).column("channel").to_pylist()
    if len(found) < 2:
        raise FeasibilityError(
            f"payments name {len(found)} countries",
            hint="Cross-border service needs the country of payments, at home and abroad.",
        )
    return Places(found[0], tuple(sorted(found[1:])), tuple(channels))


@cache
def _catalogue(places: Places) -> Catalogue:
    """One object for equal places, so that matrices can be shared."""
    return Catalogue([*CATALOGUE.values(), *_abroad_features(places)])


def _abroad_features(places: Places) -> list[Feature]:
    """Payments on journeys (abroad, not online) and to foreign shops online."""
    journey = paid_out.where(country=places.abroad, channel=places.channels)
    foreign = paid_out.where(country=places.abroad, channel=REMOTE)
    count = Measure("count", "journey_payments_count", "Number of payments made abroad, online ones left out")
    days = Measure("active_days", "journey_days_count", "Days with a payment made abroad")
    last = Measure("recency", "journey_days_since_last", "Days since the last payment made abroad")
    first = Measure(
        "days_since_first", "journey_days_since_first", "Days since the first payment made abroad"
    )
    where = Measure("distinct", "journey_countries_distinct", "Number of countries paid in abroad",
                    unit="countries")  # fmt: skip
    shops = Measure("count", "foreign_shops_count", "Number of payments online to shops abroad")
    return [
        *observed("behaviour", journey, [count, days], over=("6mo", "12mo")),
        *observed("behaviour", journey, [days, last, first], over=("all",)),
        *observed("behaviour", journey.distinct("country"), [where], over=("12mo",)),
        *observed("behaviour", foreign, [shops], over=("3mo", "12mo")),
    ]


def places_of(chance: Floats) -> Ints:
    """Each row's place in GRADES, by its share of the way down the list; equal chances, equal grade."""
    ahead = np.searchsorted(np.sort(-chance), -chance, side="left")
    limits = np.array([limit for limit, _ in GRADES[:-1]]) * len(chance)
    return np.asarray((ahead[:, None] >= limits[None, :]).sum(axis=1), dtype=np.int64)

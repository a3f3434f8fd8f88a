"""Segmentation: which kinds of customers there are, by how they pay.

k-means on a short list of behaviour features, a number of segments that is found again when customers are
drawn anew, and names in plain words. Segments that are not found again are not to be used, and the run
says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from bankmine.bank.civil import DAY
from bankmine.errors import FeasibilityError
from bankmine.tasks.contract import (
    Bank,
    Candidate,
    Decision,
    Feasibility,
    Goal,
    Needs,
    Plan,
    Scored,
    Segments,
    Shown,
    Task,
    exponent_of,
)
from bankmine.tasks.population import coverage, rows_at
from bankmine.tasks.segmentation.words import names, suggestion
from bankmine.tasks.sql import statement

FOLDER = Path(__file__).parent
SPANS = (("12mo", 12), ("3mo", 3), ("1mo", 1))
STEMS = (
    "transactions_count", "active_days_count", "out_mean", "out_sum", "in_sum", "income_sum", "saved_share",
    "balance_mean", "balance_std", "overdrawn_share", "transaction_gap_mean", "transaction_gap_std",
    "channel_share_card", "channel_share_cash", "channel_share_transfer", "channel_share_online",
)  # fmt: skip
ALWAYS = (
    "transaction_days_since_last_all", "transaction_days_since_first_all", "out_mean_all",
    "merchants_distinct_6mo", "terminals_distinct_6mo",
)  # fmt: skip
DO_NOT_USE = "do not use"
UNUSABLE = "Do not use: other draws of customers give other segments."


class Segmentation(Task):
    """Subject: a customer with a transaction in the window."""

    name = "segmentation"
    title = "Segments"
    sentence = "Which kinds of customers the bank has, by what they do"
    needs = Needs(tables=("transaction",), usable=("customer", "balance", "standing_order"))
    settings = MappingProxyType(
        {
            "clusters": "numbers of segments to try, such as [3, 4, 5]",
            "customer_kind": "person, company or any (the default)",
        }
    )
    goal = Goal(
        question="Which kinds of customers does the bank have, told apart by how they receive and pay money?",
        success="Money moved by customers of segments that get their own treatment; the gain itself "
        "is measured "
        "by campaigns with hold-outs.",
        owner="Head of marketing",
        use="A name and a portrait for each segment, and each customer's segment with the reasons.",
        plan="Choose the number of segments that is found again on other draws of customers; refuse "
        "otherwise.",
        feasibility=Feasibility(subjects=100, history_days=90),
    )

    def plan(self, bank: Bank) -> Plan:
        """The run's cutoff alone."""
        start, _ = coverage(bank.warehouse, self.needs)
        span, _ = self._span(bank)
        show = bank.warehouse.zone.show
        days = self.goal.feasibility.history_days
        if bank.warehouse.zone.days_before(bank.cutoff, days) < start:
            raise FeasibilityError(
                f"{self.name} found {_days_between(start, bank.cutoff)} days of data before the cutoff "
                f"{show(bank.cutoff)}: they begin at {show(start)}",
                hint=f"It needs at least {days} days of transactions before the cutoff.",
            )
        return Plan(
            score=(bank.cutoff, bank.cutoff + 1),
            cutoffs=(bank.cutoff,),
            sentence=f"Customers are looked at on {show(bank.cutoff)}, by the {span} before.",
        )

    def population(self, bank: Bank, plan: Plan) -> Any:
        """Customers with a transaction in the window before the cutoff; value: the money they moved."""
        _, months = self._span(bank)
        kind = str(bank.settings.get("customer_kind", "any"))
        before = bank.warehouse.zone.months_before
        return rows_at(
            bank,
            plan.cutoffs,
            statement(FOLDER, "population"),
            lambda at: {"since": before(at, months), "kind": kind},
            note="population",
        )

    def features(self, bank: Bank) -> tuple[str, ...]:
        """How often, how much, by which way and how lately, over the longest window the coverage holds."""
        span, _ = self._span(bank)
        can = set(self.catalogue(bank).available(bank.warehouse, as_of=bank.cutoff).names)
        wanted = [f"{stem}_{span}" for stem in STEMS] + list(ALWAYS)
        found = tuple(name for name in dict.fromkeys(wanted) if name in can)
        if len(found) < 2:
            raise FeasibilityError(
                f"the bank's tables allow {len(found)} of the features of {self.name}",
                hint="It needs at least 2: load transactions with amount, direction and time.",
            )
        return found

    def candidates(self, bank: Bank, features: Sequence[str]) -> tuple[Candidate, ...]:
        """k-means; the baseline is the same on columns shuffled each on its own."""
        return (
            Candidate(
                name="k-means", words="k-means on behaviour",
                preparation=lambda: _preparation(exponent_of(bank.warehouse.currency)), miner=_k_means,
                settings=tuple({"n_clusters": number} for number in self._numbers(bank)),
            ),
        )  # fmt: skip

    def name_segments(
        self, profiles: Sequence[Any], gaps: Sequence[Mapping[str, float]] | None = None
    ) -> list[str]:
        """Plain words for each segment."""
        return names(profiles, gaps)

    def decide_segments(self, bank: Bank, scored: Scored, segments: Segments) -> Decision:
        """Value: the segment's number; the most typical customers first."""
        usable = segments.clustering.usable
        grade = [segments.names[number] if usable else DO_NOT_USE for number in segments.label]
        return Decision(
            value=(segments.label + 1).astype(np.float64),
            unit="segment",
            grade=grade,
            order=segments.distance,
            actions={name: suggestion(name) if usable else UNUSABLE for name in segments.names},
        )

    def show(self, about: Mapping[str, Any]) -> Shown:
        """The page's own part."""
        from bankmine.tasks.segmentation.page import show

        return show(about)

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """How many segments, how stable, and the largest ones."""
        rand = figures["stability"]["adjusted_rand"]
        head = (
            f"{figures['clusters']} segments of {figures['rows']:,} customers; found again with an "
            "adjusted Rand "
            f"index of {rand['mean']:.2f} ({rand['low']:.2f}–{rand['high']:.2f})"
        )
        shares = [f"{one['share']:.0%} {one['name']}" for one in figures["segments"]]
        return [head + ".", "; ".join(shares) + "."]

    def _span(self, bank: Bank) -> tuple[str, int]:
        """The longest window the coverage holds at the cutoff."""
        start, _ = coverage(bank.warehouse, self.needs)
        for span, months in SPANS:
            if bank.warehouse.zone.months_before(bank.cutoff, months) >= start:
                return span, months
        return SPANS[-1]

    def _numbers(self, bank: Bank) -> tuple[int, ...]:
        return tuple(bank.settings.get("clusters", (3, 4, 5, 6, 7, 8)))


def _days_between(start: int, end: int) -> int:
    """Whole days of 24 hours, rounded, between two instants in µs."""
    return round((end - start) / DAY)


def _preparation(exponent: int) -> Any:
    from bankmine.preparation.preparation import Preparation
    from bankmine.preparation.selection import Selection

    limits = Selection(most_missing=0.5, most_common=0.95, most_correlation=0.9)
    return Preparation.for_distances(currency_exponent=exponent, selection=limits)


def _k_means(**settings: Any) -> Any:
    from bankmine.mining.clustering.kmeans import KMeans

    return KMeans(**settings)


TASK = Segmentation()

"""Features of card fraud beyond the catalogue's: the terminal's verdicts closer by, the card's longer memory.

A compromised terminal shows as a run of confirmed frauds of ordinary amounts, known a week late; a stolen
card
as amounts far above the card's own history. All end before the transaction; verdicts are read as known then.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.feature import Direction, Feature
from bankmine.customers.themes import Measure, derived, observed
from bankmine.windows import Events, events

THEME, TRANSACTION, DELAY = "transaction", "transaction", "7d"
RISKIER = Direction.RISKIER
FRAUDS = "Frauds confirmed among the terminal's transactions"
FRAUD_SHARE = "Share of confirmed fraud in the terminal's transactions"
SHIPPED = (
    "tx_amount",
    "tx_is_weekend",
    "tx_is_night",
    "tx_channel",
    "tx_entry_mode",
    "tx_mcc",
    "tx_category",
    "tx_{card}_count_24h",
    "tx_{card}_count_7d",
    "tx_{card}_count_30d",
    "tx_{card}_mean_24h",
    "tx_{card}_mean_7d",
    "tx_{card}_mean_30d",
    "tx_{card}_max_24h",
    "tx_{card}_max_7d",
    "tx_{card}_max_30d",
    "tx_{card}_std_30d",
    "tx_{card}_seconds_since_last_all",
    "tx_amount_to_{card}_mean_30d",
    "tx_amount_to_{card}_max_30d",
    "tx_amount_{card}_score_30d",
    "tx_terminal_count_24h",
    "tx_terminal_count_7d",
    "tx_terminal_mean_30d",
    "tx_terminal_fraud_count_1d",
    "tx_terminal_fraud_count_7d",
    "tx_terminal_fraud_count_30d",
    "tx_terminal_fraud_share_1d",
    "tx_terminal_fraud_share_7d",
    "tx_terminal_fraud_share_30d",
    "tx_terminal_delayed_count_7d",
    "tx_terminal_delayed_count_30d",
)


@lru_cache(maxsize=8)
def catalogue(ordinary_minor: int) -> Catalogue:
    """The shipped catalogue and the features of this task; `ordinary_minor` bounds an ordinary amount."""
    return Catalogue([*CATALOGUE.values(), *own_features(ordinary_minor)])


def own_features(ordinary_minor: int) -> tuple[Feature, ...]:
    """The task's own features."""
    return (
        *_terminal(ordinary_minor),
        *_memory("customer", "customer_id"),
        *_memory("card", "card_id"),
    )


def names(available: Any, *, ordinary_minor: int) -> tuple[str, ...]:
    """The features a model may see: of the card where the bank knows cards, else of the customer."""
    can = set(available.names)
    card = "card" if "tx_card_count_24h" in can else "customer"
    wanted = [name.format(card=card) for name in SHIPPED]
    wanted += [
        one.name
        for one in own_features(ordinary_minor)
        if "_terminal_" in one.name or f"_{card}_" in one.name
    ]
    return tuple(name for name in wanted if name in can)


def _terminal(ordinary_minor: int) -> list[Feature]:
    every = events("transaction", key="terminal_id")
    verdict = every.verdict("fraud")
    ordinary = every.below(base_minor=ordinary_minor).verdict("fraud")
    risk = [
        Measure("sum", "tx_terminal_fraud_count", FRAUDS, RISKIER),
        Measure("mean", "tx_terminal_fraud_share", FRAUD_SHARE, RISKIER),
    ]
    small = [
        Measure(
            "sum",
            "tx_terminal_ordinary_fraud_count",
            "Confirmed frauds of an ordinary amount at the terminal",
            RISKIER,
        )
    ]
    last = [
        Measure(
            "last",
            "tx_terminal_last_verdict",
            "1 where the terminal's latest transaction whose verdict is due was fraud, else 0",
            RISKIER,
        )
    ]
    return [
        *_observed(verdict, risk, ("3d", "5d", "14d", "28d"), delay=DELAY),
        *_observed(ordinary, small, ("3d", "7d", "28d"), delay=DELAY),
        *_observed(verdict, last, ("all",), delay=DELAY),
    ]


def _memory(name: str, key: str) -> list[Feature]:
    source = events("transaction", key=key).measure("base_minor")
    longer = [
        Measure("mean", f"tx_{name}_mean", f"Mean of the transactions of the {name}"),
        Measure("std", f"tx_{name}_std", f"Standard deviation of the transactions of the {name}"),
        Measure("max", f"tx_{name}_max", f"Largest transaction of the {name}"),
    ]
    fortnight = [Measure("max", f"tx_{name}_max", f"Largest transaction of the {name}")]
    made = [*_observed(source, longer, ("all",)), *_observed(source, fortnight, ("14d",))]
    own, mean = "tx_amount", f"tx_{name}_mean_all"
    made += [
        _derived(
            f"tx_amount_to_{name}_mean_all",
            "ratio",
            [own, mean],
            "ratio",
            f"The amount as a multiple of the mean of all transactions of the {name} before.",
        ),
        _derived(
            f"tx_amount_to_{name}_mean_7d",
            "ratio",
            [own, f"tx_{name}_mean_7d"],
            "ratio",
            f"The amount as a multiple of the mean of the {name}'s transactions in the 7 days before.",
        ),
        _derived(
            f"tx_amount_to_{name}_max_all",
            "ratio",
            [own, f"tx_{name}_max_all"],
            "ratio",
            f"The amount as a multiple of the largest transaction of the {name} before.",
        ),
        _derived(
            f"tx_amount_{name}_score_all",
            "standard_score",
            [own, mean, f"tx_{name}_std_all"],
            "standard deviations",
            "Standard deviations by which the amount exceeds the mean of all transactions of the "
            f"{name} before.",
        ),
    ]
    for span, words in (("24h", "24 hours"), ("7d", "7 days"), ("14d", "14 days")):
        made.append(
            _derived(
                f"tx_{name}_burst_{span}",
                "ratio",
                [f"tx_{name}_max_{span}", mean],
                "ratio",
                f"The {name}'s largest transaction in the {words} before as a multiple of its mean.",
            )
        )
    return made


def _observed(
    source: Events, measures: list[Measure], over: tuple[str, ...], *, delay: str | None = None
) -> list[Feature]:
    return observed(THEME, source, measures, over=over, subject=TRANSACTION, delay=delay)


def _derived(name: str, operation: str, inputs: list[str], unit: str, sentence: str) -> Feature:
    return derived(
        THEME, name, operation, inputs, unit=unit, sentence=sentence, subject=TRANSACTION, direction=RISKIER
    )

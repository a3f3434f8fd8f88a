"""A transaction as the subject: itself, and what went before it under its customer, card, terminal, merchant.

The windows end just before the transaction's own position (event_time, seq) and know what was known when
the transaction was: declined ones count too, because they are part of the pattern. The fraud share of a
terminal or merchant ends seven days earlier, because that is how long a verdict takes.
"""

from __future__ import annotations

from bankmine.customers.feature import Calendar, Direction, Feature, Own
from bankmine.customers.themes import Measure, derived, observed
from bankmine.windows import Events, events

THEME = "transaction"
TRANSACTION = "transaction"
RISKIER = Direction.RISKIER
DELAY = "7d"
VALID = "24mo"  # a device or payee not seen for so long is as good as new
_KEYS = (
    ("customer", "customer_id", ("1h", "24h", "7d", "30d")),
    ("card", "card_id", ("1h", "24h", "7d", "30d")),
    ("terminal", "terminal_id", ("1h", "24h", "7d", "30d")),
    ("merchant", "merchant_id", ("24h", "7d", "30d")),
)  # fmt: skip


def _of(key: str) -> Events:
    return events("transaction", key=key).measure("base_minor")


def _before(name: str, key: str, spans: tuple[str, ...]) -> list[Feature]:
    counts = [Measure("count", f"tx_{name}_count", f"Number of transactions of the {name}")]
    sizes = [
        Measure("sum", f"tx_{name}_sum", f"Sum of the transactions of the {name}"),
        Measure("mean", f"tx_{name}_mean", f"Mean of the transactions of the {name}"),
        Measure("max", f"tx_{name}_max", f"Largest transaction of the {name}"),
    ]
    since = [
        Measure("seconds_since_last", f"tx_{name}_seconds_since_last", f"Seconds since the {name}'s last")
    ]
    long = [span for span in spans if span != "1h"]
    return [
        *observed(THEME, _of(key), counts, over=spans, subject=TRANSACTION),
        *observed(THEME, _of(key), sizes, over=long, subject=TRANSACTION),
        *observed(THEME, _of(key), since, over=("all",), subject=TRANSACTION),
    ]


def _seen_before(name: str, key: str, of: str) -> list[Feature]:
    """How often and how lately the key was seen: 0 and missing where it is new."""
    source = events("transaction", key=key)
    measures = [
        Measure("count", f"tx_{name}_count", f"Number of transactions {of}"),
        Measure(
            "seconds_since_last", f"tx_{name}_seconds_since_last", f"Seconds since the last transaction {of}"
        ),
    ]
    return observed(THEME, source, measures, over=("all",), subject=TRANSACTION, valid=VALID)


def _verdicts(name: str, key: str) -> list[Feature]:
    verdict = events("transaction", key=key).verdict("fraud")
    measures = [
        Measure(
            "sum", f"tx_{name}_fraud_count",
            f"Confirmed frauds among the transactions of the {name}", RISKIER,
        ),
        Measure(
            "mean", f"tx_{name}_fraud_share",
            f"Share of confirmed frauds among the transactions of the {name}", RISKIER,
        ),
    ]  # fmt: skip
    counts = [Measure("count", f"tx_{name}_delayed_count", f"Number of transactions of the {name}")]
    spans = ("1d", "7d", "30d")
    return [
        *observed(THEME, verdict, measures, over=spans, subject=TRANSACTION, delay=DELAY),
        *observed(THEME, _of(key), counts, over=spans, subject=TRANSACTION, delay=DELAY),
    ]


def _against(name: str) -> list[Feature]:
    own, mean = "tx_amount", f"tx_{name}_mean_30d"
    return [
        derived(
            THEME, f"tx_amount_to_{name}_mean_30d", "ratio", [own, mean], unit="ratio", window="30d",
            subject=TRANSACTION, direction=RISKIER,
            sentence=f"The amount as a multiple of the {name}'s mean of the 30 days before.",
        ),
        derived(
            THEME, f"tx_amount_to_{name}_max_30d", "ratio", [own, f"tx_{name}_max_30d"], unit="ratio",
            window="30d", subject=TRANSACTION, direction=RISKIER,
            sentence=f"The amount as a multiple of the {name}'s largest of the 30 days before.",
        ),
    ]  # fmt: skip


def _spread(name: str, key: str) -> list[Feature]:
    deviation = [Measure("std", f"tx_{name}_std", f"Standard deviation of the transactions of the {name}")]
    return [
        *observed(THEME, _of(key), deviation, over=("30d",), subject=TRANSACTION),
        derived(
            THEME, f"tx_amount_{name}_score_30d", "standard_score",
            ["tx_amount", f"tx_{name}_mean_30d", f"tx_{name}_std_30d"], unit="standard deviations",
            window="30d", subject=TRANSACTION, direction=RISKIER,
            sentence=f"Standard deviations by which the amount exceeds the {name}'s mean of the 30 days "
            "before.",
        ),
    ]  # fmt: skip


def _itself() -> list[Feature]:
    made = [
        Feature(
            name="tx_amount", theme=THEME, unit="minor units", source=Own("base_minor"), subject=TRANSACTION,
            sentence="Amount of the transaction in the bank's base currency.", direction=RISKIER,
        )
    ]  # fmt: skip
    for column, words in (
        ("channel", "Way the transaction was made."), ("entry_mode", "How the card was read."),
        ("mcc", "Merchant category code of the transaction."), ("country", "Country of the transaction."),
        ("category", "What the transaction was for."), ("direction", "Into or out of the account."),
    ):  # fmt: skip
        made.append(
            Feature(
                name=f"tx_{column}", theme=THEME, unit="code", source=Own(column), subject=TRANSACTION,
                sentence=words,
            )
        )  # fmt: skip
    for part, unit, words in (
        ("hour", "hour of the day", "Hour of the day of the transaction, 0 to 23."),
        ("weekday", "day of the week", "Day of the week of the transaction, 0 (Monday) to 6."),
        ("is_weekend", "1 or 0", "1 where the transaction is on a Saturday or Sunday, else 0."),
        ("is_night", "1 or 0", "1 where the transaction is between midnight and 6:59, else 0."),
    ):
        made.append(
            Feature(
                name=f"tx_{part}", theme=THEME, unit=unit, source=Calendar(part), subject=TRANSACTION,
                sentence=words,
            )
        )  # fmt: skip
    return made


FEATURES = (
    *_itself(),
    *(feature for name, key, spans in _KEYS for feature in _before(name, key, spans)),
    *_seen_before("device", "device_id", "from the same device"),
    *_seen_before("pair", "pair_id", "between the account and the same other account"),
    *(feature for name, key in (("terminal", "terminal_id"), ("merchant", "merchant_id"))
      for feature in _verdicts(name, key)),
    *(feature for name in ("customer", "card", "terminal") for feature in _against(name)),
    *(feature for name, key in (("customer", "customer_id"), ("card", "card_id"))
      for feature in _spread(name, key)),
)  # fmt: skip

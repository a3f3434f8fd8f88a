"""What `[tasks.value]` of a bank may say, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bankmine.errors import ConfigurationError

SENTENCES = MappingProxyType(
    {
        "horizon_months": "how far lifetime value looks ahead, 36 by default, at least 12",
        "discount_rate": "yearly rate at which later money counts less, 0.1 by default",
        "rate_change": "by how much the treasury's rates are to move over the next year: -0.01 is a "
        "point down, 0 by default",
        "top_share": "which share of customers is the top, 0.2 by default",
        "customer_kind": "any (the default), person or company",
        "basis": "accounts or purchases; by default accounts where the bank has balances and rates",
        "margin_share": "share of a purchase that is profit, 1 by default (basis purchases)",
        "unit_days": "days in the unit of time of the purchase models, 7 by default (basis purchases)",
    }
)
_BETWEEN = {
    "rate_change": (-0.2, 0.2),
    "discount_rate": (0.0, 1.0),
    "top_share": (0.01, 0.5),
    "margin_share": (0.0, 1.0),
}
_WORDS = {"customer_kind": ("any", "person", "company"), "basis": ("accounts", "purchases")}
WHOLE = ("horizon_months", "unit_days")
LEAST_MONTHS = 12  # the first year is what the back-test compares


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one run; `basis` is None where the bank's tables decide."""

    horizon_months: int = 36
    discount_rate: float = 0.1
    rate_change: float = 0.0
    top_share: float = 0.2
    customer_kind: str = "any"
    basis: str | None = None
    margin_share: float = 1.0
    unit_days: int = 7

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Settings:
        """From what the bank says; names that are not settings are left to the task's own check."""
        return cls(**{name: value for name, value in given.items() if name in SENTENCES})


def check(given: Mapping[str, Any]) -> None:
    """ConfigurationError for a value that cannot be meant."""
    months = given.get("horizon_months", LEAST_MONTHS)
    if isinstance(months, int) and months < LEAST_MONTHS:
        raise ConfigurationError(
            f"tasks.value.horizon_months is {months}", hint=f"Give {LEAST_MONTHS} months or more."
        )
    for name, value in given.items():
        if name in _BETWEEN:
            low, high = _BETWEEN[name]
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not low <= value <= high:
                raise ConfigurationError(
                    f"tasks.value.{name} is {value!r}", hint=f"Give a number from {low} to {high}."
                )
        if name in _WORDS and value not in _WORDS[name]:
            raise ConfigurationError(
                f"tasks.value.{name} is {value!r}", hint=f"Give one of {', '.join(_WORDS[name])}."
            )

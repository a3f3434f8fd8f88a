"""What `[tasks.rating]` of a bank may say, checked once; the shipped credit classes and haircuts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from bankmine.errors import ConfigurationError
from bankmine.evaluation.master_scale import Limits

CREDIT = ("card", "loan", "mortgage")  # product families that are credit: a class may keep them away
HAIRCUTS = MappingProxyType({"home": 0.25, "vehicle": 0.45, "equipment": 0.6})
SENTENCES = MappingProxyType(
    {
        "customer_by": "how loans make a customer's chance: worst (the default, the worst loan's) or "
        "exposure (mean by what is owed)",
        "default_of": "whose a default is: loan (the default; the other loans of a customer in default have "
        "their own chances) or customer (all of them are taken to default)",
        "method": "how limits of grades are found: optimal (the default) or geometric",
        "most_grades": "most grades of a scale, 10 by default",
        "least_share": "least share of customers in a grade, 0.02 by default",
        "least_bads": "least defaulted customers in a grade, 8 by default",
        "least_ratio": "how many times the chance of the grade before, at least, 1.25 by default",
        "haircuts": "share taken off the value of collateral by kind: {home = 0.25, vehicle = 0.45, "
        "equipment = 0.6} by default, of other kinds 0.6",
        "junior_haircut": "further share taken off where another lender is served first, 0.5 by default",
        "loss_share": "stated loss of what is not covered by collateral, 0.45 by default; used where too few "
        "work-outs are known",
        "least_loss_share": "stated loss where all is covered, 0.1 by default",
        "conversion_factor": "stated share of an unused line that is drawn until default, 0.4 by default; "
        "used where too few lines defaulted",
        "least_workouts": "known work-outs (or defaulted lines) from which a loss (or conversion) counts as "
        "measured, 10 by default",
        "workout_months": "months after default when a work-out counts as known, 18 by default",
        "recovery_rate": "yearly rate at which later recoveries count less, 0.05 by default",
        "classes": "the credit classes: a list of {name, up_to, limit, price, surcharge, products, "
        "review_months}; A to E by default (docs/rating.md)",
    }
)
WHOLE = ("most_grades", "least_bads", "least_workouts", "workout_months", "review_months")
_BETWEEN = {
    "least_share": (0.0, 0.5), "least_ratio": (1.01, 10.0), "junior_haircut": (0.0, 1.0),
    "loss_share": (0.0, 1.0), "least_loss_share": (0.0, 1.0), "conversion_factor": (0.0, 1.0),
    "recovery_rate": (0.0, 1.0), "most_grades": (2, 30),
}  # fmt: skip
_WORDS = {
    "customer_by": ("worst", "exposure"),
    "default_of": ("loan", "customer"),
    "method": ("optimal", "geometric"),
}


@dataclass(frozen=True, kw_only=True)
class CreditClass:
    """A class and its terms: grades with a through-the-cycle chance of at most `up_to` belong to it.

    `limit` is a multiple of the usual limit of the customer's kind, `surcharge` in percentage points a year
    over the best price, `products` the credit families that may be offered, `review_months` between reviews.
    """

    name: str
    up_to: float
    limit: float
    price: str
    surcharge: float
    products: tuple[str, ...]
    review_months: int


CLASSES = (
    CreditClass(name="A", up_to=0.01, limit=1.5, price="P1", surcharge=0.0, products=CREDIT,
                review_months=12),
    CreditClass(name="B", up_to=0.03, limit=1.0, price="P2", surcharge=0.5, products=CREDIT,
                review_months=12),
    CreditClass(name="C", up_to=0.08, limit=0.6, price="P3", surcharge=1.5, products=CREDIT,
                review_months=6),
    CreditClass(name="D", up_to=0.20, limit=0.25, price="P4", surcharge=4.0, products=("mortgage",),
                review_months=3),
    CreditClass(name="E", up_to=1.0, limit=0.0, price="none", surcharge=0.0, products=(), review_months=1),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one run."""

    customer_by: str = "worst"
    default_of: str = "loan"
    method: Any = "optimal"
    most_grades: int = 10
    least_share: float = 0.02
    least_bads: int = 8
    least_ratio: float = 1.25
    haircuts: Mapping[str, float] = field(default_factory=lambda: dict(HAIRCUTS))
    junior_haircut: float = 0.5
    loss_share: float = 0.45
    least_loss_share: float = 0.1
    conversion_factor: float = 0.4
    least_workouts: int = 10
    workout_months: int = 18
    recovery_rate: float = 0.05
    classes: tuple[CreditClass, ...] = CLASSES

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Settings:
        """From what the bank says, which `check` has accepted."""
        own = {name: value for name, value in given.items() if name in SENTENCES}
        if "classes" in own:
            own["classes"] = tuple(
                CreditClass(**{**one, "products": tuple(one["products"])}) for one in own["classes"]
            )
        return cls(**own)

    @property
    def limits(self) -> Limits:
        """What each grade must hold."""
        return Limits(
            most_grades=self.most_grades, least_share=self.least_share, least_bads=self.least_bads,
            least_ratio=self.least_ratio,
        )  # fmt: skip


def check(given: Mapping[str, Any]) -> None:
    """ConfigurationError for a value that cannot be meant."""
    for name, value in given.items():
        if name in _BETWEEN and not _within(value, *_BETWEEN[name]):
            low, high = _BETWEEN[name]
            raise _wrong(name, value, f"Give a number from {low:g} to {high:g}.")
        if name in _WORDS and value not in _WORDS[name]:
            raise _wrong(name, value, f"Give one of {', '.join(_WORDS[name])}.")
    cuts = given.get("haircuts", {})
    if not isinstance(cuts, Mapping) or not all(_within(one, 0, 1) for one in cuts.values()):
        raise _wrong("haircuts", cuts, "Give a share from 0 to 1 for each kind: {home = 0.25}.")
    if "classes" in given:
        _check_classes(given["classes"])


def _check_classes(found: Any) -> None:
    if not isinstance(found, Sequence) or len(found) < 2 or not all(isinstance(x, Mapping) for x in found):
        raise _wrong("classes", found, "Give two classes or more, each a table; see docs/rating.md.")
    wanted = {one.name for one in fields(CreditClass)}
    for one in found:
        if set(one) != wanted:
            odd = sorted(set(one) ^ wanted)[0]
            raise _wrong("classes", one.get("name"), f"Each class has {', '.join(sorted(wanted))}; {odd}?")
        whole = isinstance(one["review_months"], int) and one["review_months"] >= 1
        money = all(_within(one[name], 0, 100) for name in ("limit", "surcharge"))
        if not whole or not money or not set(one["products"]) <= set(CREDIT):
            raise _wrong(
                "classes", one["name"],
                f"limit and surcharge are numbers from 0 on, review_months whole, products of {CREDIT}.",
            )  # fmt: skip
    limits = [one["up_to"] for one in found]
    rising = all(_within(one, 0, 1) for one in limits) and limits == sorted(set(limits))
    if not rising or limits[-1] != 1 or len({one["name"] for one in found}) < len(found):
        raise _wrong("classes", limits, "up_to rises from class to class and ends with 1; names differ.")


def _within(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _wrong(name: str, value: Any, hint: str) -> ConfigurationError:
    return ConfigurationError(f"tasks.rating.{name} is {value!r}", hint=hint)

"""How a customer lives, read from payments: what is bought, where, when, how large, by which way.

The levels (categories, foreign countries) are the bank's own and learnt by the task that asks
(`tasks.segmentation.living`), so these features are declared for given levels and join a catalogue with
`Catalogue([*CATALOGUE.values(), *consumption_features(...)])`. Income, balances and products are left out
on purpose: segments found here are described by them. So is paying online, which tells foremost who holds a
card.
"""

from __future__ import annotations

from dataclasses import dataclass

from bankmine.customers.feature import Feature
from bankmine.customers.themes import Measure, derived, observed, shares, slug, when
from bankmine.customers.themes.activity import paid_out
from bankmine.windows import Events

THEME = "consumption"
# Payments that say how a customer banks, not how they live.
FINANCIAL = frozenset(
    {
        "benefit", "business_income", "cash_deposit", "fee", "insurance", "inter_bank", "interest",
        "investment", "loan", "loan_disbursed", "loan_payment", "old_age_pension", "penalty_interest",
        "pension", "refund", "salary", "savings", "statement_fee", "transfer_in",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Living:
    """What of a bank's payments can be told apart; empty where its tables do not say.

    `column` holds the `categories` ("category", "mcc", or "" for none); `merchants` says that a purchase is
    a payment with a merchant (otherwise every payment made counts as one). `foreign` are the countries of
    purchases but the most frequent, `times` says that payments have a time of day, `span` is the window of
    all features.
    """

    span: str
    column: str = ""
    categories: tuple[str, ...] = ()
    merchants: bool = False
    cash: bool = False
    foreign: tuple[str, ...] = ()
    cities: bool = False
    times: bool = False


def consumption_features(living: Living) -> tuple[Feature, ...]:
    """The features the levels allow: shares of what is bought, of where, when and how, and how large."""
    bought = paid_out.having("merchant_id") if living.merchants else paid_out
    named = "purchases (payments to merchants)" if living.merchants else "payments made"
    span = living.span
    made = observed(THEME, bought, [Measure("count", "bought_count", f"Number of {named}")], over=(span,))
    made += observed(
        THEME,
        bought.measure("base_minor"),
        [Measure("mean", "bought_mean", f"Mean of {named}")],
        over=(span,),
    )
    if living.categories:
        made += shares(
            THEME, bought, by=living.column, levels=living.categories, stem="bought_share",
            phrase=f"the number of {named}", over=(span,),
        )  # fmt: skip
    parts = [("weekend", bought, "on a Saturday or Sunday")]
    if living.times:
        parts.append(("night", bought, "between midnight and 6:59"))
    if living.foreign:
        parts.append(("abroad", bought.where(country=living.foreign), "abroad"))
    for stem, source, words in parts:
        only = stem if stem in ("weekend", "night") else None
        made += _part(stem, source, named, words, span, only)
    if living.cash:
        made += _cash(span)
    if living.cities:
        cities = Measure("distinct", "bought_cities", f"Number of cities of {named}", unit="cities")
        made += observed(THEME, bought.distinct("city"), [cities], over=(span,))
    return tuple(made)


def share_names(living: Living) -> tuple[str, ...]:
    """Names of the shares of what is bought, "other" last; they add up to 1."""
    if not living.categories:
        return ()
    return tuple(f"bought_share_{slug(level)}_{living.span}" for level in (*living.categories, "other"))


def _part(stem: str, source: Events, named: str, words: str, span: str, only: str | None) -> list[Feature]:
    """The number of purchases of a kind, and their share of all."""
    measure = Measure("count", f"bought_{stem}_count", f"Number of {named}, {words},")
    return [
        *observed(THEME, source, [measure], over=(span,), only=only),
        derived(
            THEME, f"bought_{stem}_share_{span}", "ratio",
            [f"bought_{stem}_count_{span}", f"bought_count_{span}"], unit="share", window=span,
            sentence=f"Share of the {named} {when(span)} that were made {words}.",
        ),
    ]  # fmt: skip


def _cash(span: str) -> list[Feature]:
    """Cash taken out against all payments made."""
    return [
        *observed(
            THEME, paid_out, [Measure("count", "paid_count", "Number of payments made")], over=(span,)
        ),
        *observed(
            THEME, paid_out.where(channel="cash"),
            [Measure("count", "cash_count", "Number of cash withdrawals")], over=(span,),
        ),
        derived(
            THEME, f"cash_share_{span}", "ratio", [f"cash_count_{span}", f"paid_count_{span}"], unit="share",
            window=span, sentence=f"Share of cash withdrawals in the number of payments made {when(span)}.",
        ),
    ]  # fmt: skip

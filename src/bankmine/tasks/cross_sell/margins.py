"""What a product brings and what offering it costs, by a rule that is stated and can be checked by hand.

    yearly margin = expected holding × (the rate margin) + 12 × monthly fee
    expected profit of an offer = chance × years × yearly margin − cost of the contact

The rate margin is transfer rate less customer rate where the customer lays money in, customer rate less
transfer rate where the bank lends; expected losses are not taken off. Where nothing is laid in or lent
(insurance, funds) the mean revenue of accepted offers stands for it, if at least FEWEST were accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bankmine.engine.session import Session
from bankmine.errors import ConfigurationError
from bankmine.tasks.contract import Bank
from bankmine.tasks.sql import statement

FOLDER = Path(__file__).parent
FEWEST = 20
LENT = ("card", "loan", "mortgage")
LAID_IN = ("current", "savings", "deposit")
CHANNEL, YEARS = "branch", 1.0
_REVENUE = """
SELECT o.product_code, count(*) AS answers, avg(c.revenue_minor) AS revenue_minor
FROM contact AS c INNER JOIN offer AS o USING (offer_id)
WHERE c.arm = 'treated' AND c.response = 'accepted' AND c.revenue_minor IS NOT NULL
GROUP BY o.product_code ORDER BY o.product_code
"""
_PRICED = (
    "SELECT DISTINCT channel FROM channel_cost "
    "WHERE channel IS NOT NULL AND unit_cost_minor IS NOT NULL ORDER BY channel"
)


@dataclass(frozen=True, kw_only=True)
class Product:
    """`margin_minor`: what one is expected to bring in the years that count; `how` says by which rule."""

    code: str
    name: str
    family: str
    risk_class: int | None
    margin_minor: float
    how: str


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One way to offer a product; `rule` is the bank's own eligibility rule, empty without one."""

    offer: str
    product: str
    channel: str
    cost_minor: float
    rule: str = ""


@dataclass(frozen=True)
class Prices:
    """Products by code, the ways to offer each (cheapest first), and the rule in words."""

    products: Mapping[str, Product]
    offers: Mapping[str, tuple[Offer, ...]]
    sentence: str


def prices(bank: Bank) -> Prices:
    """From the bank's tables as known at the cutoff; a table the bank lacks adds nothing."""
    years = float(bank.settings.get("years", YEARS))
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory) as session:
        sizes = session.arrow(_readable(bank, statement(FOLDER, "margins"))).to_pylist()
        told = bank.warehouse.has("contact") and bank.warehouse.has("offer")
        revenue = session.arrow(_REVENUE).to_pylist() if told else []
        products = {one["product_code"]: _product(one, _measured(revenue, one), years) for one in sizes}
        offers = _offers(bank, session, products)
        bank.note("margins", session.statements)
    return Prices(products, offers, _sentence(years))


def check_channel(bank: Bank, price: Prices) -> None:
    """ConfigurationError for a channel without a price, where it is set or a product has no offer of its own.

    A bank that keeps no channel costs has contacts without cost.
    """
    needed = any(way.offer == "" for ways in price.offers.values() for way in ways)
    if not bank.warehouse.has("channel_cost") or not (needed or "channel" in bank.settings):
        return
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory) as session:
        priced = session.arrow(_PRICED).column("channel").to_pylist()
    channel = str(bank.settings.get("channel", CHANNEL))
    if priced and channel not in priced:
        raise ConfigurationError(
            f"cross_sell: the channel {channel!r} has no price in channel_cost",
            hint=f"Set channel to one of {', '.join(priced)}.",
        )


def _readable(bank: Bank, sql: str) -> str:
    """The statement, with an empty relation in the place of each table the bank lacks."""
    empty = {
        "balance": "0 AS account_id, 0 AS balance_minor, now() AS event_time",
        "account": "0 AS account_id, '' AS product_code, NULL AS closed_on",
        "loan": "0 AS customer_id, DATE '2000-01-01' AS granted_on, 0 AS principal_minor",
        "rate_history": "'' AS product_code, 0.0 AS customer_rate, 0.0 AS transfer_rate, 0 AS fee_minor",
        "channel_cost": "'' AS channel, 0 AS unit_cost_minor",
    }  # fmt: skip
    for table, instead in empty.items():
        if not bank.warehouse.has(table):
            for word in ("FROM", "JOIN"):
                sql = sql.replace(f"{word} {table} ", f"{word} (SELECT {instead} WHERE FALSE) ")
    return sql


def _measured(revenue: list[dict[str, Any]], one: Mapping[str, Any]) -> float | None:
    """Mean revenue of accepted offers of the product, None where too few were."""
    for found in revenue:
        if found["product_code"] == one["product_code"] and found["answers"] >= FEWEST:
            return float(found["revenue_minor"])
    return None


def _product(one: Mapping[str, Any], measured: float | None, years: float) -> Product:
    size, family = float(one["size_minor"] or 0), str(one["family"])
    paid, treasury = float(one["customer_rate"] or 0), float(one["transfer_rate"] or 0)
    side = paid - treasury if family in LENT else treasury - paid if family in LAID_IN else 0.0
    known = one["transfer_rate"] is not None and (family not in LENT or one["customer_rate"] is not None)
    yearly = size * side * known + 12 * float(one["fee_minor"])
    how = f"{side:.2%} on what is held, and fees" if known and size and side else "fees"
    if measured is not None and family not in (*LENT, *LAID_IN):
        yearly, how = measured / years, "mean revenue of accepted offers"
    elif yearly == 0:
        how = "nothing is known of what it brings"
    return Product(
        code=one["product_code"], name=one["name"] or one["product_code"], family=family,
        risk_class=one["risk_class"], margin_minor=round(years * yearly), how=how,
    )  # fmt: skip


def _offers(bank: Bank, session: Session, products: Mapping[str, Product]) -> dict[str, tuple[Offer, ...]]:
    """The bank's offers for each product; for a product without any, a contact by the setting's channel."""
    channel = str(bank.settings.get("channel", CHANNEL))
    unit = 0.0
    if bank.warehouse.has("channel_cost"):
        sql = "SELECT coalesce(max(unit_cost_minor), 0) FROM channel_cost WHERE channel = $channel"
        unit = float(session.scalar(sql, {"channel": channel}))
    found: dict[str, list[Offer]] = {code: [] for code in products}
    if bank.warehouse.has("offer"):
        for one in session.arrow(_readable(bank, statement(FOLDER, "offers"))).to_pylist():
            if one["product_code"] in found:
                found[one["product_code"]].append(
                    Offer(
                        offer=one["offer_id"], product=one["product_code"], channel=one["channel"] or channel,
                        cost_minor=float(one["cost_minor"]), rule=one["eligibility_rule"] or "",
                    )
                )  # fmt: skip
    usual = {code: [Offer(offer="", product=code, channel=channel, cost_minor=unit)] for code in products}
    return {
        code: tuple(sorted(ways or usual[code], key=lambda way: (way.cost_minor, way.offer)))
        for code, ways in found.items()
    }


def _sentence(years: float) -> str:
    span = "one year" if years == 1 else f"{years:g} years"
    return (
        f"Expected profit: the chance of taking the product times {span} of its margin (rate margin on what "
        "such a product holds on average, and fees), less the cost of the contact. The chance is that of "
        "taking it within the horizon with the bank's usual selling, not what one more contact adds."
    )

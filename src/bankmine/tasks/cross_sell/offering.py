"""Which product of a family to offer a customer, by which way, at what expected profit; or why not at all.

For every customer who lacks a family: the product its like take most often among those it may be offered,
by the cheapest way it has agreed to. What forbids every product is kept as the reason of the refusal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.customers.conditions import NO_SALE, WORDS, Conditions
from bankmine.engine.session import Session
from bankmine.errors import BankmineError
from bankmine.tasks.contract import Bank, Floats, Ints, Truth
from bankmine.tasks.cross_sell.eligibility import Eligibility, features_of, holds
from bankmine.tasks.cross_sell.holdings import Openings
from bankmine.tasks.cross_sell.margins import Offer, Prices, Product
from bankmine.tasks.sql import statement

FOLDER = Path(__file__).parent
RECENT_DAYS = 365
PRIOR = 5.0  # openings of the whole bank that count beside those of the own band of income
NO_WAY = "no consent to be contacted by any way it is offered"
NO_RULE = "the offer's own rule does not hold"
NO_RISK = "above the customer's risk class"
HELD = "holds one already"
APPLIED = "has applied for one in the last 30 days"


@dataclass(frozen=True)
class Chosen:
    """What is offered to each customer in one family; arrays and lists of shape (customers,).

    `refused` is empty where something is offered; else product and way are those nearest to being offered.
    `margin_minor` is expected over the products the customer may take, as often as their like take each.
    """

    product: Sequence[str]
    offer: Sequence[str]
    channel: Sequence[str]
    cost_minor: Floats
    margin_minor: Floats
    refused: Sequence[str]

    def profit(self, chance: Floats) -> Floats:
        """Expected profit, minor units, whole."""
        return np.round(chance * self.margin_minor - self.cost_minor)


@dataclass(frozen=True)
class Customers:
    """What eligibility looks at: conditions, channels, class, band, and the features that rules read, of each
    customer."""

    ids: Ints
    forbidden: Sequence[str]
    channels: Mapping[str, Truth] | None
    risk_class: Sequence[str | None]
    band: Sequence[str | None]
    features: Any

    def allows(self, channel: str) -> Truth:
        """Who may be contacted by a channel; everybody where the bank keeps no consents."""
        if self.channels is None:
            return np.ones(len(self.ids), dtype=np.bool_)
        none = np.zeros(len(self.ids), dtype=np.bool_)
        return self.channels.get(channel, none) | self.channels.get("any", none)

    def at(self, places: Ints) -> Customers:
        """Some of them, in the order of the places."""
        told = ([column[place] for place in places.tolist()] for column in
                (self.forbidden, self.risk_class, self.band))  # fmt: skip
        forbidden, risk_class, band = told
        channels = None
        if self.channels is not None:
            channels = {name: which[places] for name, which in self.channels.items()}
        features = self.features.take(places)
        return Customers(self.ids[places], forbidden, channels, risk_class, band, features)


def rule_features(allowed: Eligibility, prices: Prices) -> tuple[str, ...]:
    """The features that the rules and the offers' own rules read; rules that cannot be read are left out."""
    wanted = dict.fromkeys(allowed.features)
    for ways in prices.offers.values():
        for one in ways:
            wanted |= dict.fromkeys(_read(one) or ())
    return tuple(wanted)


def customers_of(bank: Bank, ids: Ints, known: Conditions, features: Any) -> Customers:
    """The customers with their conditions, consents and classes, as known at the cutoff."""
    import pyarrow as pa
    import pyarrow.compute as pc

    told = [known.of(int(one)) for one in ids]
    forbidden = ["; ".join(WORDS[flag] for flag in flags if flag in NO_SALE) for flags in told]
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory) as session:
        found = session.arrow(
            "SELECT customer_id, any_value(risk_class) AS risk_class, any_value(income_band) AS income_band "
            "FROM customer GROUP BY customer_id ORDER BY customer_id"
        )
        channels = None
        if bank.warehouse.has("consent"):
            channels = _channels(session.arrow(statement(FOLDER, "consenting")), ids)
        bank.note("eligibility", session.statements)
    place = pc.index_in(pa.array(ids), value_set=found.column("customer_id"))
    classes, bands = (found.column(name).take(place).to_pylist() for name in ("risk_class", "income_band"))
    return Customers(ids, forbidden, channels, classes, bands, features)


def choose(
    bank: Bank, family: str, prices: Prices, allowed: Eligibility, who: Customers, opened: Openings
) -> Chosen:
    """What to offer each customer in a family, and why not where nothing may be."""
    products = [one for one in prices.products.values() if one.family == family]
    refused = _family_refusals(bank, family, allowed, who)
    liking = preferences(products, opened, who)
    ways = [_ways(bank, one, prices.offers[one.code], allowed, who) for one in products]
    open_to = np.stack([way.reason == "" for way in ways], axis=1)
    best = np.argmax(np.where(open_to, liking + 2.0, liking), axis=1)
    row = np.arange(len(best))
    offer, channel, reason = (
        np.stack([getattr(way, name) for way in ways])[best, row].tolist()
        for name in ("offer", "channel", "reason")
    )
    return Chosen(
        product=[products[place].code for place in best.tolist()],
        offer=offer,
        channel=channel,
        cost_minor=np.asarray(np.stack([way.cost for way in ways])[best, row], dtype=np.float64),
        margin_minor=expected_margin(products, liking, open_to),
        refused=[one or other for one, other in zip(refused, reason, strict=True)],
    )


def preferences(products: Sequence[Product], opened: Openings, who: Customers) -> Floats:
    """Share of each product among the family's openings by customers of the same band of income, drawn
    towards the bank's own; shape (customers, products), rows sum to 1."""
    codes = {one.code: place for place, one in enumerate(products)}
    names, band = np.unique(np.array([str(one) for one in who.band]), return_inverse=True)
    code = np.array([codes.get(one, -1) for one in opened.product.tolist()], dtype=np.int64)
    order = np.argsort(who.ids, kind="stable")
    at = order[np.searchsorted(who.ids[order], opened.customer).clip(max=max(len(order) - 1, 0))]
    asked = (code >= 0) & (who.ids[at] == opened.customer)
    counts = np.zeros((len(names), len(codes)))
    np.add.at(counts, (band[at[asked]], code[asked]), 1)
    whole = counts.sum(axis=0)
    usual = whole / whole.sum() if whole.sum() else np.full(len(codes), 1 / max(len(codes), 1))
    share = (counts + PRIOR * usual) / (counts.sum(axis=1, keepdims=True) + PRIOR)
    return np.asarray(share[band], dtype=np.float64)


def expected_margin(products: Sequence[Product], liking: Floats, open_to: Truth) -> Floats:
    """What one product of the family brings each customer's bank: the margins weighted by how often each is
    taken, over the products open to the customer (over all where none is); shape (customers,)."""
    weight = np.where(open_to.any(axis=1, keepdims=True), liking * open_to, liking)
    total = weight.sum(axis=1)
    margin = np.array([one.margin_minor for one in products], dtype=np.float64)
    return np.asarray(np.divide(weight @ margin, total, out=np.zeros(len(total)), where=total > 0))


def family_margins(
    families: Sequence[str], then: Prices, opened: Openings, today: Prices
) -> tuple[dict[str, float], list[str]]:
    """What one product of each family brought on average by the prices of then, with the openings before.

    A family of which no product was known then has today's margin: those families are the second value.
    """
    late = [one for one in families if all(item.family != one for item in then.products.values())]
    margins = {}
    for family in families:
        own = opened.only(opened.family == opened.families.index(family))
        margins[family] = family_margin(family, today if family in late else then, own)
    return margins, late


def family_margin(family: str, prices: Prices, opened: Openings) -> float:
    """What one product of a family brings on average: the margins weighted by how often each was opened.

    The prices have to hold a product of the family.
    """
    products = [one for one in prices.products.values() if one.family == family]
    counts = np.array([np.count_nonzero(opened.product == one.code) for one in products], dtype=np.float64)
    margin = np.array([one.margin_minor for one in products], dtype=np.float64)
    return float((margin * counts).sum() / counts.sum()) if counts.sum() else float(margin.mean())


@dataclass(frozen=True)
class _Way:
    """The cheapest allowed way to offer one product to each customer; `reason` is empty where one is."""

    offer: Any
    channel: Any
    cost: Floats
    reason: Any


def _ways(
    bank: Bank, product: Product, offers: Sequence[Offer], allowed: Eligibility, who: Customers
) -> _Way:
    count = len(who.ids)
    offer = np.full(count, offers[0].offer, dtype=object)
    channel = np.full(count, offers[0].channel, dtype=object)
    cost, reason = np.full(count, offers[0].cost_minor), np.full(count, NO_WAY, dtype=object)
    free = np.ones(count, dtype=np.bool_)
    for one in offers:
        fits = _rule_holds(bank, one, who)
        reason[free & ~fits] = NO_RULE
        took = free & fits & who.allows(one.channel)
        reason[free & fits & ~took] = NO_WAY
        offer[took], channel[took], cost[took], reason[took] = one.offer, one.channel, one.cost_minor, ""
        free &= ~took
    bears = {one: allowed.may_bear(one, product.risk_class) for one in set(who.risk_class)}
    risky = [not bears[one] for one in who.risk_class]
    reason[np.array(risky, dtype=np.bool_)] = NO_RISK
    return _Way(offer, channel, cost, reason)


def _rule_holds(bank: Bank, offer: Offer, who: Customers) -> Truth:
    """Where the offer's own rule holds; nowhere where it cannot be read or a feature of it is not there."""
    if not offer.rule:
        return np.ones(len(who.ids), dtype=np.bool_)
    wanted = _read(offer)
    if wanted is None or not set(wanted) <= set(who.features.column_names):
        return np.zeros(len(who.ids), dtype=np.bool_)
    return holds(bank, who.features, [offer.rule])[0][0]


def _read(offer: Offer) -> tuple[str, ...] | None:
    """The features the offer's own rule reads; None where it cannot be read."""
    try:
        return features_of([offer.rule]) if offer.rule else ()
    except BankmineError:
        return None


def _family_refusals(bank: Bank, family: str, allowed: Eligibility, who: Customers) -> list[str]:
    """For each customer the conditions and rules that forbid the family, in words; empty where none does.

    A rule over a feature this bank lacks cannot be told of anyone.
    """
    told = [[one] if one else [] for one in who.forbidden]
    for rule in allowed.rules:
        if not rule.speaks_of(family):
            continue
        true = known = np.zeros(len(who.ids), dtype=np.bool_)
        if set(features_of([rule.needs])) <= set(who.features.column_names):
            ((true, known),) = holds(bank, who.features, [rule.needs])
        barred = np.where(known, ~true, not rule.unknown)
        for row in np.flatnonzero(barred).tolist():
            told[row].append(rule.refused if known[row] else f"not known: {rule.refused}")
    return ["; ".join(one) for one in told]


def _channels(found: Any, ids: Ints) -> dict[str, Truth]:
    made: dict[str, Truth] = {}
    customers = np.asarray(found.column("customer_id").to_numpy(), dtype=np.int64)
    names = np.array(found.column("channel").to_pylist(), dtype=object)
    for name in sorted(set(names.tolist())):
        made[name] = np.isin(ids, customers[names == name])
    return made

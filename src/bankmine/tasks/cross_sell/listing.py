"""All families put together: the best offers of each customer, those refused with the reason, the blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from bankmine.tasks.contract import ROW_COLUMNS, Decision, Floats, Ints
from bankmine.tasks.cross_sell.following import Followed
from bankmine.tasks.cross_sell.holdings import Look
from bankmine.tasks.cross_sell.offering import APPLIED, HELD, Chosen
from bankmine.tasks.cross_sell.sentences import sentence
from bankmine.tasks.sql import instants
from bankmine.tasks.study import Asked, Block

BEST = "best_offer"
NOW, CAMPAIGN, NOT_WORTH, NOT_ALLOWED = "offer now", "next campaign", "not worth a contact", "not eligible"
TRIAL = "test only"
OFFERED = (NOW, CAMPAIGN, TRIAL)
ACTIONS = MappingProxyType(
    {
        NOW: "Make the offer now by the way named, with a hold-out group.",
        CAMPAIGN: "Put into the next campaign for the product, with a hold-out group.",
        TRIAL: "Only as a test, with a hold-out group: this list is not proved better than what is usual.",
        NOT_WORTH: "Leave alone: a contact costs more than it is expected to bring.",
        NOT_ALLOWED: "Do not offer it: the reason is in the table of refusals.",
    }
)
FIRST_SHARE = 0.1
_NEVER = 1e18  # order of rows that are not offered anything: after all others


@dataclass(frozen=True)
class FamilyOffers:
    """One family's question with what is offered; arrays over the question's scored rows."""

    family: str
    asked: Asked
    chosen: Chosen
    profit: Floats
    usual: float

    @cached_property
    def customers(self) -> Ints:
        """The customer of each row."""
        return np.asarray(self.asked.rows.column("customer_id").to_numpy(), dtype=np.int64)

    @property
    def likely(self) -> Any:
        """Rows whose chance is at least the usual one."""
        return np.asarray(self.asked.probability) >= self.usual

    @cached_property
    def open(self) -> Any:
        """Rows where the family may be offered."""
        return np.array([not one for one in self.chosen.refused], dtype=np.bool_)


def graded(profit: Floats, may: Any, likely: Any, *, proved: bool) -> list[str]:
    """Grade of each row: the first tenth by profit of those worth a contact is offered now, if it is also
    `likely`, that is at least as likely to take it as is usual: a high margin alone is no reason to press.
    Where the list is not proved, nothing is offered now: all of them are for a test only."""
    worth = may & (profit > 0)
    if not proved:
        return [str(one) for one in np.where(worth, TRIAL, np.where(may, NOT_WORTH, NOT_ALLOWED))]
    ahead = np.searchsorted(np.sort(-profit[worth]), -profit, side="left")
    now = worth & (ahead < FIRST_SHARE * worth.sum()) & likely
    grade = np.where(worth, CAMPAIGN, np.where(may, NOT_WORTH, NOT_ALLOWED)).astype(object)
    grade[now] = NOW
    return [str(one) for one in grade]


def family_block(one: FamilyOffers, *, proved: bool) -> Block:
    """The family's scores, by expected profit; what may not be offered comes last.

    `proved`: whether all first offers together are better than what is popular; the family's model has to
    beat its own baseline besides.
    """
    proved = proved and bool(one.asked.figures["beats_baseline"])
    what = "margin of the product times its chance"
    return one.asked.block(_decision(one.profit, one.open, one.likely, what, proved))


def best_block(families: Sequence[FamilyOffers], look: Look, *, proved: bool) -> Block:
    """One row a customer: the offer expected to bring most."""
    import pyarrow as pa

    profit, chance, place, row = _best(families, look.customers)
    may = place >= 0
    usual = np.array([one.usual for one in families])[place.clip(min=0)]
    lists = pa.concat_arrays([_combined(one.asked.reasons) for one in families])  # one after another
    starts = np.cumsum([0, *(len(one.asked.reasons) for one in families)])[place.clip(min=0)]
    reasons = lists.take(pa.array(np.where(may, starts + row, 0), mask=~may)) if len(lists) else None
    return Block(
        question=BEST, rows=customer_rows(look), probability=chance, reasons=reasons,
        decision=_decision(profit, may, chance >= usual, "the best offer's", proved),
    )  # fmt: skip


def offers_table(
    families: Sequence[FamilyOffers], most: int, catalogue: Mapping[str, Any], currency: str,
    rules: Mapping[int, Mapping[str, Followed]],
) -> Any:  # fmt: skip
    """At most `most` offers a customer that are worth a contact, most profit first; one sentence each."""
    import pyarrow as pa

    number, row, rank = _ranked(families, most)
    parts, places = [_offer_schema().empty_table()], []
    for place, one in enumerate(families):
        here = np.flatnonzero(number == place)
        reasons = _reasons_of(one, row[here])
        rows = [
            _offer_row(*at, one, why, catalogue, currency, rules)
            for at, why in zip(
                zip(rank[here].tolist(), row[here].tolist(), strict=True), reasons, strict=True
            )
        ]
        parts.append(pa.Table.from_pylist(rows, schema=_offer_schema()))
        places.append(here)
    order = np.argsort(np.concatenate([np.zeros(0, np.int64), *places]), kind="stable")
    return pa.concat_tables(parts).take(pa.array(order)).combine_chunks()


def _ranked(families: Sequence[FamilyOffers], most: int) -> tuple[Ints, Ints, Ints]:
    """The offers worth a contact, most profit first: the place of the family, its row, and the offer's rank
    among its customer's; at most `most` a customer."""
    rows = [np.flatnonzero(one.open & (one.profit > 0)) for one in families]
    named = np.argsort(np.argsort([one.family for one in families]))
    number = np.repeat(np.arange(len(families)), [len(one) for one in rows])
    row = np.concatenate([np.zeros(0, np.int64), *rows])
    customer, profit = (
        np.concatenate([getattr(one, name)[each] for one, each in zip(families, rows, strict=True)])
        for name in ("customers", "profit")
    )
    order = np.lexsort([named[number], -profit, customer])
    number, row, customer, profit = number[order], row[order], customer[order], profit[order]
    rank = np.arange(len(row)) - np.searchsorted(customer, customer, side="left") + 1
    kept = np.lexsort([rank, customer, -profit])
    kept = kept[rank[kept] <= most]
    return number[kept], row[kept], rank[kept]


def _reasons_of(one: FamilyOffers, rows: Ints) -> list[list[dict[str, Any]]]:
    """The reasons of some rows; none where the chance is not above the usual one: nothing is said of them."""
    import pyarrow as pa

    speaks = np.asarray(one.asked.probability)[rows] > one.usual
    wanted = pa.array(np.where(speaks, rows, 0), mask=~speaks)
    return [each or [] for each in one.asked.reasons.take(wanted).to_pylist()]


def refusals_table(families: Sequence[FamilyOffers], look: Look) -> Any:
    """Each family that is not offered to a customer, with the reason; held or applied for, too."""
    import pyarrow as pa

    customers: list[Any] = []
    names: list[str] = []
    products: list[str | None] = []
    reasons: list[str] = []
    for one in families:
        rows = np.flatnonzero(~one.open)
        customers.append(one.customers[rows])
        products += [one.chosen.product[row] for row in rows.tolist()]
        reasons += [one.chosen.refused[row] for row in rows.tolist()]
        holds = look.column(one.family)
        applied = ~holds & ~np.isin(look.customers, one.customers)  # who lacks it and yet was not asked about
        for which, reason in ((holds, HELD), (applied, APPLIED)):
            customers.append(look.customers[which])
            products += [None] * int(which.sum())
            reasons += [reason] * int(which.sum())
        names += [one.family] * (len(reasons) - len(names))
    table = pa.table(
        {
            "customer_id": np.concatenate(customers), "family": pa.array(names, pa.string()),
            "product": pa.array(products, pa.string()), "reason": pa.array(reasons, pa.string()),
        }
    )  # fmt: skip
    return table.sort_by([("customer_id", "ascending"), ("family", "ascending")])


def rules_met(rules: Sequence[Followed], look: Look) -> dict[int, dict[str, Followed]]:
    """For each customer the strongest standing rule that speaks for each family they lack."""
    found: dict[int, dict[str, Followed]] = {}
    for rule in sorted((one for one in rules if one.stands), key=lambda one: -one.low):
        owns = np.logical_and.reduce([look.column(one) for one in rule.antecedent])
        for who in look.customers[owns & ~look.column(rule.consequent)].tolist():
            found.setdefault(who, {}).setdefault(rule.consequent, rule)
    return found


def _offer_row(
    rank: int, row: int, one: FamilyOffers, reasons: Sequence[Mapping[str, Any]],
    catalogue: Mapping[str, Any], currency: str, rules: Mapping[int, Mapping[str, Followed]],
) -> dict[str, Any]:  # fmt: skip
    chance, customer = float(one.asked.probability[row]), int(one.customers[row])
    told = sentence(
        one.family, chance, one.usual, reasons, catalogue, currency=currency,
        margin_minor=float(one.chosen.margin_minor[row]), rule=rules.get(customer, {}).get(one.family),
    )  # fmt: skip
    return {
        "customer_id": customer, "rank": rank, "family": one.family, "product": one.chosen.product[row],
        "chance": chance, "usual": one.usual, "profit_minor": float(one.profit[row]),
        "channel": one.chosen.channel[row], "offer_id": one.chosen.offer[row],
        "cost_minor": float(one.chosen.cost_minor[row]),
        "margin_minor": float(one.chosen.margin_minor[row]), "why": told,
    }  # fmt: skip


def _offer_schema() -> Any:
    import pyarrow as pa

    texts, numbers = ("family", "product", "channel", "offer_id", "why"), ("chance", "usual")
    kinds = dict.fromkeys(texts, pa.string()) | dict.fromkeys(numbers, pa.float64())
    kinds |= {"customer_id": pa.int64(), "rank": pa.int64(), "profit_minor": pa.float64()}
    names = ("customer_id", "rank", "family", "product", "chance", "usual", "profit_minor", "channel",
             "offer_id", "cost_minor", "margin_minor", "why")  # fmt: skip
    return pa.schema([(name, kinds.get(name, pa.float64())) for name in names])


def _best(families: Sequence[FamilyOffers], customers: Ints) -> tuple[Floats, Floats, Ints, Ints]:
    """Of each customer's best allowed offer: profit, chance, place of its family, its row (−1: none)."""
    profit, chance = np.zeros(len(customers)), np.zeros(len(customers))
    place, row = np.full(len(customers), -1, np.int64), np.full(len(customers), -1, np.int64)
    for number, one in enumerate(families):
        each = np.flatnonzero(one.open)
        here = np.searchsorted(customers, one.customers[each])
        better = (place[here] < 0) | (one.profit[each] > profit[here])
        each, here = each[better], here[better]
        profit[here], chance[here] = one.profit[each], one.asked.probability[each]
        place[here], row[here] = number, each
    return profit, chance, place, row


def _decision(profit: Floats, may: Any, likely: Any, what: str, proved: bool) -> Decision:
    grade = graded(profit, may, likely, proved=proved)
    counts = {word: grade.count(word) for word in ACTIONS}
    actions = {word: said for word, said in ACTIONS.items() if counts[word]}
    return Decision(
        value=profit, unit="minor units", grade=grade, order=np.where(may, -profit, _NEVER), actions=actions,
        summary={
            "customers": len(profit), "by_grade": counts, "what": what,
            "profit_minor": float(profit[may & (profit > 0)].sum()),
        },
    )  # fmt: skip


def customer_rows(look: Look) -> Any:
    """All customers of a look as rows."""
    import pyarrow as pa

    count = len(look.customers)
    columns = {
        "subject_kind": pa.array(["customer"] * count, pa.string()), "subject_id": look.customers,
        "customer_id": look.customers, "cutoff": instants(np.full(count, look.at, np.int64)),
        "seq": pa.nulls(count, pa.int64()), "value_minor": np.zeros(count, np.int64),
    }  # fmt: skip
    return pa.table({name: columns[name] for name in ROW_COLUMNS})


def _combined(column: Any) -> Any:
    return column.combine_chunks() if hasattr(column, "combine_chunks") else column

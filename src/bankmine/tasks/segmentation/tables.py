"""What the study found as plain values for its page, and as tables that the run keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.bank.keys import show_key
from bankmine.customers.catalogue import CATALOGUE
from bankmine.mining.clustering.matching import Matching
from bankmine.tasks.contract import Bank, Floats
from bankmine.tasks.segmentation.clusters import Chosen
from bankmine.tasks.segmentation.looking import Seen
from bankmine.tasks.segmentation.migration import Migration
from bankmine.tasks.segmentation.model import Applied, SegmentModel
from bankmine.tasks.segmentation.offers import Offer, Offers
from bankmine.tasks.segmentation.overlap import Predefined
from bankmine.tasks.segmentation.portraits import Portrait, sums
from bankmine.tasks.segmentation.style import values_of
from bankmine.tasks.segmentation.words import plain_name, talk
from bankmine.tasks.study import Kept, Shape

TRAITS, FINDINGS = 8, 6
BALANCE = "balance_last_all"
TYPICAL = ("age", "tenure", "products_held_count")


@dataclass(frozen=True)
class Found:
    """Everything the study knows when it answers."""

    bank: Bank
    seen: Seen
    model: SegmentModel
    applied: Applied
    chosen: Chosen
    portraits: tuple[Portrait, ...]
    rules: tuple[Predefined, ...]
    migration: Migration | None
    offers: Offers
    matching: Matching | None

    @property
    def segments(self) -> int:
        """How many segments there are, companies among them."""
        return len(self.model.ids)


def figures(found: Found) -> dict[str, Any]:
    """Plain values for the page, the summary and the next run."""
    return {
        **found.chosen.figures,
        "rows": found.seen.rows.num_rows,
        "clear": int(found.applied.clear.sum()),
        "months": found.seen.months,
        "segments": [_segment(found, one) for one in found.portraits],
        "next_id": _next_id(found),
        "changes": _changes(found),
        "predefined": [_rule(found, one) for one in found.rules],
        "migration": _migration(found),
        "suggestions": [_suggestion(found, one) for one in found.offers.offers],
        "suggestions_tested": found.offers.sentence,
        "suggestions_tried": found.offers.tried,
        "adoption_months": found.offers.months,
        "model_of_segments": found.model.to_json(),
    }  # fmt: skip


def kept(found: Found) -> dict[str, Kept]:
    """The tables of the run."""
    made = {"suggestions": _suggestion_table(found), "suggested": _suggested_table(found)}
    made |= {"differences": _difference_table(found), "overlap": _overlap_table(found)}
    if found.migration is not None:
        made["moves"] = _moves_table(found, found.migration)
    return made | {"predefined": _predefined_table(found), "members": _members_table(found)}


def _next_id(found: Found) -> int:
    """The first id that no segment ever had."""
    own = max(found.model.ids) + 1
    return max(own, found.matching.next_id) if found.matching else own


def _segment(found: Found, one: Portrait) -> dict[str, Any]:
    model, label = found.model, found.applied.label
    inside, money = label == one.label, sums(label, found.seen.money, found.segments)
    size = int(inside.sum())
    has_balance = BALANCE in found.seen.features.column_names
    balance = values_of(found.seen.features, BALANCE) if has_balance else None
    gate = found.chosen.figures["stability"]["clusters"]
    return {
        "number": model.ids[one.label] + 1, "label": one.label, "name": model.names[one.label],
        "size": size, "share": size / len(label),
        "unclear": int((inside & ~found.applied.clear).sum()),
        "money_minor": float(money[one.label]),
        "money_share": float(money[one.label] / max(money.sum(), 1.0)),
        "balance_minor": float(np.nansum(balance[inside])) if balance is not None else None,
        "stability": gate[one.label] if one.label < len(gate) else None,
        "traits": _traits(found, one), "banking": _banking(one),
        "typical": _typical(found, one),
        "reach": found.offers.reach[one.label].words if found.offers.reach else "",
        "channel": _channel(found, one.label),
    }  # fmt: skip


def _traits(found: Found, one: Portrait) -> list[dict[str, Any]]:
    """What sets the segment apart in living, with medians in the features' own units."""
    if one.living is None:
        return []
    rows = (found.applied.label == one.label) & found.applied.clear
    return [
        {
            "feature": trait.feature, "effect": trait.effect, "level": trait.level,
            "words": talk(trait.feature)[1 if trait.effect > 0 else 2],
            "inside": _middle(values_of(found.seen.features, trait.feature)[rows]),
            "outside": _middle(values_of(found.seen.features, trait.feature)[~rows & found.applied.clear]),
        }
        for trait in one.living.traits
    ]  # fmt: skip


def _banking(one: Portrait) -> list[dict[str, Any]]:
    return [
        {
            "feature": each.column, "level": each.level, "inside": each.inside, "outside": each.outside,
            "effect": each.effect, "size": each.size, "q": each.q,
            "unit": "share" if each.level is not None else CATALOGUE[each.column].unit,
        }
        for each in one.banking
    ]  # fmt: skip


def _typical(found: Found, one: Portrait) -> dict[str, Any] | None:
    """The most typical customer, pseudonymous: what they buy most, and who they are."""
    if one.typical is None:
        return None
    features, row = found.seen.features, one.typical
    shares = [name for whole in found.model.wanted.wholes for name in whole]
    bought = sorted(((_at(features, name, row) or 0.0, name) for name in shares), reverse=True)
    return {
        "customer": show_key(int(found.seen.customers[row])),
        "money_minor": float(found.seen.money[row]),
        "bought": [{"what": plain_name(name), "share": share} for share, name in bought[:3] if share > 0],
        "facts": {
            name: _at(features, name, row) for name in TYPICAL if name in features.column_names
        },
    }  # fmt: skip


def _channel(found: Found, label: int) -> dict[str, Any] | None:
    channel = found.offers.reach[label].channel if found.offers.reach else None
    return dict(vars(channel)) if channel else None


def _changes(found: Found) -> dict[str, Any]:
    """What became of the earlier run's segments."""
    matching = found.matching
    if matching is None:
        return {}
    carried = [one for one in matching.clusters if one.previous is not None]
    return {
        "carried": len(carried), "new": len(matching.clusters) - len(carried),
        "stayed": matching.stayed, "lost": [one + 1 for one in matching.lost],
        "splits": [
            {"number": one.id + 1, "parts": [{"number": p.id + 1, "share": p.share} for p in one.into]}
            for one in matching.splits
        ],
        "merges": [
            {"number": one.id + 1, "parts": [{"number": p.id + 1, "share": p.share} for p in one.out_of]}
            for one in matching.merges
        ],
    }  # fmt: skip


def _rule(found: Found, one: Predefined) -> dict[str, Any]:
    rule = one.members.rule
    return {
        "name": rule.name, "title": rule.title, "sentence": rule.sentence, "own": rule.own, "sql": rule.sql,
        "refused": one.members.refused, "customers": one.customers,
        "share": one.customers / max(len(one.inside), 1),
        "money_minor": float(found.seen.money[one.inside].sum()),
        "shares": [one.share(label) for label in range(found.segments)],
        "lifts": [one.lift(label) for label in range(found.segments)],
    }  # fmt: skip


def _migration(found: Found) -> dict[str, Any] | None:
    seen = found.migration
    if seen is None:
        return None
    return {
        "months": seen.months, "customers": seen.customers.tolist(), "money": seen.money.tolist(),
        "joined": seen.joined.tolist(), "left": seen.left.tolist(), "moved": seen.moved,
        "both": int(seen.customers.sum()),
        "moved_money": float(seen.money.sum() - np.trace(seen.money)),
        "all_money": float(seen.money.sum()),
    }  # fmt: skip


def _suggestion(found: Found, offer: Offer) -> dict[str, Any]:
    one, last = offer.suggested, offer.test
    return {
        "segment": found.model.ids[one.segment] + 1, "name": found.model.names[one.segment],
        "family": one.family, "now": len(offer.now), "stands": one.stands, "q": one.q,
        "lift": last.value, "low": last.low, "high": last.high, "suggested": last.suggested,
        "adopted": last.adopted, "rate": last.rate, "others_rate": last.others_rate,
        "rule": one.rule, "found": one.found.value if one.found else None, "sentence": offer.sentence,
    }  # fmt: skip


def _suggestion_table(found: Found) -> Kept:
    rows = [
        {
            **{name: value for name, value in one.items() if name not in ("sentence", "segment")},
            "number": one["segment"], "verdict": "stands" if one["stands"] else "did not stand",
            "reach": found.offers.reach[offer.suggested.segment].words,
        }
        for one, offer in ((_suggestion(found, offer), offer) for offer in found.offers.offers)
    ]  # fmt: skip
    columns = {
        "name": Shape("Segment"), "family": Shape("Offer"), "rule": Shape("Rule"),
        "now": Shape("Customers now", "number", 0),
        "suggested": Shape("Suggested then", "number", 0), "rate": Shape("Opened it", "share"),
        "others_rate": Shape("Others opened it", "share"), "lift": Shape("Adoption lift", "number", 2),
        "low": Shape("Low", "number", 2), "high": Shape("High", "number", 2),
        "found": Shape("Lift that found it", "number", 2), "q": Shape("q", "number", 3),
        "verdict": Shape("Verdict"), "reach": Shape("How and when"),
    }  # fmt: skip
    kinds = {"now": "i", "suggested": "i", "adopted": "i", "number": "i", "stands": "b"}
    return Kept(
        table=_table(rows, columns, kinds), title="What could be offered, and how it fared before",
        columns=columns, sentence=found.offers.sentence, shown=20,
    )  # fmt: skip


def _suggested_table(found: Found) -> Kept:
    """Who is suggested what now: only what stood, nobody to whom nothing may be sold."""
    rows = [
        {
            "customer_id": int(found.seen.customers[row]),
            "segment": found.model.names[one.suggested.segment],
            "family": one.suggested.family, "usual": float(usual), "lift": one.test.value,
        }
        for one in found.offers.offers
        if one.suggested.stands
        for row, usual in zip(one.now, one.usual, strict=True)
    ]  # fmt: skip
    columns = {
        "customer_id": Shape("Customer", "key"), "segment": Shape("Segment"), "family": Shape("Offer"),
        "usual": Shape("Held by their like", "share"), "lift": Shape("Adoption lift", "number", 2),
    }  # fmt: skip
    return Kept(
        table=_table(rows, columns, {"customer_id": "i"}), title="Whom to offer what",
        columns=columns,
        sentence="Customers who lack what most of their like hold. Whoever has a flag that forbids selling, "
        "an ended relation or no consent to marketing is left out.",
    )  # fmt: skip


def _difference_table(found: Found) -> Kept:
    rows = [
        {
            "segment": found.model.names[one.label],
            "what": each["feature"].replace("_", " ") + (f": {each['level']}" if each["level"] else ""),
            "feature": each["feature"], "inside": each["inside"], "outside": each["outside"],
            "effect": each["effect"], "size": each["size"], "q": each["q"], "unit": each["unit"],
        }
        for one in found.portraits
        for each in _banking(one)
    ]  # fmt: skip
    columns = {
        "segment": Shape("Segment"), "what": Shape("What"), "inside": Shape("In the segment", "number"),
        "outside": Shape("All others", "number"), "unit": Shape("Unit"),
        "effect": Shape("Effect", "number", 2), "size": Shape("Size"), "q": Shape("q", "number", 4),
    }  # fmt: skip
    return Kept(
        table=_table(rows, columns, {}), title="How each segment banks",
        columns=columns,
        sentence="None of this took part in finding the segments. Medians of numbers, shares of codes; the "
        "effect is Cliff's delta (difference of shares for codes); false discoveries are kept below 5 %.",
    )  # fmt: skip


def _overlap_table(found: Found) -> Kept:
    rows = [
        {
            "rule": one.members.rule.title, "segment": found.model.names[label],
            "customers": int(one.by_segment[label]), "share": one.share(label), "lift": one.lift(label),
        }
        for one in found.rules
        if not one.members.refused
        for label in range(found.segments)
    ]  # fmt: skip
    columns = {
        "rule": Shape("Predefined segment"), "segment": Shape("Segment found"),
        "customers": Shape("Customers in both", "number", 0), "share": Shape("Share of the found", "share"),
        "lift": Shape("Times the bank's share", "number", 2),
    }  # fmt: skip
    return Kept(
        table=_table(rows, columns, {"customers": "i"}), title="Both kinds of segments", columns=columns,
        sentence="How many customers of each segment found the bank's own rules hold for.",
    )  # fmt: skip


def _moves_table(found: Found, seen: Migration) -> Kept:
    rows = [
        {
            "source": found.model.names[one.source], "target": found.model.names[one.target],
            "customers": one.customers, "money": one.money_minor,
            "why": "; ".join(
                f"{'more' if why.change > why.stayed else 'less'} {plain_name(why.feature)} "
                f"({why.change - why.stayed:+.1f} spreads)"
                for why in one.reasons
            ),
        }
        for one in seen.moves
    ]  # fmt: skip
    columns = {
        "source": Shape(f"{seen.months} months ago"), "target": Shape("Now"),
        "customers": Shape("Customers", "number", 0), "money": Shape("Money moved by them", "money"),
        "why": Shape("What changed for them, against those who stayed"),
    }  # fmt: skip
    return Kept(
        table=_table(rows, columns, {"customers": "i"}), title="Who moved, and why", columns=columns,
        sentence="The segments of today applied to the customers as they were known then.",
    )  # fmt: skip


def _predefined_table(found: Found) -> Kept:
    rows = [
        {"customer_id": int(customer), "rule": one.members.rule.name, "title": one.members.rule.title}
        for one in found.rules
        for customer in found.seen.customers[one.inside]
    ]
    columns = {"customer_id": Shape("Customer", "key"), "title": Shape("Predefined segment")}
    return Kept(
        table=_table(rows, {**columns, "rule": Shape("rule")}, {"customer_id": "i"}),
        title="Members of the predefined segments", columns=columns,
    )  # fmt: skip


def _members_table(found: Found) -> Kept:
    import pyarrow as pa

    label = found.applied.label
    table = pa.table(
        {
            "customer_id": found.seen.customers,
            "number": np.asarray(found.model.ids, dtype=np.int64)[label] + 1,
            "segment": [found.model.names[one] for one in label],
            "distance": found.applied.distance,
            "known": found.applied.clear,
        }
    )
    columns = {
        "customer_id": Shape("Customer", "key"), "number": Shape("Number", "number", 0),
        "segment": Shape("Segment"), "distance": Shape("Distance from its middle", "number", 2),
    }  # fmt: skip
    return Kept(table=table, title="Members of the segments", columns=columns)


def _table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Shape], kinds: Mapping[str, str]) -> Any:
    """Rows as an Arrow table whose columns have a type even where there is no row."""
    import pyarrow as pa

    types = {"i": pa.int64(), "b": pa.bool_()}
    names = dict.fromkeys([*(rows[0] if rows else ()), *columns])
    made = {}
    for name in names:
        text = name in columns and columns[name].kind == "text"
        guess = types.get(kinds.get(name, ""), pa.string() if text else None)
        values = [row.get(name) for row in rows]
        made[name] = pa.array(values, guess if guess is not None else _type_of(values))
    return pa.table(made)


def _type_of(values: Sequence[Any]) -> Any:
    import pyarrow as pa

    return pa.string() if any(isinstance(one, str) for one in values) else pa.float64()


def _at(features: Any, name: str, row: int) -> float | None:
    value = float(values_of(features, name)[row])
    return None if np.isnan(value) else value


def _middle(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else None

"""The tables a run of segmentation keeps, as its page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bankmine.customers.conditions import Conditions
from bankmine.tasks.flags import FLAGS, conditions_at, with_flags
from bankmine.tasks.segmentation.figures import Found, banking, suggestion
from bankmine.tasks.segmentation.migration import Migration
from bankmine.tasks.segmentation.words import plain_name
from bankmine.tasks.study import Kept, Shape

KEY = "customer_id"


def kept(found: Found) -> dict[str, Kept]:
    """The tables of the run; those that name customers show their flags."""
    made = {"suggestions": _suggestion_table(found), "suggested": _suggested_table(found)}
    made |= {"differences": _difference_table(found), "overlap": _overlap_table(found)}
    if found.migration is not None:
        made["moves"] = _moves_table(found, found.migration)
        made["whereabouts"] = _whereabouts_table(found, found.migration)
    made |= {"predefined": _predefined_table(found), "members": _members_table(found)}
    known = conditions_at(found.bank)
    return {name: _flagged(one, known) if KEY in one.columns else one for name, one in made.items()}


def _flagged(one: Kept, known: Conditions) -> Kept:
    """The table with the flags of its customers, shown behind their keys."""
    columns = {KEY: one.columns[KEY], "flags": FLAGS, **one.columns}
    return replace(one, table=with_flags(one.table, known), columns=columns)


def _suggestion_table(found: Found) -> Kept:
    rows = [
        {
            **{name: value for name, value in one.items() if name not in ("sentence", "segment")},
            "number": one["segment"], "verdict": "stands" if one["stands"] else "did not stand",
            "reach": found.offers.reach[offer.suggested.segment].words,
        }
        for one, offer in ((suggestion(found, offer), offer) for offer in found.offers.offers)
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
        sentence=f"Customers who lack what most of their like hold{_one_product(found)}. Whoever has a flag "
        "that forbids selling, an ended relation or no consent to marketing is left out.",
    )  # fmt: skip


def _one_product(found: Found) -> str:
    """Says so where the list holds one product alone, since no other suggestion stood."""
    stood = [one for one in found.offers.offers if one.suggested.stands]
    families = {one.suggested.family for one in stood}
    if len(families) != 1:
        return ""
    count = (
        f"the one suggestion of {len(found.offers.offers)} that stood"
        if len(stood) == 1
        else (f"the {len(stood)} suggestions of {len(found.offers.offers)} that stood")
    )
    return f"; all of it is {families.pop()}, the product of {count} its test"


def _difference_table(found: Found) -> Kept:
    rows = [
        {
            "segment": found.model.names[one.label],
            "what": each["feature"].replace("_", " ") + (f": {each['level']}" if each["level"] else ""),
            "feature": each["feature"], "inside": each["inside"], "outside": each["outside"],
            "effect": each["effect"], "size": each["size"], "q": each["q"], "unit": each["unit"],
        }
        for one in found.portraits
        for each in banking(one)
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


def _whereabouts_table(found: Found, seen: Migration) -> Kept:
    """Each customer known both times with its segment then and now, so that own rows can be counted."""
    import pyarrow as pa

    names = found.model.names
    table = pa.table(
        {
            "customer_id": seen.who,
            "source": [names[one] for one in seen.source],
            "target": [names[one] for one in seen.target],
        }
    )
    columns = {
        "customer_id": Shape("Customer", "key"), "source": Shape(f"{seen.months} months ago"),
        "target": Shape("Now"),
    }  # fmt: skip
    return Kept(
        table=table, title="Where each customer was and is", columns=columns,
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

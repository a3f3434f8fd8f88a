"""What the study found as plain values, for its page, its summary and the next run."""

from __future__ import annotations

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
    profit: Floats | None

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
        "suggestions": [suggestion(found, one) for one in found.offers.offers],
        "suggestions_tested": found.offers.sentence,
        "suggestions_tried": found.offers.tried,
        "adoption_months": found.offers.months,
        "model_of_segments": found.model.to_json(),
    }  # fmt: skip


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
        **_profit(found, inside),
        "stability": gate[one.label] if one.label < len(gate) else None,
        "traits": _traits(found, one), "banking": banking(one),
        "typical": _typical(found, one),
        "reach": found.offers.reach[one.label].words if found.offers.reach else "",
        "channel": _channel(found, one.label),
    }  # fmt: skip


def _profit(found: Found, inside: Any) -> dict[str, float | None]:
    """Profit of some customers, and their share of that of all."""
    if found.profit is None:
        return {"profit_minor": None, "profit_share": None}
    own, every = float(found.profit[inside].sum()), float(found.profit.sum())
    return {"profit_minor": own, "profit_share": own / every if every > 0 else None}


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


def banking(one: Portrait) -> list[dict[str, Any]]:
    """How a segment banks, against all others."""
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
        "money_minor": float(found.seen.money[one.inside].sum()), **_profit(found, one.inside),
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


def suggestion(found: Found, offer: Offer) -> dict[str, Any]:
    """A suggestion with its test."""
    one, last = offer.suggested, offer.test
    return {
        "segment": found.model.ids[one.segment] + 1, "name": found.model.names[one.segment],
        "family": one.family, "now": len(offer.now), "stands": one.stands, "q": one.q,
        "lift": last.value, "low": last.low, "high": last.high, "suggested": last.suggested,
        "adopted": last.adopted, "rate": last.rate, "others_rate": last.others_rate,
        "rule": one.rule, "found": one.found.value if one.found else None, "sentence": offer.sentence,
    }  # fmt: skip


def _at(features: Any, name: str, row: int) -> float | None:
    value = float(values_of(features, name)[row])
    return None if np.isnan(value) else value


def _middle(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else None

"""The study itself, part by part; each part is a module beside this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bankmine.mining.clustering.matching import Matching, match_clusters
from bankmine.tasks.contract import Bank, Decision, Ints
from bankmine.tasks.segmentation.clusters import Chosen, choose
from bankmine.tasks.segmentation.figures import Found, figures
from bankmine.tasks.segmentation.living import LOOKS_BACK, first_look
from bankmine.tasks.segmentation.looking import Seen, check, check_subjects, fitted, look
from bankmine.tasks.segmentation.migration import Migration, migration
from bankmine.tasks.segmentation.model import Applied, SegmentModel
from bankmine.tasks.segmentation.offers import Offers, looks_back, offers_of
from bankmine.tasks.segmentation.overlap import predefined
from bankmine.tasks.segmentation.portraits import portraits, profits
from bankmine.tasks.segmentation.reasons import reason_lists
from bankmine.tasks.segmentation.style import fit_style
from bankmine.tasks.segmentation.tables import kept
from bankmine.tasks.segmentation.words import COMPANIES, different, kept_names, names
from bankmine.tasks.study import Answer, Block, Previous, Study, Work

DO_NOT_USE = "do not use"
UNUSABLE = "Do not use: other draws of customers give other segments."
NO_OFFER = (
    "No offer has stood its test: treat by the portrait, try one treatment, measure it against a hold-out."
)
FEW_PURCHASES, UNSTABLE = "few_purchases", "unstable"
NUMBERS = (3, 4, 5, 6, 7, 8, 9)


def analyse(task: Study, work: Work) -> Answer:
    """Clusters, describes, compares with the predefined segments, looks back, suggests and tests."""
    bank = work.bank
    check(bank, task.goal)
    work.stage("features")
    looks = look(work, _cutoffs(bank))
    seen = looks[bank.cutoff]
    check_subjects(seen.rows, task.goal)
    work.stage("segments")
    chosen, model = _segments(bank, seen)
    applied = model.apply(seen.features)
    model, matching = _named(work.previous(), model, applied, seen)
    described = portraits(model, applied, seen.features, seen.banking)
    work.stage("profit")
    profit = profits(bank, seen.customers)
    work.stage("predefined segments")
    rules = predefined(bank, seen.customers, applied.label, len(model.ids))
    work.stage("migration")
    moved = _migration(looks, seen, model, applied) if chosen.usable else None
    work.stage("offers")
    offers = offers_of(looks, seen, model, applied) if chosen.usable else Offers.none(UNUSABLE)
    work.stage("honesty")
    work.feature_tests(seen.rows, seen.names)
    found = Found(
        bank=bank, seen=seen, model=model, applied=applied, chosen=chosen, portraits=tuple(described),
        rules=rules, migration=moved, offers=offers, matching=matching, profit=profit,
    )  # fmt: skip
    return _answer(found)


def _segments(bank: Bank, seen: Seen) -> tuple[Chosen, SegmentModel]:
    """Style and segments of the customers of whom enough is known."""
    style = fit_style(seen.features, seen.wanted, seen.clear)
    values = style.transform(seen.features)[seen.clear]
    numbers = tuple(int(one) for one in bank.settings.get("clusters", NUMBERS))
    chosen = choose(values, style.columns, numbers, bank.seed)
    return chosen, fitted(seen, style, chosen.miner)


def _named(
    before: Previous | None, model: SegmentModel, applied: Applied, seen: Seen
) -> tuple[SegmentModel, Matching | None]:
    """Ids and names that carry on those of the earlier run, where there is one."""
    living = [one.living for one in portraits(model, applied, seen.features, ())]
    fresh = names([one for one in living if one is not None])
    fresh = different([*fresh, *([COMPANIES] if model.companies else [])])
    earlier = before.table("members") if before is not None else None
    if before is None or earlier is None:
        return model.named(model.ids, tuple(fresh)), None
    matching = _matching(earlier, seen.customers, applied.label, len(model.ids), before.figures)
    ids = tuple(one.id for one in matching.clusters)
    known = {int(one["number"]) - 1: str(one["name"]) for one in before.figures["segments"]}
    return model.named(ids, tuple(kept_names(fresh, ids, known))), matching


def _matching(earlier: Any, customers: Ints, label: Ints, segments: int, said: Mapping[str, Any]) -> Matching:
    """The earlier run's segments against today's, over the customers of both."""
    old = np.asarray(earlier.column("customer_id").to_numpy(), dtype=np.int64)
    _, here, there = np.intersect1d(customers, old, return_indices=True)
    ids = np.asarray(earlier.column("number").to_numpy(), dtype=np.int64)[there] - 1
    return match_clusters(ids, label[here], clusters=segments, next_id=int(said["next_id"]))


def _cutoffs(bank: Bank) -> list[int]:
    """Every cutoff at which customers are looked at, ascending: the run's, the looks back, a year ago."""
    return sorted({bank.cutoff, first_look(bank), *(one for one, _ in looks_back(bank))})


def _migration(
    looks: Mapping[int, Seen], seen: Seen, model: SegmentModel, applied: Applied
) -> Migration | None:
    """Today's segments a year (or as far as the coverage reaches) ago; None where it does not reach."""
    first = min(looks)
    if first == seen.bank.cutoff:
        return None
    then = looks[first]
    zone = seen.bank.warehouse.zone
    back = next(one for one in LOOKS_BACK if zone.months_before(seen.bank.cutoff, one) <= first)
    return migration(
        back, (then.customers, model.apply(then.features)), (seen.customers, applied), seen.money,
        model.style.columns, len(model.ids),
    )  # fmt: skip


def _answer(found: Found) -> Answer:
    chosen = found.chosen
    return Answer(
        blocks=[_block(found)],
        verdict=_verdict(found),
        figures=figures(found),
        tables=kept(found),
        use="study" if chosen.usable else DO_NOT_USE,
        actions=_actions(found),
        weights=_weights(found.model),
    )


def _weights(model: SegmentModel) -> dict[str, float]:
    """Each feature's share of what tells the segments apart: weighted squares of their middles about the
    mean."""
    sizes = np.asarray(model.miner.sizes_, dtype=np.float64)
    centers = np.asarray(model.miner.centers_, dtype=np.float64)
    middle = sizes @ centers / sizes.sum()
    between = sizes @ (centers - middle) ** 2 * model.miner.weights_
    shares = between / max(float(between.sum()), 1e-12)
    return dict(zip(model.style.columns, shares.tolist(), strict=True))


def _block(found: Found) -> Block:
    """Value: the segment's number; the most typical customers first."""
    model, applied, usable = found.model, found.applied, found.chosen.usable
    numbers = np.asarray(model.ids, dtype=np.int64)[applied.label] + 1
    decision = Decision(
        value=numbers.astype(np.float64), unit="segment",
        grade=[model.names[one] if usable else DO_NOT_USE for one in applied.label],
        order=applied.distance, actions=_actions(found), flags=_flags(found),
    )  # fmt: skip
    return Block(
        rows=found.seen.rows, decision=decision, reasons=reason_lists(model, applied, found.seen.features)
    )


def _flags(found: Found) -> list[list[str]]:
    """Marks on rows: of whom too little is known, and all where the segments are not to be used."""
    unclear = ~found.applied.clear & ~found.seen.firms
    every = [] if found.chosen.usable else [UNSTABLE]
    return [[*every, *([FEW_PURCHASES] if one else [])] for one in unclear]


def _actions(found: Found) -> dict[str, str]:
    if not found.chosen.usable:
        return {DO_NOT_USE: UNUSABLE}
    return {name: _action(found.offers, label) for label, name in enumerate(found.model.names)}


def _action(offers: Offers, label: int) -> str:
    """The offers that stood, best first; or that none did."""
    said: Sequence[str] = [one.sentence for one in offers.standing(label)]
    return " ".join(said) if said else NO_OFFER


def _verdict(found: Found) -> str:
    count = len(found.model.ids)
    if found.chosen.usable:
        apart = f" ({count - 1} found, and companies)" if found.model.companies else ""
        return f"Use the {count} segments{apart}: {found.chosen.reason}."
    return f"Do not use the segments: {found.chosen.reason}."

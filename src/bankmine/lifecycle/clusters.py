"""The stages of a run without labels: choose the number of clusters, the gate, portraits, honesty, scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.lifecycle import honesty
from bankmine.lifecycle.labelled import save_model
from bankmine.lifecycle.material import Material
from bankmine.lifecycle.scores import reason_lists
from bankmine.lifecycle.supervised import Model
from bankmine.tasks.contract import Bank, Clustering, Floats, Ints, Plan, Scored, Segments, Task
from bankmine.tasks.study import Block

CHOICE_SAMPLE, GATE_SAMPLE = 5_000, 10_000
RESAMPLES, SHUFFLES = 50, 5
PORTRAIT_TRAITS = 6
TRIED = 3
NO_DIFFERENCE, SMALLEST_SHARE = 0.02, 0.01


def carry_out(
    task: Task,
    bank: Bank,
    material: Material,
    plan: Plan,
    folder: Path,
    scratch: Path,
    stage: Callable[[str], None],
) -> tuple[dict[str, Any], list[Block]]:
    """Everything between the matrix and the writing; what the run says about itself, and its scores."""
    stage("model")
    candidate = task.candidates(bank, material.names)[0]
    preparation = candidate.preparation()
    prepared = preparation.fit_transform(material.features, units=material.units)
    numbers = tuple(int(one["n_clusters"]) for one in candidate.settings)
    figures, miner, clustering = _cluster(prepared, numbers, bank.seed)
    names = _portraits(task, bank, material, prepared, miner, figures)
    stage("honesty")
    every = np.arange(material.rows.num_rows)
    tests = [*honesty.feature_tests(task, bank, material, every, scratch), *honesty.not_applicable()]
    stage("scores")
    segments = Segments(
        clustering=clustering,
        label=miner.labels_,
        names=names,
        distance=np.sqrt(miner.transform(prepared.values).min(axis=1)),
    )
    model = Model(candidate.name, preparation, miner, {"n_clusters": clustering.clusters}, len(every))
    block = _score(task, bank, material, prepared, model, segments)
    figures["decision"] = {
        "rows": material.rows.num_rows, "unit": block.decision.unit, "actions": dict(block.decision.actions),
    }  # fmt: skip
    save_model(model, folder / "model")
    use = candidate.name if clustering.usable else "do not use"
    about = {
        "figures": figures,
        "use": use,
        "verdict": _verdict(clustering),
        "tests": [asdict(one) for one in tests],
        "preparation": preparation.report_.summary(),
        "model": {
            "candidate": candidate.name,
            "settings": dict(model.settings),
            "rows": model.rows,
            "columns": len(preparation.names_),
        },
        "weights": _weights(miner, prepared),
    }
    return about, [block]


def _cluster(prepared: Any, numbers: Sequence[int], seed: int) -> tuple[dict[str, Any], Any, Clustering]:
    """The number of clusters, the fitted miner, the gate over it, and what shuffled columns give."""
    from bankmine.mining.clustering.choice import choose_clusters, silhouette
    from bankmine.mining.clustering.kmeans import ROWS_PER_CLUSTER, KMeans

    values = prepared.values
    possible = [one for one in numbers if one * ROWS_PER_CLUSTER <= len(values)] or list(numbers[:1])
    choice = choose_clusters(values, possible, sample=CHOICE_SAMPLE, random_state=seed)
    number, gate = _first_through_the_gate(values, choice, seed)
    miner = KMeans(number, random_state=seed).fit(values, names=prepared.names)
    own = silhouette(values, miner.labels_, random_state=seed)
    shuffled = _silhouette_of_shuffled(values, number, seed)
    usable = choice.stable and gate.stable and own > shuffled
    reason = gate.reason if choice.stable or not gate.stable else choice.reason
    if choice.stable and gate.stable and not usable:
        reason = f"the silhouette {own:.2f} is no better than {shuffled:.2f} of shuffled columns"
    figures = {
        "rows": len(values),
        "clusters": number,
        "usable": usable,
        "choice": f"Of the numbers of segments that are found again and separate about as well as the best, "
        f"{number} are found again most surely"
        if choice.stable
        else f"No number of segments is found again well enough; with {number}, {reason}",
        "candidates_k": [_candidate(one, number, gate) for one in choice.candidates],
        "stability": gate.to_json(),
        "silhouette": own,
        "silhouette_shuffled": shuffled,
    }
    return figures, miner, Clustering(clusters=number, usable=usable, reason=reason)


def _candidate(one: Any, number: int, gate: Any) -> dict[str, Any]:
    """What was seen of one number of clusters; of the number taken, what the gate saw with all resamples."""
    seen = gate if one.clusters == number else one.stability
    return {
        "clusters": one.clusters,
        "silhouette": one.silhouette,
        "smallest_share": one.smallest_share,
        "adjusted_rand": seen.adjusted_rand.mean,
        "stable": seen.stable,
    }


def _first_through_the_gate(values: Floats, choice: Any, seed: int) -> tuple[int, Any]:
    """The number of clusters to use, and the gate with all resamples over it.

    Silhouettes closer than 0.02 tell no difference; among such, the number found again most surely goes
    first. One that fails the full gate gives way to the next.
    """
    from bankmine.mining.clustering.kmeans import KMeans
    from bankmine.mining.clustering.stability import stability

    part = _part(values, GATE_SAMPLE, seed)
    first = None
    for number in _in_order(choice)[:TRIED]:
        gate = stability(
            part, KMeans(number, n_init=3, random_state=seed), resamples=RESAMPLES, random_state=seed
        )
        if gate.stable:
            return number, gate
        first = first or (number, gate)
    assert first is not None
    return first


def _in_order(choice: Any) -> list[int]:
    """Numbers of clusters in the order in which they are put to the gate."""
    stable = [one for one in choice.candidates if one.stability.stable]
    if not stable:
        return [choice.clusters]
    large = [one for one in stable if one.smallest_share >= SMALLEST_SHARE] or stable
    best = max(one.silhouette for one in large)
    ordered = sorted(
        large,
        key=lambda one: (
            one.silhouette < best - NO_DIFFERENCE,
            -one.stability.adjusted_rand.mean if one.silhouette >= best - NO_DIFFERENCE else -one.silhouette,
        ),
    )
    return [one.clusters for one in ordered]


def _silhouette_of_shuffled(values: Floats, clusters: int, seed: int) -> float:
    """The baseline: columns shuffled each on its own keep their distribution and lose their bonds."""
    from bankmine.mining.clustering.choice import silhouette
    from bankmine.mining.clustering.kmeans import KMeans

    part, found = _part(values, CHOICE_SAMPLE, seed), []
    for one in np.random.SeedSequence(seed).spawn(SHUFFLES):
        draw = np.random.default_rng(one)
        shuffled = np.column_stack([draw.permutation(part[:, place]) for place in range(part.shape[1])])
        miner = KMeans(clusters, n_init=3, random_state=seed).fit(shuffled)
        found.append(silhouette(shuffled, miner.labels_, random_state=seed))
    return float(np.mean(found))


def _portraits(
    task: Task, bank: Bank, material: Material, prepared: Any, miner: Any, figures: dict[str, Any]
) -> list[str]:
    """Names the segments and adds size, money and what sets each apart to the figures."""
    from bankmine.mining.clustering.profile import profile

    bent = profile(prepared.values, miner.labels_, prepared.names)
    plain = {one.label: _medians(material, miner.labels_ == one.label) for one in bent}
    others = [_medians(material, miner.labels_ != one.label) for one in bent]
    names = task.name_segments(
        bent, [_gaps(plain[one.label], other) for one, other in zip(bent, others, strict=True)]
    )
    money = np.asarray(material.rows.column("value_minor").to_numpy(), dtype=np.float64)
    figures["segments"] = [
        {
            "number": one.label + 1,
            "name": names[one.label],
            "size": one.size,
            "share": one.share,
            "money_minor": float(money[miner.labels_ == one.label].sum()),
            "money_share": float(money[miner.labels_ == one.label].sum() / max(money.sum(), 1.0)),
            "stability": figures["stability"]["clusters"][one.label],
            "traits": [
                {
                    "feature": trait.feature,
                    "effect": trait.effect,
                    "level": trait.level,
                    "median": plain[one.label].get(trait.feature),
                    "unit": material.units.get(trait.feature, ""),
                }
                for trait in one.traits[:PORTRAIT_TRAITS]
            ],
            "medians": plain[one.label],
        }
        for one in bent
    ]
    figures["medians"] = _medians(material, np.ones(len(money), dtype=np.bool_))
    return names


def _gaps(inside: Mapping[str, float | None], others: Mapping[str, float | None]) -> dict[str, float]:
    """Median inside less median of the others, where both are known."""
    return {
        name: value - other
        for name, value in inside.items()
        if value is not None and (other := others.get(name)) is not None
    }


def _medians(material: Material, inside: Any) -> dict[str, float | None]:
    """Median of every numeric feature, in the feature's own unit; None where nothing is known."""
    import pyarrow as pa

    part = material.features.filter(pa.array(inside))
    found: dict[str, float | None] = {}
    for name in material.names:
        column = part.column(name).drop_null()
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            found[name] = float(np.median(column.to_numpy())) if len(column) else None
    return found


def _score(
    task: Task, bank: Bank, material: Material, prepared: Any, model: Model, segments: Segments
) -> Block:
    scored = Scored(rows=material.rows, probability=segments.distance, ranking=segments.distance)
    decision = task.decide_segments(bank, scored, segments)
    if not segments.clustering.usable:
        decision = replace(decision, flags=[["unstable"]] * material.rows.num_rows)
    reasons = reason_lists(task.name, model.miner, prepared, material.features)
    return Block(rows=material.rows, decision=decision, reasons=reasons)


def _weights(miner: Any, prepared: Any) -> dict[str, float]:
    """Each feature's share of the spread between the centres."""
    spread = (miner.centers_ - np.average(miner.centers_, axis=0, weights=miner.sizes_)) ** 2
    share = np.average(spread, axis=0, weights=miner.sizes_)
    share = share / share.sum() if share.sum() > 0 else share
    weights: dict[str, float] = {}
    for source, one in zip(prepared.sources, share, strict=True):
        weights[source] = weights.get(source, 0.0) + float(one)
    return weights


def _part(values: Floats, most: int, seed: int) -> Floats:
    if len(values) <= most:
        return values
    taken: Ints = np.sort(np.random.default_rng(seed).choice(len(values), most, replace=False))
    return values[taken]


def _verdict(clustering: Clustering) -> str:
    if clustering.usable:
        return f"Use the {clustering.clusters} segments: {clustering.reason}."
    return f"Do not use the segments: {clustering.reason}."

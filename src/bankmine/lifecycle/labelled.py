"""The stages of a run with labels: tune, test, judge, honesty, fit anew, score, explain."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.errors import FeasibilityError
from bankmine.lifecycle import honesty
from bankmine.lifecycle.evidence import keep_evidence
from bankmine.lifecycle.judge import judge
from bankmine.lifecycle.material import Material
from bankmine.lifecycle.scores import reason_lists
from bankmine.lifecycle.supervised import Model, Tuned, candidate_of, fit, test, tune
from bankmine.tasks.contract import Bank, Candidate, Ints, Plan, Scored, Task
from bankmine.tasks.study import Asked, Block

SHOWN_WEIGHTS = 2_000


FeatureTests = Callable[[Ints], list[honesty.Outcome]]


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
    asked = ask(
        task, bank, material, plan, folder, stage=stage,
        feature_tests=lambda rows: honesty.feature_tests(task, bank, material, rows, scratch),
    )  # fmt: skip
    about = {
        "figures": dict(asked.figures), "split": asked.split, "use": asked.use, "verdict": asked.verdict,
        "tests": list(asked.tests), "preparation": asked.preparation, "model": dict(asked.model),
        "weights": dict(asked.weights),
    }  # fmt: skip
    return about, [replace(asked.block(), question="")]


def ask(
    task: Task,
    bank: Bank,
    material: Material,
    plan: Plan,
    folder: Path,
    *,
    feature_tests: FeatureTests,
    stage: Callable[[str], None],
    counts: Mapping[str, Any] | None = None,
) -> Asked:
    """Tunes, tests, judges, fits anew, scores, explains one labelled question; `folder` keeps the model."""
    stage("model")
    tuned, not_tried = _tuned_all(task, bank, material, plan)
    tested, models, split = test(task, bank, material, plan, tuned)
    figures = judge(task, bank, tested, tuned)
    figures["task"] = task.evaluate(bank, tested)
    figures["not_tried"] = not_tried
    stage("honesty")
    tests = feature_tests(split.test)
    tests += honesty.label_tests(
        task, bank, material, split.train, split.test, candidate_of(tuned, tested.model), models[tested.model]
    )
    stage("scores")
    chosen = _tuned(tuned, figures["use"])
    final = fit(material, chosen, _final_rows(material, plan, bank), seed=bank.seed)
    answered = _answers(task, bank, material, plan, chosen, final)
    decision = answered["decision"]
    figures["decision"] = {
        "rows": answered["rows"].num_rows,
        "unit": decision.unit,
        "actions": dict(decision.actions),
        "summary": dict(decision.summary),
        "mean_probability": float(answered["probability"].mean()) if answered["rows"].num_rows else None,
    }
    save_model(final, folder / "model")
    keep_evidence(
        folder, material=material, train=split.train, test=split.test, tested=tested, use=figures["use"],
        seen=models[figures["use"]], final=final, scored=answered,
    )  # fmt: skip
    return Asked(
        name=task.name, title=task.title, figures=figures, use=figures["use"], split=split.sentence,
        verdict=task.verdict(bank, figures), plan=plan, counts=dict(counts or {}), tested=tested,
        model={
            "candidate": final.candidate, "settings": dict(final.settings), "rows": final.rows,
            "columns": len(final.preparation.names_), **_parts(final),
        },
        preparation=final.preparation.report_.summary(), tests=[vars(one) for one in tests], **answered,
    )  # fmt: skip


def _tuned_all(task: Task, bank: Bank, material: Material, plan: Plan) -> tuple[list[Tuned], dict[str, str]]:
    """The candidates, tuned, and why others could not be: rows too few for them, or that tell nothing.

    FeasibilityError, that of the first, where no model or no baseline is left.
    """
    tuned: list[Tuned] = []
    refused: list[tuple[Candidate, FeasibilityError]] = []
    for one in task.candidates(bank, material.names):
        try:
            tuned.append(tune(task, bank, material, plan, one))
        except FeasibilityError as error:
            refused.append((one, error))
    for kind in (False, True):
        missing = [error for one, error in refused if one.baseline == kind]
        if missing and not any(one.candidate.baseline == kind for one in tuned):
            raise missing[0]
    return tuned, {one.name: f"{error.what.rstrip('.')}. {error.hint}".strip() for one, error in refused}


def save_model(model: Model, folder: Path) -> None:
    """`model.json` (and LightGBM's text) and `preparation.json`."""
    from bankmine.mining.files import save

    save(model.miner, folder)
    content = {
        "candidate": model.candidate,
        "settings": dict(model.settings),
        "preparation": model.preparation.to_json(),
    }
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / "preparation.json").write_text(text, encoding="utf-8", newline="\n")


def load_model(folder: Path) -> Model:
    """The model a run saved; it answers as it did in the run, to the last bit."""
    from bankmine.mining.files import load
    from bankmine.preparation.mixed import preparation_from_json

    content = json.loads((folder / "preparation.json").read_text(encoding="utf-8"))
    preparation = preparation_from_json(content["preparation"])
    return Model(content["candidate"], preparation, load(folder), content["settings"], 0)


def _final_rows(material: Material, plan: Plan, bank: Bank) -> Any:
    """Rows whose label is known at the run's cutoff: the model that scores may learn from all of them."""
    since = plan.final_from if plan.final_from is not None else np.iinfo(np.int64).min
    return np.flatnonzero((material.cutoffs >= since) & (material.known_at <= bank.cutoff))


def _answers(
    task: Task, bank: Bank, material: Material, plan: Plan, chosen: Tuned, final: Model
) -> dict[str, Any]:
    """The scored rows with their chances, the decision and the reasons."""
    rows, features = material.take(material.scored(plan))
    features = material.read_by(chosen.candidate.columns, features)
    prepared = final.matrix(features)
    probability = final.miner.probability(prepared.values)
    ranking = final.miner.decision_function(prepared.values)
    return {
        "rows": rows,
        "features": features,
        "probability": probability,
        "ranking": ranking,
        "decision": task.decide(bank, Scored(rows=rows, probability=probability, ranking=ranking)),
        "reasons": reason_lists(task.name, final.miner, prepared, features, threads=bank.threads),
        "weights": _weights(final, prepared),
    }


def _weights(final: Model, prepared: Any) -> dict[str, float]:
    """Each feature's share of the answer: of the trees' gain, or of the sizes of the terms."""
    miner = getattr(final.miner, "classifier", final.miner)
    if hasattr(miner, "importance"):
        by_column = dict(miner.importance())
    elif hasattr(miner, "contributions"):
        size = np.abs(miner.contributions(prepared.values[:SHOWN_WEIGHTS])).mean(axis=0)
        total = size.sum()
        by_column = dict(zip(prepared.names, size / total if total > 0 else size, strict=True))
    else:
        return {}
    weights: dict[str, float] = {}
    for name, source in zip(prepared.names, prepared.sources, strict=True):
        weights[source] = weights.get(source, 0.0) + float(by_column.get(name, 0.0))
    return weights


def _parts(final: Model) -> dict[str, Any]:
    """What a stack says of its parts; nothing for other miners."""
    miner = getattr(final.miner, "classifier", final.miner)
    return {"stack": miner.summary()} if hasattr(miner, "combiners_") else {}


def _tuned(tuned: list[Tuned], name: str) -> Tuned:
    return next(one for one in tuned if one.candidate.name == name)

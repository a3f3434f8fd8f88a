"""The model card of a run: what a person must know before using the scores, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def model_card(about: Mapping[str, Any], features: Sequence[Mapping[str, Any]]) -> str:
    """The card as text; the same run gives the same text."""
    goal = about["goal"]
    lines = [
        f"# {about['title']} — model card",
        "",
        f"{about['sentence']}, as known on {about['cutoff']}. Run `{about['run_id']}`.",
        "",
        f"**Verdict.** {about['verdict']}",
        "",
        "## Purpose",
        "",
        f"- Question: {goal['question']}",
        f"- Success in money: {goal['success']}",
        f"- Owner: {goal['owner']}",
        f"- Use: {goal['use']}",
        f"- Not for: decisions about one person without a human's look at the reasons; other banks; other "
        f"horizons than {about['horizon'] or 'the one stated'}.",
        "",
        "## Data",
        "",
        f"- {about['plan']['sentence']}",
        *([f"- {about['split']}"] if about.get("split") else []),
        f"- Counts: {_counts(about['feasibility'])}.",
        f"- Tables needed: {', '.join(about['needs']['tables'])}; used besides: "
        f"{', '.join(about['needs']['used']) or 'none'}; left out because the bank has none: "
        f"{', '.join(about['needs']['left_out']) or 'none'}.",
        *([f"- {about['preparation']}"] if about["preparation"] else []),
        "",
        "## Figures",
        "",
        *_figures(about["figures"]),
        "",
        "## Honesty tests",
        "",
        *[f"- {_mark(test['passed'])} {test['name']}: {test['sentence']}" for test in about["tests"]],
        "",
        "## What drives it",
        "",
        *_drivers(features),
        "",
        "## To make it again",
        "",
        f"- data `{about['manifest']}`, code `{about['code']}`, seed {about['seed']}, cutoff "
        f"{about['cutoff']}",
        f"- {', '.join(f'{name} {number}' for name, number in about['versions'].items())}",
    ]
    return "\n".join(lines) + "\n"


def _counts(feasibility: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in feasibility.items())


def _figures(figures: Mapping[str, Any]) -> list[str]:
    if "questions" in figures:
        return _questions(figures)
    if "candidates" not in figures:
        return [
            f"- {figures['clusters']} segments; {figures['stability']['reason']}",
            f"- silhouette {figures['silhouette']:.3f}, of shuffled columns "
            f"{figures['silhouette_shuffled']:.3f}",
        ]
    names = list(next(iter(figures["candidates"].values()))["metrics"])
    lines = [f"| candidate | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for name, one in figures["candidates"].items():
        cells = [
            f"{one['metrics'][metric]['value']:.3f} ({one['metrics'][metric]['low']:.3f}–"
            f"{one['metrics'][metric]['high']:.3f})"
            for metric in names
        ]
        kind = " (baseline)" if one["baseline"] else ""
        lines.append(f"| {name}{kind} | {' | '.join(cells)} |")
    return lines


def _questions(figures: Mapping[str, Any]) -> list[str]:
    lines = [
        "| question | answered by | metric | model | best baseline | test rows |",
        "|---|---|---|---|---|---|",
    ]
    for one in figures["questions"]:
        metric, base = one["metric"], one["best_baseline"]
        own = one["candidates"][one["model"]]["metrics"][metric]
        lines.append(
            f"| {one['title']} | {one['use']} | {metric} | {own['value']:.3f} ({own['low']:.3f}–"
            f"{own['high']:.3f}) | {base} {one['candidates'][base]['metrics'][metric]['value']:.3f} | "
            f"{one['test_rows']:,} |"
        )
    return [*lines, *[f"- not asked: {one['title']}: {one['reason']}" for one in figures["refused"]]]


def _mark(passed: bool | None) -> str:
    return "–" if passed is None else "passed" if passed else "FAILED"


def _drivers(features: Sequence[Mapping[str, Any]]) -> list[str]:
    weighed = sorted((one for one in features if one.get("weight")), key=lambda one: -one["weight"])[:12]
    if not weighed:
        return ["- The features and their sentences are in `features.json`."]
    return [f"- {one['weight']:.1%} {one['name']}: {one['sentence']}" for one in weighed]

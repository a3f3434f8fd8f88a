"""From a run to its page of the report, as plain data.

Every task's page has the same bones: figures, findings, the result against baselines, how far the chances can
be trusted, what to do, the list, and how it was computed. A task adds its own sections with `Task.show`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from bankmine.lifecycle.lists import list_of
from bankmine.lifecycle.old_runs import readable
from bankmine.lifecycle.run import Run
from bankmine.lifecycle.study_pages import METRIC_WORDS, candidates_table, is_study, study_sections
from bankmine.report.content import (
    Chart,
    Column,
    FeatureNote,
    HowComputed,
    Interval,
    Kind,
    Metric,
    Page,
    Section,
    Sql,
    Statement,
    Table,
    Test,
    Tone,
)
from bankmine.report.format import day
from bankmine.report.pictures import Bar, Calibration, Curve, Estimates, Gain
from bankmine.tasks.contract import Shown
from bankmine.tasks.registry import find_task

DOUBTS = ("not distinguishable", "not proved", "Proved in part", "No model beats", "do not plan")


def page_of(run: Run, *, folder: Path | None = None) -> Page:
    """The page of a run; `folder` is the bank's folder where its own tasks lie.

    UsageError for a run of another version that lacks what this one shows, and for a task that is gone.
    """
    with readable(run):
        return _page_of(run, folder)


def _page_of(run: Run, folder: Path | None) -> Page:
    about = run.about
    shown = find_task(run.task, folder).show(about)
    labelled = "candidates" in about["figures"]
    sections = [*(_against_baselines(about) if labelled else []), *shown.sections]
    if labelled:
        sections.append(_trust(about))
    if is_study(about):
        sections += study_sections(run)
    sections += [_what_to_do(about), list_of(run), _honesty(about)]
    return Page(
        slug=run.task.replace("_", "-"),
        title=run.about["title"],
        sentence=f"{about['sentence']}, as known on {day(date.fromisoformat(run.cutoff[:10]))}.",
        sections=[one for one in sections if one is not None],
        how_computed=how_computed(run),
        nav_group="Tasks",
        as_of=date.fromisoformat(run.cutoff[:10]),
        metrics=[*shown.metrics, *([_main_metric(about)] if labelled else [])],
        statements=_statements(about, shown),
    )


def summaries(run: Run) -> list[Statement]:
    """The run's key statements, for the first page."""
    tone = Tone.WATCH if run.about["use"] != run.about["model"]["candidate"] else Tone.NEUTRAL
    return [Statement(run.about["summary"][0] if run.about["summary"] else run.verdict, tone=tone)]


def how_computed(run: Run) -> HowComputed:
    """What closes the page: goal, population, SQL, features, run, baselines and tests."""
    about = run.about
    figures = about["figures"]
    baselines = [
        f"{name}: {one['words']}" for name, one in figures.get("candidates", {}).items() if one["baseline"]
    ] or _baselines_of_questions(figures)
    counts = ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in about["feasibility"].items())
    return HowComputed(
        goal=f"{about['goal']['question']} Success: {about['goal']['success']}",
        population=f"{about['plan']['sentence']} {about.get('split', '')} Counts: {counts}.",
        method=f"{_method(about)} {about['preparation']}",
        sql=[Sql(text=text, title=name) for name, text in run.sql.items()],
        features=[
            FeatureNote(name=one["name"], sentence=one["sentence"], unit=one["unit"], weight=one["weight"])
            for one in sorted(run.features, key=lambda one: -(one["weight"] or 0.0))
        ],
        run_id=run.run_id,
        baselines=baselines,
        tests=[Test(**test) for test in about["tests"]],
    )


def _baselines_of_questions(figures: Mapping[str, Any]) -> list[str]:
    if "questions" not in figures:
        return ["columns shuffled each on its own"]
    return [
        f"{one['title']}: {one['best_baseline']}, {one['candidates'][one['best_baseline']]['words']}"
        for one in figures["questions"]
    ]


def _method(about: Mapping[str, Any]) -> str:
    if is_study(about):
        return (
            f"A study: {about['feasibility']['questions']} labelled questions, each tuned, tested and fitted "
            f"as a task of its own; seed {about['seed']}."
        )
    settings = ", ".join(f"{name} {value}" for name, value in about["model"]["settings"].items())
    return (
        f"{about['model']['candidate']} with {settings or 'its own settings'}, fitted on "
        f"{about['model']['rows']:,} rows and {about['model']['columns']} columns; seed {about['seed']}."
    )


def _main_metric(about: Mapping[str, Any]) -> Metric:
    from bankmine.report.content import Baseline

    figures = about["figures"]
    name = figures["metric"]
    own = figures["candidates"][figures["model"]]["metrics"][name]
    base = figures["candidates"][figures["best_baseline"]]["metrics"][name]
    return Metric(
        label=METRIC_WORDS.get(name, name),
        value=own["value"],
        digits=3,
        interval=Interval(low=own["low"], high=own["high"], level=own["level"]),
        baseline=Baseline(name=figures["best_baseline"], value=base["value"]),
        tone=Tone.GOOD if figures["beats_baseline"] else Tone.WATCH,
    )


def _statements(about: Mapping[str, Any], shown: Shown) -> list[Statement]:
    good = about["use"] == about["model"]["candidate"] and "Do not" not in about["verdict"]
    good = good and about["figures"].get("beats_baseline", True)
    good = good and not any(doubt in about["verdict"] for doubt in DOUBTS)
    verdict = Statement(about["verdict"], tone=Tone.GOOD if good else Tone.WATCH)
    said = [Statement(text) for text in about["summary"]] if not shown.statements else list(shown.statements)
    return [verdict, *said]


def _against_baselines(about: Mapping[str, Any]) -> list[Section]:
    figures = about["figures"]
    name = figures["metric"]
    words = METRIC_WORDS.get(name, name)
    bars = [
        Bar(
            label=f"{key} (baseline)" if one["baseline"] else key,
            value=one["metrics"][name]["value"],
            low=one["metrics"][name]["low"],
            high=one["metrics"][name]["high"],
        )
        for key, one in figures["candidates"].items()
    ]
    chart = Chart(
        title=_standing(figures),
        subtitle=f"{words} on {figures['test_rows']:,} test rows, 95 % interval over "
        f"{about['figures']['comparison']['model']['by']}s",
        picture=Estimates(label=Column(label="Candidate"), measure=_number(words), bars=bars),
        name="candidates",
        table=candidates_table(figures),
        wide=False,
    )
    gain = Chart(
        title=_gain_title(figures),
        subtitle="Share of the positives found by working the list from the top",
        picture=Gain(
            curves=[
                Curve(name=key, x=one["share"], y=one["captured"], quiet=key == figures["best_baseline"])
                for key, one in figures["gain"].items()
            ]
        ),
        name="gain",
        wide=False,
    )
    return [Section(title="Against the baselines", sentence=about["split"], blocks=[chart, gain])]


def _standing(figures: Mapping[str, Any]) -> str:
    """Which candidate has the best figure and which one is used, and why, as the chart shows it."""
    from bankmine.evaluation.metrics import metric

    name, use = figures["metric"], figures["use"]
    if not figures["beats_baseline"]:
        return f"No model beats the {use}, so the {use} is used"
    side = 1 if metric(name).larger_is_better else -1
    models = {key: one["metrics"][name] for key, one in figures["candidates"].items() if not one["baseline"]}
    best = max(models, key=lambda key: side * models[key]["value"])
    if best == use:
        return f"{use.capitalize()} has the best figure of all candidates and is used"
    return _other_is_used(best, use, figures, models)


def _other_is_used(
    best: str, use: str, figures: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]
) -> str:
    """Why the candidate of the best test figure is not the one used."""
    gap = figures.get("models_differ", {}).get(best)
    chosen = f"{use} is used: it was the choice of the tuning months, before the test was seen"
    if gap is not None and not gap["low"] <= 0 <= gap["high"]:
        return f"{best.capitalize()} has the best test figure; {chosen}"
    return f"{best.capitalize()} and {use} are equal within the interval; {chosen}"


def _gain_title(figures: Mapping[str, Any]) -> str:
    curve = figures["gain"][figures["model"]]
    place = min(range(len(curve["share"])), key=lambda one: abs(curve["share"][one] - 0.1))
    share, captured = curve["share"][place], curve["captured"][place]
    return f"The first {share:.0%} of the list hold {captured:.0%} of the positives"


def _number(label: str) -> Column:
    return Column(label=label, kind=Kind.NUMBER, digits=3)


def _trust(about: Mapping[str, Any]) -> Section:
    seen = about["figures"]["calibration"]
    bins = seen["bins"]
    off = seen["expected_calibration_error"] / max(seen["observed"], 1e-12)
    chart = Chart(
        title=f"Chances are off by {off:.0%} of the base rate on average",
        subtitle="Observed against predicted share, in bins, with 95 % intervals",
        picture=Calibration(
            predicted=[one["mean_probability"] for one in bins],
            observed=[one["observed"] for one in bins],
            counts=[one["count"] for one in bins],
            low=[one["observed_low"] for one in bins],
            high=[one["observed_high"] for one in bins],
        ),
        name="calibration",
    )
    sentence = (
        f"On the test rows {seen['mean_probability']:.2%} were predicted on average and "
        f"{seen['observed']:.2%} came true, the base rate. In bins of like chances the two differ by "
        f"{seen['expected_calibration_error']:.2%} on average: {off:.0%} of the base rate."
    )
    return Section(title="Can the chances be trusted?", sentence=sentence, blocks=[chart])


def _what_to_do(about: Mapping[str, Any]) -> Section:
    decision = about["figures"]["decision"]
    counts = (
        decision.get("summary", {}).get("customers_by_grade")
        or decision.get("summary", {}).get("by_grade")
        or {one["name"]: one["size"] for one in about["figures"].get("segments", [])}
    )
    table = Table(
        columns=[
            Column(label="Grade"),
            Column(label=f"{about['subject_kind']}s".capitalize(), kind=Kind.NUMBER, digits=0),
            Column(label="What to do"),
        ],
        rows=[[grade, counts.get(grade), action] for grade, action in decision["actions"].items()],
        name="actions",
    )
    return Section(title="What to do", sentence=about["goal"]["use"], blocks=[table])


def _honesty(about: Mapping[str, Any]) -> Section:
    marks = {True: "passed", False: "failed", None: "does not apply"}
    rows = [[test["name"], marks[test["passed"]], test["sentence"]] for test in about["tests"]]
    columns = [Column(label="Test"), Column(label="Result"), Column(label="What was seen")]
    return Section(
        title="Is it honest?",
        sentence="These tests ran on this very run; had one failed, there would be no run.",
        blocks=[Table(columns=columns, rows=rows, name="honesty")],
    )

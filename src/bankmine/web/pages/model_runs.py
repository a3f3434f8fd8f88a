"""All kept runs of a task through time, and two of them side by side."""

from __future__ import annotations

from datetime import date

from starlette.responses import Response

from bankmine.access.run_history import KeptRun, compare, history
from bankmine.governance import Permission
from bankmine.report import Chart, Column, Kind
from bankmine.report.parts import Series
from bankmine.report.pictures import Lines
from bankmine.web.routing import Pages
from bankmine.web.visit import Visit

pages = Pages()


@pages.get("/models/{task}/runs", permission=Permission.MODELS_READ, dated=True)
def runs(visit: Visit) -> Response:
    """The kept runs of the task; `one` and `other` compare two of them."""
    task = visit.path["task"]
    kept = history(visit.view, task)
    one, other = visit.query.get("one", ""), visit.query.get("other", "")
    compared = compare(visit.view, task, one, other) if one or other else None
    return visit.page(
        "model_runs.html.j2",
        task=task,
        title=kept[0].seen.title,
        kept=kept,
        compared=compared,
        chosen=(one or (kept[1].seen.run_id if len(kept) > 1 else ""), other or kept[0].seen.run_id),
        charts=_charts(visit, kept),
        whole=visit.view.everything,
        pictures=True,
    )


def _charts(visit: Visit, kept: list[KeptRun]) -> list[Chart]:
    """The main figure of each question through the dates that runs look at; none with a single date."""
    by_day = {run.seen.cutoff: run for run in reversed(kept)}  # the newest made of a date counts
    days = sorted(by_day)
    if len(days) < 2:
        return []
    names: dict[tuple[str, str], str] = {}
    for run in kept:
        names |= {(one.name, one.metric): one.title for one in run.figures}
    return [_chart(visit, by_day, days, *key, title) for key, title in names.items()]


def _chart(
    visit: Visit, by_day: dict[str, KeptRun], days: list[str], name: str, metric: str, title: str
) -> Chart:
    found = [
        next((one for one in by_day[day].figures if (one.name, one.metric) == (name, metric)), None)
        for day in days
    ]
    label = visit.t.term("AUC" if metric == "auc" else metric.replace("_", " "))
    series = [
        Series(
            name=visit.t("model_runs.model"),
            values=[None if one is None else one.value for one in found],
            low=[None if one is None else one.low for one in found],
            high=[None if one is None else one.high for one in found],
        ),
        Series(
            name=visit.t("model_runs.baseline"),
            values=[None if one is None else one.baseline_value for one in found],
        ),
    ]
    return Chart(
        title=visit.t.term(title),
        subtitle=visit.t("model_runs.chart_says"),
        picture=Lines(
            x=Column(label=visit.t("model_runs.looks_at"), kind=Kind.DATE),
            y=Column(label=label, kind=Kind.NUMBER, digits=3),
            at=[date.fromisoformat(day) for day in days],
            series=series,
        ),
        name=f"runs-{name}",
        wide=False,
    )

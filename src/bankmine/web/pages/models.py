"""Models: the runs to use as of a date, and what each says of itself: figures, tests, card, features, SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from bankmine.access.permitted import READ
from bankmine.governance import Permission
from bankmine.report import Column, Kind, Table
from bankmine.web.routing import Pages
from bankmine.web.visit import Visit

pages = Pages()
MOST_FEATURES = 100


@pages.get("/models", permission=Permission.MODELS_READ, dated=True)
def listed(visit: Visit) -> Response:
    """Every task's run to read as of the date, and whether its model is to be used."""
    return visit.page("models.html.j2", runs=visit.view.runs(), read=READ)


@pages.get("/models/{task}", permission=Permission.MODELS_READ, dated=True)
def one(visit: Visit) -> Response:
    """One run: verdict, tests, card, features by weight, statements."""
    run = visit.view.run(visit.path["task"])
    return visit.page(
        "model.html.j2",
        run=run,
        about=run.about or {},
        tests=list((run.about or {}).get("tests", ())),
        features=_features(visit, run.features),
        needed=READ.get(run.task, Permission.MODELS_READ),
    )


def _features(visit: Visit, features: Sequence[Mapping[str, Any]]) -> Table | None:
    if not features:
        return None
    weights = any(one.get("weight") is not None for one in features)
    ordered = sorted(features, key=lambda one: (-abs(float(one.get("weight") or 0)), str(one["name"])))
    columns = [
        Column(label=visit.t("models.feature"), kind=Kind.KEY),
        Column(label=visit.t("models.meaning")),
        Column(label=visit.t("models.unit")),
        *([Column(label=visit.t("models.weight"), kind=Kind.NUMBER)] if weights else []),
    ]
    rows = [
        [one["name"], visit.t.term(str(one["sentence"])), visit.t.term(str(one.get("unit") or ""))]
        + ([one.get("weight")] if weights else [])
        for one in ordered
    ]
    return Table(
        columns=columns, rows=rows, caption=visit.t("models.features"), name="features", shown=MOST_FEATURES
    )

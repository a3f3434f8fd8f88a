"""Models: the runs to use as of a date, and what each says of itself: figures, tests, card, features, SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from bankmine.access.permitted import READ
from bankmine.governance import Permission
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
        features=_features(run.features)[:MOST_FEATURES],
        needed=READ.get(run.task, Permission.MODELS_READ),
    )


def _features(features: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The features used, the heaviest first."""
    return sorted(features, key=lambda one: (-abs(float(one.get("weight") or 0)), str(one["name"])))

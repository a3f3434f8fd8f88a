"""Models: the runs to use as of a date, and what each says of itself: figures, tests, card, features, SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from bankmine.access.permitted import READ
from bankmine.access.runs import RunSeen
from bankmine.errors import Forbidden, UsageError
from bankmine.governance import Permission
from bankmine.web.pages import meanings
from bankmine.web.routing import Pages
from bankmine.web.visit import Visit
from bankmine.work import sign_offs
from bankmine.work.sign_offs import Kind, Seat

pages = Pages()
MOST_FEATURES = 100


@pages.get("/models", permission=Permission.MODELS_READ, dated=True)
def listed(visit: Visit) -> Response:
    """Every task's run to read as of the date, and whether its model is to be used."""
    runs = visit.view.runs()
    return visit.page("models.html.j2", runs=runs, read=READ, agreed=_agreed(visit, runs), seats=len(Seat))


def _agreed(visit: Visit, runs: Sequence[RunSeen]) -> dict[str, int]:
    """How many seats agree on how to read each run, by its id; only of runs whose figures one reads."""
    names = {object_id(run): run.run_id for run in runs if run.whole}
    with visit.site.store.read() as connection:
        stands = sign_offs.standing(connection, Kind.interpretation, names)
    return {names[one]: agreement.signed for one, agreement in stands.items()}


@pages.get("/models/{task}", permission=Permission.MODELS_READ, dated=True)
def one(visit: Visit) -> Response:
    """One run: verdict, tests, card, features by weight, statements, and how people agreed to read it."""
    return _one(visit)


@pages.post("/models/{task}/{act}", permission=Permission.MODELS_SIGN)
def act_on_interpretation(visit: Visit) -> Response:
    """Words, signs or remarks on how a run is to be read; only who sees the whole bank reads its figures."""
    run = visit.view.run(visit.path["task"])
    if not run.whole:
        raise Forbidden("this run speaks of the whole bank", hint="Ask somebody who sees it all.")
    here = f"/models/{run.task}"
    return meanings.act(visit, Kind.interpretation, object_id(run), _proposed(run), here, _one)


def object_id(run: RunSeen) -> str:
    """How a run's interpretation is named: a new run has none yet."""
    return f"model:{run.task}@{run.run_id}"


def _proposed(run: RunSeen) -> str:
    return run.verdict or run.sentence


def _one(visit: Visit, problem: UsageError | None = None) -> Response:
    run = visit.view.run(visit.path["task"])
    return visit.page(
        "model.html.j2",
        status=400 if problem else 200,
        problem=problem,
        proposed=_proposed(run),
        here=f"/models/{run.task}",
        **meanings.standing(visit, Kind.interpretation, object_id(run)),
        run=run,
        about=run.about or {},
        tests=list((run.about or {}).get("tests", ())),
        features=_features(run.features)[:MOST_FEATURES],
        needed=READ.get(run.task, Permission.MODELS_READ),
    )


def _features(features: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The features used, the heaviest first."""
    return sorted(features, key=lambda one: (-abs(float(one.get("weight") or 0)), str(one["name"])))

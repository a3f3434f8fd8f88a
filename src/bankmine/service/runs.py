"""Runs: those published, and new ones started as jobs; forms answered by them."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from bankmine.access import RunSeen, View
from bankmine.access.forms import form_of
from bankmine.errors import NotFound
from bankmine.governance import Permission, Person
from bankmine.service.caller import PREFIX, needs, site_of
from bankmine.service.plain import plain
from bankmine.work import jobs, replies

router = APIRouter(prefix=PREFIX, tags=["runs"])
Anybody = Annotated[Person, Depends(needs(None))]
Starter = Annotated[Person, Depends(needs(Permission.JOBS_START))]
Watcher = Annotated[Person, Depends(needs(Permission.JOBS_READ))]
ONCE = "One of your own making; the same again gives the first answer again and starts nothing."


class Wanted(BaseModel):
    """What to run."""

    model_config = ConfigDict(extra="forbid")
    task: str = Field(max_length=60)
    cutoff: str | None = Field(default=None, max_length=10, description="Civil date, such as 2026-05-31.")
    budget: str | None = Field(default=None, max_length=20)


@router.get("/runs")
def published(request: Request, person: Anybody) -> dict[str, Any]:
    """The runs to read now, of the tasks the token may read."""
    view = site_of(request).place.as_seen_by(person)
    return {"as_of": view.day.isoformat(), "runs": [_short(one) for one in view.runs()]}


@router.post("/runs", status_code=202)
def start(
    request: Request,
    response: Response,
    person: Starter,
    wanted: Wanted,
    idempotency_key: Annotated[str | None, Header(max_length=100, description=ONCE)] = None,
) -> dict[str, Any]:
    """Starts a run as a job; `GET /runs/{id}` with the job's id says how far it is."""
    site = site_of(request)
    asked = json.dumps(wanted.model_dump(), sort_keys=True)
    with site.store.begin() as connection:
        known = replies.known(connection, person, idempotency_key, asked)
        if known is None:
            job_id = jobs.start(
                connection, person, known_tasks=site.place.state().bank.config.tasks, task=wanted.task,
                cutoff=wanted.cutoff, budget=wanted.budget,
            )  # fmt: skip
            known = {"id": job_id, "state": "queued"}
            replies.keep(connection, person, idempotency_key, asked, known)
    jobs.tend(site.store, site.place.state().bank.folder)
    response.headers["location"] = f"{PREFIX}/runs/{known['id']}"
    return known


@router.get("/runs/{run_id}")
def one(request: Request, person: Anybody, run_id: Annotated[str, Path(max_length=64)]) -> dict[str, Any]:
    """A published run by its id, or a job by its."""
    site = site_of(request)
    view = site.place.as_seen_by(person)
    for seen in view.runs():
        if seen.run_id == run_id:
            return _short(seen) | {"lists": list(seen.lists), "summary": list(seen.summary)}
    person.require(Permission.JOBS_READ)
    with site.store.read() as connection:
        job = jobs.get(connection, run_id)
    return {"id": job.job_id, **{name: value for name, value in plain(job).items() if name != "job_id"}}


@router.get("/features")
def features(request: Request, person: Annotated[Person, Depends(needs(Permission.MODELS_READ))]) -> Any:
    """The features each run used, with unit, sentence and lineage; none for who sees a part of the bank."""
    view = site_of(request).place.as_seen_by(person)
    return {
        "runs": [
            {"task": one.task, "run_id": one.run_id, "features": plain(one.features)} for one in view.runs()
        ]
    }


@router.get("/score/{task}")
def questions(request: Request, person: Anybody, task: Annotated[str, Path(max_length=60)]) -> dict[str, Any]:
    """The fields of a task's form and what may stand in them."""
    form = form_of(site_of(request).place.as_seen_by(person), task)
    return {"task": task, "run_id": form.run_id, "fields": plain(form.fields)}


@router.post("/score/{task}")
def score(
    request: Request,
    person: Anybody,
    task: Annotated[str, Path(max_length=60)],
    asked: Annotated[dict[str, Any], Body(examples=[{"fields": {"age": 34}}, {"customer_id": "0f…"}])],
) -> dict[str, Any]:
    """A known customer's scores, or what a stranger's few `fields` say and which field is worth asking next.

    Writes nothing to any learning data; a look at a customer is an event of the audit.
    """
    site = site_of(request)
    view = site.place.as_seen_by(person)
    if "customer_id" in asked:
        return _of_customer(request, view, task, str(asked["customer_id"]))
    fields = asked.get("fields", asked)
    form = form_of(view, task)
    answer = form.answer(fields if isinstance(fields, dict) else {"fields": fields})
    return {
        "task": task, "run_id": form.run_id, "best": answer.best, "probability": plain(answer.probability),
        "profit": plain(answer.profit), "action": answer.best_action or None,
        "reasons": [
            {"field": name, "value": told, "log_odds": plain(moved)} for name, told, moved in answer.reasons
        ],
        "ask_next": [{"field": name, "worth": plain(worth)} for name, worth in answer.ask_next],
        "unit": answer.unit, "notes": answer.notes,
    }  # fmt: skip


def _of_customer(request: Request, view: View, task: str, customer_id: str) -> dict[str, Any]:
    view.list(task)  # Forbidden or NotFound where the task's scores are not this caller's to read
    seen = view.glance(customer_id)
    found = [one for one in seen.scores if one.task == task] if seen else []
    if not found:
        raise NotFound(
            f"{task[:40]} has no score of {customer_id[:40]!r}",
            hint="Give a customer within the token's scope whom the task's run looked at.",
        )
    with site_of(request).store.begin() as connection:
        view.record_look(connection, customer_id, "scores")
    return {
        "task": task,
        "run_id": view.run_of(task).run_id,
        "customer_id": customer_id,
        "scores": plain(found),
    }


def _short(run: RunSeen) -> dict[str, Any]:
    return {
        "run_id": run.run_id, "task": run.task, "title": run.title, "cutoff": run.cutoff, "use": run.use,
        "verdict": run.verdict,
    }  # fmt: skip

"""Tasks: start a run as a job, watch it, cancel it, take it up again."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection
from starlette.responses import Response

from bankmine.errors import UsageError
from bankmine.governance import Permission, people
from bankmine.web.routing import Pages
from bankmine.web.visit import Visit
from bankmine.work import jobs

pages = Pages()
HERE = "/tasks"
BUDGETS = ("quick", "usual")


@pages.get(HERE, permission=Permission.JOBS_READ)
def listed(visit: Visit) -> Response:
    """The tasks of this bank and the jobs, newest first; the page asks again while one is open."""
    return _page(visit)


@pages.post(HERE, permission=Permission.JOBS_START)
def start(visit: Visit) -> Response:
    """Puts a job in the queue."""
    form = visit.form
    task, budget = form.get("task", ""), form.get("budget", "")
    whole = task == jobs.Kind.whole_pass
    kind = jobs.Kind.validate if form.get("kind") == jobs.Kind.validate else jobs.Kind.task

    def act(connection: Connection) -> str:
        return jobs.start(
            connection, visit.who,
            known_tasks=visit.site.bank.config.tasks,
            task=None if whole else task,
            kind=jobs.Kind.whole_pass if whole else kind,
            cutoff=form.get("cutoff") or None,
            budget=budget or None,
        )  # fmt: skip

    return _act(visit, "job-started", act)


@pages.post(f"{HERE}/{{job}}/cancel", permission=Permission.JOBS_CANCEL)
def cancel(visit: Visit) -> Response:
    """Ends a job that waits or runs; nothing half-done stays."""
    return _act(visit, "job-cancelled", lambda c: jobs.cancel(c, visit.who, visit.path["job"]))


@pages.post(f"{HERE}/{{job}}/resume", permission=Permission.JOBS_START)
def resume(visit: Visit) -> Response:
    """Puts a job that ended without its work done in the queue again."""
    return _act(visit, "job-resumed", lambda c: jobs.resume(c, visit.who, visit.path["job"]))


def _act(visit: Visit, done: str, act: Callable[[Connection], str | None]) -> Response:
    """Does it, begins what waits, and says so; what does not fit comes back above the form."""
    try:
        with visit.site.store.begin() as connection:
            job = act(connection) or visit.path.get("job", "")
    except UsageError as problem:
        return _page(visit, problem)
    jobs.tend(visit.site.store, visit.site.bank.folder)
    return visit.done(HERE, done, job)


def _page(visit: Visit, problem: UsageError | None = None) -> Response:
    jobs.tend(visit.site.store, visit.site.bank.folder)
    with visit.site.store.read() as connection:
        found = jobs.listed(connection, limit=50)
        names = {one.person_id: one.name for one in people.listed(connection)}
    return visit.page(
        "tasks.html.j2",
        status=400 if problem else 200,
        tasks=list(visit.site.bank.config.tasks),
        budgets=BUDGETS,
        jobs=found,
        names=names,
        watching=any(job.open for job in found),
        may_start=visit.may(Permission.JOBS_START) and visit.who.scope.everything,
        part=visit.may(Permission.JOBS_START) and not visit.who.scope.everything,
        may_cancel=visit.may(Permission.JOBS_CANCEL),
        problem=problem,
    )

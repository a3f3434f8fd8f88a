"""Validation of a published run: may its scores be relied on? Started as a job, read and taken here."""

from __future__ import annotations

from collections import Counter

from starlette.responses import Response

from bankmine.access import validations
from bankmine.governance import Permission, audit
from bankmine.web.routing import Pages
from bankmine.web.visit import Visit
from bankmine.work import jobs

pages = Pages()
READ = Permission.MODELS_READ
TONES = {"met": "good", "watch": "watch", "not met": "bad"}


@pages.get("/models/{task}/validation", permission=READ, dated=True)
def shown(visit: Visit) -> Response:
    """The packs of the run, a chapter a table; which question is chosen by `question`."""
    run = visit.view.run(visit.path["task"])
    if not run.whole:
        return visit.page("validation.html.j2", run=run, packs=[], pack=None, waits=None)
    packs = validations.packs(visit.view, run.task)
    wanted = visit.query.get("question", "")
    pack = next((one for one in packs if one.name == wanted), packs[0] if packs else None)
    with visit.site.store.read() as connection:
        open_ = [one for one in jobs.listed(connection) if one.open and one.kind is jobs.Kind.validate]
    current = visit.view.state.published.get(run.task)
    return visit.page(
        "validation.html.j2",
        run=run,
        packs=packs,
        pack=pack,
        counts=Counter(one["verdict"] for chapter in pack.chapters for one in chapter["findings"])
        if pack
        else {},
        tones=TONES,
        waits=next((one for one in open_ if one.settings["task"] == run.task), None),
        may_start=visit.may(Permission.JOBS_START) and current is not None and current.run_id == run.run_id,
        may_export=visit.may(Permission.LISTS_EXPORT) or visit.may(Permission.MODELS_SIGN),
    )


@pages.get("/exports/models/{task}/validation", permission=READ, dated=True)
def document(visit: Visit) -> Response:
    """A pack as a Word document."""
    task, name = visit.path["task"], visit.query.get("question", "")
    content = validations.document(visit.view, task, name)
    with visit.site.store.begin() as connection:
        audit.record(
            connection, person=visit.who, act="validation_taken", object_kind="model", object_id=task,
            details={"run": visit.view.run(task).run_id, "question": name},
        )  # fmt: skip
    headers = {"content-disposition": f'attachment; filename="validation-{task}-{name[:40]}.docx"'}
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    return Response(content, media_type=kind, headers=headers)

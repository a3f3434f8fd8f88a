"""Data: what was loaded, which tables and columns there are, what looks wrong, and who looks after it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from bankmine import clock
from bankmine.access.data import DataSeen, FindingSeen
from bankmine.errors import NotFound, UsageError
from bankmine.governance import Permission, people
from bankmine.web.routing import Pages
from bankmine.web.visit import Visit
from bankmine.work import care

pages = Pages()
HERE = "/data"
FINDINGS = f"{HERE}/findings"
SHOW = ("open", "mine", "overdue", "closed", "all")
NOBODY = ""


@dataclass(frozen=True)
class Cared:
    """A finding and how it stands."""

    finding: FindingSeen
    care: care.Care
    overdue: bool


@pages.get(HERE, permission=Permission.DATA_READ)
def sources(visit: Visit) -> Response:
    """The loads with what they refused, and the tables as they are."""
    data = DataSeen(visit.view)
    return visit.page(
        "data.html.j2",
        loads=data.loads(),
        tables=data.tables(),
        whole=data.whole,
        understood=data.understood(),
        findings=len(data.findings()),
    )


@pages.get(f"{HERE}/tables/{{table}}", permission=Permission.DATA_READ)
def table(visit: Visit) -> Response:
    """One table: its columns with meaning, share missing and range."""
    data = DataSeen(visit.view)
    name = visit.path["table"]
    return visit.page(
        "data_table.html.j2", table=data.table(name), columns=data.columns(name), whole=data.whole
    )


@pages.get(FINDINGS, permission=Permission.DATA_READ)
def findings(visit: Visit) -> Response:
    """What looks wrong, with owner, day and state; overdue ones first."""
    return _findings(visit)


@pages.post(f"{FINDINGS}/{{finding}}", permission=Permission.DATA_CARE)
def put(visit: Visit) -> Response:
    """Gives a finding an owner, a day, a state and a note; the undo puts back what was."""
    form, finding = visit.form, visit.path["finding"]
    if finding not in {one.finding_id for one in DataSeen(visit.view).findings()}:
        raise NotFound("there is no such finding now", hint="It may be gone with the newest load.")
    try:
        with visit.site.store.begin() as connection:
            before = care.put(
                connection, visit.who, finding,
                state=form.get("state", "open"), owner_id=form.get("owner") or None,
                due=form.get("due") or None, note=form.get("note"),
            )  # fmt: skip
    except UsageError as problem:
        return _findings(visit, problem)
    was = {"state": before.state, "owner": before.owner_id or NOBODY, "due": before.due or ""}
    return visit.done(FINDINGS, "finding-cared", finding, **was)


def waiting(visit: Visit) -> tuple[int, int]:
    """How many open findings this person looks after, and how many of these are past their day."""
    mine = [one for one in _cared(visit) if one.care.owner_id == visit.who.person_id]
    return sum(one.care.state == "open" for one in mine), sum(one.overdue for one in mine)


def _cared(visit: Visit) -> list[Cared]:
    found = DataSeen(visit.view).findings()
    with visit.site.store.read() as connection:
        standing = care.standing(connection, [one.finding_id for one in found])
    today = clock.now().astimezone(visit.site.zone).date().isoformat()
    cared = [Cared(one, standing[one.finding_id], standing[one.finding_id].overdue(today)) for one in found]
    return sorted(cared, key=lambda one: (not one.overdue, one.care.state != "open", one.care.due or "9"))


def _findings(visit: Visit, problem: UsageError | None = None) -> Response:
    every = _cared(visit)
    show = visit.query.get("show", "open")
    wanted = {
        "open": [one.care.state == "open" for one in every],
        "mine": [one.care.owner_id == visit.who.person_id for one in every],
        "overdue": [one.overdue for one in every],
        "closed": [one.care.state == "closed" for one in every],
    }.get(show, [True] * len(every))
    with visit.site.store.read() as connection:
        accounts = care.owners(connection)
        names = {one.person_id: one.name for one in people.listed(connection)}
    return visit.page(
        "findings.html.j2",
        status=400 if problem else 200,
        cared=[one for one, keep in zip(every, wanted, strict=True) if keep],
        open=sum(one.care.state == "open" for one in every),
        show=show,
        shows=SHOW,
        names=names,
        accounts=accounts,
        whole=visit.view.everything,
        understood=DataSeen(visit.view).understood(),
        may_care=visit.may(Permission.DATA_CARE),
        problem=problem,
    )

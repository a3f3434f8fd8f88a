"""The first page: what waits for this person, and what the newest runs say. All of it by rights and scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from bankmine import clock
from bankmine.access import OneOf
from bankmine.access.data import DataSeen
from bankmine.access.permitted import READ
from bankmine.errors import NotFound
from bankmine.governance import Permission, audit, people, sessions
from bankmine.web.pages import data, follow_up, meanings, models
from bankmine.web.routing import SIGNED_IN, Pages
from bankmine.web.visit import Visit
from bankmine.work import call_lists, contacts, jobs, sign_offs

pages = Pages()
FIRST = "first"
"""The grade of the churn list whose customers are called first."""

REGISTERS = (
    ("early_warning", "register", "warnings"),
    ("cross_sell", "offers", "offers"),
    ("application_fraud", "rings", "rings"),
)


@dataclass(frozen=True)
class Waiting:
    """One thing that waits: how many, the key of its words, where to do it, and how it stands."""

    key: str
    count: int
    address: str
    tone: str = "neutral"


@dataclass(frozen=True)
class Change:
    """Something new: a run (its title, what it says) or a load (its number); `at` in µs UTC."""

    kind: str
    name: str
    said: str
    at: int
    address: str


@pages.get("/", permission=SIGNED_IN, dated=True)
def home(visit: Visit) -> Response:
    """What waits and what changed."""
    with visit.site.store.read() as connection:
        since = sessions.last_visit(connection, visit.who)
    return visit.page(
        "home.html.j2",
        waiting=[one for one in _waiting(visit) if one.count],
        since=since,
        changed=_changed(visit, since),
        runs=[run for run in visit.view.runs() if visit.may(READ.get(run.task, Permission.MODELS_READ))],
    )


def _waiting(visit: Visit) -> Iterator[Waiting]:
    """What waits, by what the person may do."""
    parts: tuple[tuple[Permission, Callable[[Visit], Iterator[Waiting]]], ...] = (
        (Permission.CUSTOMERS_READ, _of_customers),
        (Permission.CUSTOMERS_READ, _of_follow_ups),
        (Permission.DATA_READ, _of_data),
        (Permission.MODELS_SIGN, _of_models),
        (Permission.JOBS_READ, _of_jobs),
        (Permission.PEOPLE_READ, _of_people),
        (Permission.AUDIT_READ, _of_audit),
    )
    for permission, part in parts:
        if visit.may(permission):
            yield from part(visit)


def _of_customers(visit: Visit) -> Iterator[Waiting]:
    view = visit.view
    yield Waiting("customers", view.count(), visit.link("/customers"))
    if visit.may(Permission.CHURN_READ):
        found = view.count({"churn_grade": OneOf.of(FIRST)}) if _has(visit, "churn") else 0
        yield Waiting("call_first", found, visit.link("/customers", churn_grade=FIRST), "bad")
    for task, table, key in REGISTERS:
        if visit.may(READ[task]) and _has(visit, task):
            yield Waiting(key, view.list(task, table).total, visit.link(f"/lists/{task}/{table}"), "watch")


def _has(visit: Visit, task: str) -> bool:
    try:
        visit.view.run(task)
    except NotFound:
        return False
    return True


def _of_models(visit: Visit) -> Iterator[Waiting]:
    """Runs whose reading waits for a seat of this person's; only of those whose figures they read."""
    if not visit.may(Permission.MODELS_READ):
        return
    asked = [models.object_id(run) for run in visit.view.runs() if run.whole]
    with visit.site.store.read() as connection:
        stands = sign_offs.standing(connection, sign_offs.Kind.interpretation, asked)
    seats = set(sign_offs.seats_of(visit.who))
    mine = [
        one for one in stands.values()
        if seats - set(one.signatures)
        and visit.who.person_id not in {said.person_id for said in one.signatures.values()}
    ]  # fmt: skip
    yield Waiting("unsigned", len(mine), visit.link("/models"), "watch")


def _of_follow_ups(visit: Visit) -> Iterator[Waiting]:
    """Rows this person took on, and lists of calls they look after."""
    today = clock.now().astimezone(visit.site.zone).date()
    with visit.site.store.read() as connection:
        for desk in follow_up.DESKS:
            if not visit.may(desk.read):
                continue
            stands = [found[0] for found in contacts.steps(connection, desk.kind).values()]
            mine = [one for one in stands if one.open and one.owner_id == visit.who.person_id]
            late = any(one.overdue(today) for one in mine)
            tone = "bad" if late else "watch"
            yield Waiting(f"follow_{desk.kind}", len(mine), visit.link(desk.path, show="mine"), tone)
        own = [one for one in call_lists.listed(connection) if one.owner_id == visit.who.person_id]
    open_ones = [one for one in own if not one.ended]
    yield Waiting("call_lists", len(open_ones), visit.link("/value/calls"), "watch")


def _of_data(visit: Visit) -> Iterator[Waiting]:
    """Findings this person looks after, and meanings that wait for their seat."""
    mine, late = data.waiting(visit)
    yield Waiting("findings", mine, "/data/findings?show=mine", "bad" if late else "watch")
    if visit.may(Permission.MEANINGS_SIGN):
        begun = meanings.waiting(visit)
        yield Waiting("meanings", begun, "/data/meanings?state=mine", "watch")


def _changed(visit: Visit, since: int | None) -> list[Change]:
    """Loads and runs that came since the last visit, the newest first; none at the first."""
    if since is None:
        return []
    runs = [
        Change("run", run.title, run.verdict or "", run.made_at, visit.link(f"/lists/{run.task}"))
        for run in visit.view.runs()
        if visit.may(READ.get(run.task, Permission.MODELS_READ))
    ]
    loads = [
        Change("load", str(one.number), "", _instant(one.loaded_at), "/data")
        for one in (DataSeen(visit.view).loads() if visit.may(Permission.DATA_READ) else ())
    ]
    return sorted((one for one in (*runs, *loads) if one.at > since), key=lambda one: -one.at)


def _instant(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000_000)


def _of_jobs(visit: Visit) -> Iterator[Waiting]:
    with visit.site.store.read() as connection:
        found = jobs.listed(connection, limit=50)
    yield Waiting("jobs_open", sum(job.open for job in found), "/tasks")
    yield Waiting("jobs_ended", sum(job.resumable for job in found), "/tasks", "watch")


def _of_people(visit: Visit) -> Iterator[Waiting]:
    with visit.site.store.read() as connection:
        found = people.listed(connection)
    alone = [one for one in found if not one.disabled and not one.second_factor]
    yield Waiting("no_second_factor", len(alone), "/administration/people", "watch")


def _of_audit(visit: Visit) -> Iterator[Waiting]:
    with visit.site.store.read() as connection:
        found = audit.events(connection, act="sign_in_refused", limit=100)
    yield Waiting("refused", len(found), "/administration/audit?act=sign_in_refused", "watch")

"""Lists that people work row by row: who may leave, what to offer, warnings, fraud alerts and rings.

Each shows the rows of its run with how far each is, filters those of one's own, open or overdue, and notes
the same step for all rows chosen. Who may not be contacted is refused, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from bankmine import clock
from bankmine.access import Condition, OneOf
from bankmine.access import value as worth
from bankmine.access.lists import ListSource
from bankmine.errors import NotFound, UsageError
from bankmine.governance import Permission, people, permissions
from bankmine.web.routing import Pages
from bankmine.web.shown import PAGE_SIZE, headings, sort_of
from bankmine.web.visit import Visit
from bankmine.work import contacts
from bankmine.work.contacts import Kind

pages = Pages()
SHOW = ("mine", "open", "overdue", "untouched")


@dataclass(frozen=True)
class Desk:
    """One list to work: its address and kind, whose table it shows with which columns, what reading needs.

    `asks_consent`: only who may be contacted can be worked. `of_run`: rows are numbered by the run alone.
    """

    path: str
    kind: Kind
    task: str
    table: str
    key: str
    columns: tuple[str, ...]
    read: Permission
    asks_consent: bool = False
    of_run: bool = False


_ALERT = ("rank", "subject_id", "customer_id", "probability", "value", "grade", "flags")
DESKS = (
    Desk(
        "/churn", Kind.churn, "churn", "list", "customer_id",
        ("rank", "customer_id", "conditions", "probability", "at_risk_minor", "signs", "grade", "step"),
        Permission.CHURN_READ, asks_consent=True,
    ),
    Desk(
        "/offers", Kind.offer, "cross_sell", "offers", "customer_id",
        ("rank", "customer_id", "product", "chance", "usual", "profit_minor", "channel", "why"),
        Permission.OFFERS_READ, asks_consent=True,
    ),
    Desk(
        "/warnings", Kind.warning, "early_warning", "register", "customer_id",
        ("rank", "customer_id", "cause", "since", "new", "chance_12", "owed_minor", "action", "grade"),
        Permission.WARNINGS_READ,
    ),
    Desk(
        "/fraud", Kind.application, "application_fraud", "scores", "subject_id", _ALERT, Permission.FRAUD_READ
    ),
    Desk("/fraud/cards", Kind.card, "card_fraud", "scores", "subject_id", _ALERT, Permission.FRAUD_READ),
    Desk(
        "/fraud/rings", Kind.ring, "application_fraud", "rings", "ring",
        ("ring", "customers", "shared", "first", "last", "applications", "amount_minor", "chance", "members"),
        Permission.FRAUD_READ, of_run=True,
    ),
)  # fmt: skip
TABS = {
    "offers": (("offer", "/offers"), ("rules", "/offers/rules"), ("stranger", "/offers/stranger")),
    "fraud": (("application", "/fraud"), ("card", "/fraud/cards"), ("ring", "/fraud/rings")),
}


def _declare(desk: Desk) -> None:
    """The routes of a list: the page, noting, taking back, restoring."""
    needed = contacts.NEEDED[desk.kind]

    @pages.get(desk.path, permission=desk.read, dated=True)
    def shown(visit: Visit) -> Response:
        return _page(visit, desk)

    @pages.post(f"{desk.path}/steps", permission=needed)
    def note(visit: Visit) -> Response:
        return _note(visit, desk)

    @pages.post(f"{desk.path}/steps/{{batch}}/take-back", permission=needed)
    def take_back(visit: Visit) -> Response:
        return _again(visit, desk, again=False)

    @pages.post(f"{desk.path}/steps/{{batch}}/restore", permission=needed)
    def restore(visit: Visit) -> Response:
        return _again(visit, desk, again=True)


for _desk in DESKS:
    _declare(_desk)


def _page(visit: Visit, desk: Desk, problem: UsageError | None = None) -> Response:
    """The list; without a published run as of the date, what to do about it."""
    try:
        run, source = visit.view.run(desk.task), visit.view.list(desk.task, desk.table)
    except NotFound:
        return visit.page("list_missing.html.j2", title=visit.t(f"follow_up.{desk.kind}.title"))
    with visit.site.store.read() as connection:
        steps = contacts.steps(connection, desk.kind)
        accounts = people.listed(connection)
    standing = {name: taken[0] for name, taken in steps.items()}
    show = visit.query.get("show", "") if visit.query.get("show") in SHOW else ""
    grade, filters = visit.query.get("grade", ""), _filters(visit, desk, source, standing, show)
    search = visit.query.get("search", "").strip()[:40]
    found = source.rows(filters, sort_of(visit), visit.number("page", 1), PAGE_SIZE, search)
    at = {one.name: place for place, one in enumerate(found.columns)}
    return visit.page(
        "follow_up.html.j2",
        status=400 if problem else 200,
        desk=desk, run=run, found=found, search=search, problem=problem, show=show, shows=SHOW, grade=grade,
        grades=_grades(source), standing=standing, past=steps,
        places=[at[name] for name in desk.columns if name in at],
        objects=[_object(desk, run.run_id, row[at[desk.key]]) for row in found.rows],
        headings=headings(found.columns, visit.view.currency),
        names={one.person_id: one.name for one in accounts},
        owners=_owners(accounts, desk), states=contacts.STATES[desk.kind], today=clock.now().date(),
        tabs=TABS.get(desk.path.split("/")[1], ()),
        may_write=visit.may(contacts.NEEDED[desk.kind]),
        hidden=source.whole_bank and not visit.view.everything,
        export=visit.link(f"/exports/{desk.task}/{desk.table}")
        if visit.may(Permission.LISTS_EXPORT)
        else "",
    )  # fmt: skip


def _note(visit: Visit, desk: Desk) -> Response:
    """Notes a step for the rows chosen that are in one's own list; refused where one may not be contacted."""
    form, chosen = visit.form, list(visit.chosen.get("row", ()))
    try:
        _check(visit, desk, chosen, form.get("state", ""))
        with visit.site.store.begin() as connection:
            batch = contacts.note(
                connection, visit.who, desk.kind, chosen, form.get("state", ""),
                owner_id=form.get("owner", ""), due_on=form.get("due", ""),
                text=form.get("note", "").strip(),
            )  # fmt: skip
    except UsageError as problem:
        return _page(visit, desk, problem)
    return visit.done(desk.path, "contact-noted", batch, at=desk.path)


def _again(visit: Visit, desk: Desk, *, again: bool) -> Response:
    """Takes back or restores a step about rows of one's own list."""
    batch = visit.path["batch"]
    with visit.site.store.begin() as connection:
        kind, objects = contacts.of_batch(connection, batch)
        if kind != desk.kind or _unseen(visit, desk, objects):
            raise NotFound("there is no such step", hint="Look at the list as it stands.")
        contacts.take_back(connection, visit.who, batch, again=again)
    done = "contact-noted" if again else "contact-taken-back"
    return visit.done(desk.path, done, batch, at=desk.path)


def _check(visit: Visit, desk: Desk, chosen: list[str], state: str) -> None:
    if not 1 <= len(chosen) <= contacts.MOST_AT_ONCE:
        raise UsageError(f"{len(chosen)} rows were chosen", hint=f"Choose 1 to {contacts.MOST_AT_ONCE}.")
    if _unseen(visit, desk, chosen):
        raise NotFound("a row chosen is not on the list", hint="Look at the list as it stands.")
    if desk.asks_consent and state != "no_action":
        said = worth.contactable(visit.view, chosen)
        barred = [(one, said.get(one, "unknown")) for one in chosen if said.get(one) != "yes"]
        if barred:
            named = ", ".join(f"{one} ({why})" for one, why in barred[:5])
            raise UsageError(
                f"{len(barred)} of the chosen may not be contacted: {named}{' …' * (len(barred) > 5)}",
                hint="Leave them out and note the step for the others.",
            )


def _unseen(visit: Visit, desk: Desk, objects: list[str]) -> set[str]:
    """Which of these are no rows of the list as this person sees it."""
    source, run = visit.view.list(desk.task, desk.table), visit.view.run(desk.task)
    column = source.column(desk.key)
    if desk.of_run:
        known = {_object(desk, run.run_id, one) for one in column.shown(_all(source))}
        return set(objects) - known
    if any(len(one) != 16 or set(one) - set("0123456789abcdef") for one in objects):
        return set(objects)
    rows = source.rows({desk.key: OneOf.of(*objects)}, None, 1, 1_000)
    at = [one.name for one in rows.columns].index(desk.key)
    return set(objects) - {row[at] for row in rows.rows}


def _all(source: ListSource) -> Any:
    return source.table.matching().nonzero()[0]


def _object(desk: Desk, run_id: str, value: Any) -> str:
    """The row's name: a pseudonym, or the run and its number."""
    return f"{run_id}.{int(value)}" if desk.of_run else str(value)


def _filters(
    visit: Visit, desk: Desk, source: ListSource, standing: dict[str, contacts.Contact], show: str
) -> dict[str, Condition]:
    grade, found = visit.query.get("grade", ""), {}
    if grade in _grades(source):
        found["grade"] = OneOf.of(grade)
    if show:
        run_id = visit.view.run(desk.task).run_id
        kept = {name for name, one in standing.items() if _is(visit, one, show)}
        if show == "untouched":
            every = {_object(desk, run_id, one): one for one in source.column(desk.key).shown(_all(source))}
            return {**found, desk.key: OneOf.of(*(one for name, one in every.items() if name not in kept))}
        if desk.of_run:
            own = [name.partition(".")[2] for name in kept if name.startswith(f"{run_id}.")]
            return {**found, desk.key: OneOf.of(*map(int, own))}
        return {**found, desk.key: OneOf.of(*kept)}
    return dict(found)


def _is(visit: Visit, one: contacts.Contact, show: str) -> bool:
    """Whether the step is of the state asked; every step is of `untouched`, whose rows are left out."""
    if show == "mine":
        return one.open and one.owner_id == visit.who.person_id
    if show == "overdue":
        return one.overdue(clock.now().date())
    return one.open or show == "untouched"


def _grades(source: ListSource) -> list[str]:
    return sorted(getattr(source.table.columns.get("grade"), "words", ()))


def _owners(accounts: Any, desk: Desk) -> list[tuple[str, str]]:
    """Who can look after rows: everybody who may note steps and is not disabled, by name."""
    return sorted(
        (
            (one.person_id, one.name)
            for one in accounts
            if not one.disabled and contacts.NEEDED[desk.kind] in permissions.permissions_of(one.roles)
        ),
        key=lambda one: one[1].casefold(),
    )

"""Credit applications: the queue, one application with score, policy and what-if, and what people decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from starlette.responses import Response

from bankmine.access import OneOf, feature_words
from bankmine.access.applications import ApplicationSeen, application, queue
from bankmine.access.columns import Keys, Words, token_of
from bankmine.access.lending import NAMED, Assessment, lender_of, token_of_customer
from bankmine.access.lists import ListSource
from bankmine.errors import FeasibilityError, NotFound, UsageError
from bankmine.governance import Permission, people
from bankmine.web.routing import Pages
from bankmine.web.shown import PAGE_SIZE, headings, sort_of
from bankmine.web.visit import Visit
from bankmine.work import rulings

pages = Pages()
HERE = "/applications"
FILTERED = ("decision", "grade")
SHOWN = ("customer_id", "decision", "amount_minor", "probability", "grade", "points", "says")
HERE_WORDS = HERE_OPEN, HERE_DECIDED = ("open", "decided")
CHANGED = ("product", "amount_minor", "term_months", "stated_income_minor")


@dataclass(frozen=True)
class Line:
    """A row of the queue: the application, its cells, and the ruling that stands."""

    application_id: str
    cells: tuple[Any, ...]
    ruling: rulings.Ruling | None


@pages.get(HERE, permission=Permission.CREDIT_READ, dated=True)
def listed(visit: Visit) -> Response:
    """The applications the run scored, in the reader's scope, with what was decided here."""
    try:
        run, source = visit.view.run("application_score"), queue(visit.view)
    except NotFound:
        return visit.page("list_missing.html.j2", title=visit.t("applications.title"))
    words = {name: sorted(getattr(source.column(name), "words", ())) for name in FILTERED if source.total}
    filters = {name: OneOf.of(visit.query[name]) for name in words if visit.query.get(name) in words[name]}
    search = visit.query.get("search", "").strip()[:40]
    here = visit.query.get("here", HERE_OPEN)
    table = source.table.with_column("here", _ruled(visit, source))
    if here in HERE_WORDS:
        filters["here"] = OneOf.of(here)
    found = table.rows(
        filters, sort_of(visit) or ("probability", True), visit.number("page", 1), PAGE_SIZE, search
    )
    names = [one.name for one in found.columns]
    places = [names.index(name) for name in SHOWN]
    key = names.index("application")
    with visit.site.store.read() as connection:
        standing = rulings.standing(connection, [row[key] for row in found.rows])
    return visit.page(
        "applications.html.j2",
        run=run,
        found=found,
        headings=headings([found.columns[at] for at in places], visit.view.currency),
        lines=[Line(row[key], tuple(row[at] for at in places), standing.get(row[key])) for row in found.rows],
        words=words,
        here=here,
        here_words=HERE_WORDS,
        search=search,
        labels={one.name: one.label for one in found.columns},
        export=visit.link("/exports/application_score/applications")
        if visit.may(Permission.LISTS_EXPORT)
        else "",
    )


@pages.get(f"{HERE}/decided", permission=Permission.CREDIT_READ)
def decided(visit: Visit) -> Response:
    """What people decided on customers in the reader's scope, and how often against the policy."""
    with visit.site.store.read() as connection:
        every = rulings.listed(connection)
        names = {one.person_id: one.name for one in people.listed(connection)}
    own = [one for one in every if visit.view.knows(one.customer_id)]
    settled = [one for one in own if one.outcome != "ask_for_more"]
    return visit.page(
        "applications_decided.html.j2",
        rulings=own,
        names=names,
        settled=len(settled),
        overrides=sum(one.override for one in settled),
    )


@pages.get(f"{HERE}/{{application}}", permission=Permission.CREDIT_READ, dated=True)
def one(visit: Visit) -> Response:
    """One application: what it stated, score, policy's answer, a what-if, and the decision."""
    return _one(visit)


@pages.post(f"{HERE}/{{application}}/what-if", permission=Permission.CREDIT_READ)
def what_if(visit: Visit) -> Response:
    """The answer to changed fields; nothing of it is kept."""
    return _one(visit)


@pages.post(f"{HERE}/{{application}}/rule", permission=Permission.CREDIT_DECIDE)
def decide(visit: Visit) -> Response:
    """Decides, with reason; against the policy only with a note."""
    seen, form = application(visit.view, visit.path["application"]), visit.form
    try:
        said = _assessed(visit, seen, _stated(seen))
        with visit.site.store.begin() as connection:
            made = rulings.rule(
                connection, visit.who,
                application_id=seen.application_id, customer_id=seen.customer_id,
                outcome=form.get("outcome", ""), reason=form.get("reason", ""), note=form.get("note", ""),
                policy=said.policy, policy_outcome=said.outcome, probability=said.probability,
            )  # fmt: skip
    except UsageError as problem:
        return _one(visit, problem)
    return visit.done(f"{HERE}/{seen.application_id}", "application-ruled", made)


@pages.post("/rulings/{ruling}/take-back", permission=Permission.CREDIT_DECIDE)
def take_back(visit: Visit) -> Response:
    """Takes one's own ruling back."""
    with visit.site.store.begin() as connection:
        about = rulings.take_back(connection, visit.who, visit.path["ruling"])
    return visit.done(f"{HERE}/{about}", "ruling-taken", visit.path["ruling"])


@pages.post("/rulings/{ruling}/restore", permission=Permission.CREDIT_DECIDE)
def restore(visit: Visit) -> Response:
    """Puts it in its place again."""
    with visit.site.store.begin() as connection:
        about = rulings.take_back(connection, visit.who, visit.path["ruling"], again=True)
    return visit.done(f"{HERE}/{about}", "application-ruled", visit.path["ruling"])


def _ruled(visit: Visit, source: ListSource) -> Words:
    """Of each row of the queue whether it is open here or was decided."""
    ids = source.column("application")
    assert isinstance(ids, Keys)
    with visit.site.store.read() as connection:
        decided = [token_of(one.application_id) for one in rulings.listed(connection)]
    codes = np.isin(ids.values, np.array(decided, np.int64)).astype(np.int32)
    return Words(codes, HERE_WORDS)


def _one(visit: Visit, problem: UsageError | None = None) -> Response:
    seen = application(visit.view, visit.path["application"])
    stated = _stated(seen)
    changed, wrong = _changed(visit, stated)
    answer = _answer(visit, seen, stated)
    with visit.site.store.read() as connection:
        ruling = rulings.standing(connection, [seen.application_id]).get(seen.application_id)
        names = {one.person_id: one.name for one in people.listed(connection)}
    return visit.page(
        "application.html.j2",
        status=400 if problem else 200,
        seen=seen,
        run=visit.view.run("application_score"),
        currency=visit.view.currency,
        stated=stated,
        changed=changed,
        said=answer,
        then=_answer(visit, seen, changed) if answer and changed != stated and not wrong else None,
        ruling=ruling,
        names=names,
        me=visit.who.person_id,
        outcomes=rulings.OUTCOMES,
        reasons=rulings.REASONS,
        codes=[feature_words.said(code) for code in (seen.row.get("codes") or "").split("; ") if code],
        may_decide=visit.may(Permission.CREDIT_DECIDE),
        problem=problem or wrong,
    )


def _stated(seen: ApplicationSeen) -> dict[str, Any]:
    return {name: seen.stated.get(name) for name in NAMED}


def _changed(visit: Visit, stated: Mapping[str, Any]) -> tuple[dict[str, Any], UsageError | None]:
    """The fields with what the form says in their place; amounts are typed in major units."""
    found = dict(stated)
    for name in CHANGED:
        text = visit.form.get(name, "").strip().replace(",", "")
        if not text:
            continue
        if name == "product":
            found[name] = text[:60]
        elif text.isdecimal() and len(text) < 12:
            found[name] = int(text) * (1 if name == "term_months" else 100)
        else:
            return dict(stated), UsageError(f"{text[:20]!r} is no number", hint="Write 12000.")
    return found, None


def _assessed(visit: Visit, seen: ApplicationSeen, fields: Mapping[str, Any]) -> Assessment:
    token = token_of_customer(visit.view, seen.customer_id)
    chance = float(seen.row["probability"])
    return lender_of(visit.view).of_scored(token, chance, _stated(seen), fields)


def _answer(visit: Visit, seen: ApplicationSeen, fields: Mapping[str, Any]) -> Assessment | None:
    try:
        return _assessed(visit, seen, fields)
    except (FeasibilityError, UsageError):
        return None

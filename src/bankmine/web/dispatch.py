"""From a request to a page: who is it, may they, did our own form send it; then the handler, then the errors.

The order matters and is the same for every route: session → permission → form token → date → handler. A route
cannot step out of it, for it is given no request, only a `Visit`.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bankmine.errors import Forbidden
from bankmine.governance import Permission, Person, audit, sessions
from bankmine.web.faults import fault_page
from bankmine.web.routing import PUBLIC, Route
from bankmine.web.security.limits import FIELDS
from bankmine.web.security.origin import SAFE, is_token_of
from bankmine.web.texts import LANGUAGES
from bankmine.web.visit import AS_OF, Visit

if TYPE_CHECKING:
    from bankmine.web.site import Site

OWING = frozenset(
    {
        "/account",
        "/account/password",
        "/account/recovery",
        "/account/second-factor",
        "/sign-out",
        "/preferences/language",
    }
)
"""What somebody may ask for who has to change a given password, or to turn a second factor on, first."""

Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint(site: Site, route: Route) -> Endpoint:
    """The route's handler behind all that guards it; `permission` stands on it for `require_declared`."""

    async def answer(request: Request) -> Response:
        token = site.cookies.read(request, site.cookies.session)
        person = await run_in_threadpool(sessions.resume, site.store, token) if token else None
        fields: dict[str, Any] = {}
        if request.method not in SAFE:
            fields = _fields(await request.form(max_files=0, max_fields=FIELDS))
        visit = visit_of(site, route, request, person, token if person else "", **fields)
        response = await run_in_threadpool(_answer, visit)
        return _with_secret(site, request, response, visit)

    answer.permission = route.permission  # type: ignore[attr-defined]
    return answer


def visit_of(
    site: Site, route: Route, request: Request, person: Person | None, token: str, **fields: Any
) -> Visit:
    """The visit of a request."""
    visitor = site.cookies.read(request, site.cookies.visitor) or secrets.token_urlsafe(32)
    query = request.url.query
    return Visit(
        site=site,
        route=route,
        language=_language(site, request, person),
        person=person,
        path={name: str(value) for name, value in request.path_params.items()},
        query=_query(request),
        secret=token or visitor,
        session_token=token,
        asked=request.url.path + (f"?{query}" if query else ""),
        address=request.client.host if request.client else "",
        note=site.cookies.read(request, site.cookies.issuer),
        partial="hx-request" in request.headers and "hx-history-restore-request" not in request.headers,
        **fields,
    )


def _answer(visit: Visit) -> Response:
    try:
        return _guarded(visit)
    except Exception as error:
        if isinstance(error, Forbidden) and visit.person is not None:
            _note_refusal(visit)
        return fault_page(visit, error)


def _guarded(visit: Visit) -> Response:
    route = visit.route
    static = route.path.startswith("/static/")
    if not static and not visit.site.pace.take(visit.caller):
        return visit.page("fault.html.j2", status=429, key="too_many", error=None, number="")
    if route.permission is not PUBLIC and visit.person is None:
        return _to_sign_in(visit)
    if visit.person is not None and visit.person.owes and not static and route.path not in OWING:
        return _to(visit, visit.link("/account", asof=None))
    for needed in (route.permission, route.also):
        if isinstance(needed, Permission):
            visit.who.require(needed)
    if route.method not in SAFE and not is_token_of(visit.form.get("csrf", ""), visit.secret):
        return visit.page("fault.html.j2", status=403, key="stale", error=None, number="")
    if route.dated and AS_OF not in visit.query and visit.person is not None:
        whole = {**visit.query, AS_OF: visit.as_of.isoformat()}  # what was done is still to be said
        return RedirectResponse(visit.link(visit.asked.partition("?")[0], **whole), 302)
    return route.handler(visit)


def _to_sign_in(visit: Visit) -> Response:
    """To the sign-in page, and from there back to where the visitor wanted to go."""
    wanted = visit.asked if visit.route.method in SAFE and visit.asked != "/" else None
    return _to(visit, visit.link("/sign-in", next=wanted, asof=None))


def _to(visit: Visit, address: str) -> Response:
    """To another page, also where only a part of one was asked for."""
    if visit.partial:
        return Response(status_code=204, headers={"hx-redirect": address})
    return RedirectResponse(address, 303)


def _note_refusal(visit: Visit) -> None:
    """A refused right is an event of the audit."""
    with visit.site.store.begin() as connection:
        audit.record(
            connection, person=visit.person, act="refused", object_kind="route", object_id=visit.route.name
        )


def _query(request: Request) -> dict[str, str]:
    """The fields of the address; several values of one name stand between `~`, empty ones are left out."""
    every: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        every.setdefault(name, []).append(value)
    return {
        name: values[0] if len(values) == 1 else "~".join(filter(None, values))
        for name, values in every.items()
    }


def _fields(form: FormData) -> dict[str, Any]:
    """The form's fields: the last value of each name, and all values of each."""
    every: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            every.setdefault(name, []).append(value)
    return {
        "form": {name: values[-1] for name, values in every.items()},
        "chosen": {name: tuple(values) for name, values in every.items()},
    }


def _language(site: Site, request: Request, person: Person | None) -> str:
    """The language chosen here, else the person's, else the browser's first that is spoken."""
    chosen = site.cookies.read(request, site.cookies.language)
    if chosen in LANGUAGES:
        return chosen
    if person is not None and person.language in LANGUAGES:
        return person.language
    for wanted in request.headers.get("accept-language", "").lower().split(","):
        for code in LANGUAGES:
            if wanted.strip().startswith(code):
                return code
    return "en"


def _with_secret(site: Site, request: Request, response: Response, visit: Visit) -> Response:
    """Keeps the visitor's secret for the forms of whoever is not signed in."""
    if not visit.session_token and not site.cookies.read(request, site.cookies.visitor):
        site.cookies.keep(response, site.cookies.visitor, visit.secret)
    return response

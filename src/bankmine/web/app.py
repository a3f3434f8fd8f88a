"""The application of one bank: its routes behind its security, checked before the first request.

`create_app` opens the bank and its store, brings the store to the newest schema, puts every page's handler
behind `dispatch.endpoint` and refuses to start where a route declares no permission.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import anyio
import structlog
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response

from bankmine.access import Place
from bankmine.errors import BankmineError, NotFound, UsageError
from bankmine.folder import BankFolder
from bankmine.governance import sessions
from bankmine.store import Store
from bankmine.web import pages as groups
from bankmine.web.dispatch import endpoint, visit_of
from bankmine.web.faults import fault_page
from bankmine.web.routing import PUBLIC, Route, require_declared
from bankmine.web.security.cookies import Cookies
from bankmine.web.security.limits import BodyLimit
from bankmine.web.security.origin import OwnOrigin
from bankmine.web.security.policy import PolicyHeaders
from bankmine.web.site import Site
from bankmine.work import jobs

TEND_SECONDS = 5
log = structlog.get_logger("bankmine.web")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def routes() -> Iterator[Route]:
    """Every route of the modules of `web/pages` that declare `pages`.

    Fixed addresses come before those with places to fill in, so that `/customers/lists` is no customer's.
    """
    modules = (import_module(one.name) for one in iter_modules(groups.__path__, f"{groups.__name__}."))
    declared = [route for module in modules for route in getattr(module, "pages", ())]
    yield from sorted(declared, key=lambda route: [part.startswith("{") for part in route.path.split("/")])


def create_app(
    bank_folder: Path, *, insecure_cookies: bool = False, hosts: Sequence[str] = LOOPBACK
) -> FastAPI:
    """The application over a bank's folder.

    `insecure_cookies` is for plain HTTP on this machine only; `hosts` are the names under which it answers.

    Raises ConfigurationError when a route declares no permission, and what opening bank and store raises.
    """
    bank = BankFolder(bank_folder)
    store = Store.of(bank)
    store.migrate()
    site = Site(bank=bank, store=store, place=Place(bank), cookies=Cookies(secure=not insecure_cookies))
    return assemble(site, hosts=hosts)


def assemble(site: Site, *, hosts: Sequence[str] = LOOPBACK) -> FastAPI:
    """The application over an opened site."""
    app = FastAPI(
        lifespan=_tended(site),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        middleware=[
            Middleware(PolicyHeaders, secure=site.cookies.secure),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
            Middleware(OwnOrigin),
            Middleware(BodyLimit),
            Middleware(GZipMiddleware, minimum_size=1_000),
        ],
    )
    app.state.site = site
    for route in routes():
        app.add_route(route.path, endpoint(site, route), methods=[route.method])
    app.add_exception_handler(HTTPException, _unknown(site))
    require_declared(app.routes)
    return app


def _tended(site: Site):  # type: ignore[no-untyped-def]
    """Looks after the queue of jobs while the application is up, watched or not, and makes what the first
    visitor after a start, a load or a run would wait for."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with anyio.create_task_group() as group:
            group.start_soon(_tend, site)
            yield
            group.cancel_scope.cancel()

    return lifespan


async def _tend(site: Site) -> None:
    while True:
        try:
            await run_in_threadpool(jobs.tend, site.store, site.bank.folder)
        except BankmineError as error:
            log.warning("jobs not tended", kind=type(error).__name__)
        try:
            await run_in_threadpool(site.place.warm)
        except Exception as error:  # the first visitor makes it, or is told why not
            log.warning("not made before", kind=type(error).__name__)
        await anyio.sleep(TEND_SECONDS)


def _unknown(site: Site):  # type: ignore[no-untyped-def]
    """The answer to addresses and methods that do not exist."""
    nowhere = Route("GET", "/…", lambda visit: Response(status_code=404), PUBLIC)

    async def answer(request: Request, error: Exception) -> Response:
        token = site.cookies.read(request, site.cookies.session)
        person = await run_in_threadpool(sessions.resume, site.store, token) if token else None
        visit = visit_of(site, nowhere, request, person, token if person else "")
        status = error.status_code if isinstance(error, HTTPException) else 500
        problem: Exception = error
        if status in (404, 405):
            problem = NotFound(f"there is no page {request.url.path[:80]!r}", hint="Go to the first page.")
        elif status == 400:
            problem = UsageError(
                "the form cannot be read", hint="Send fields without files, as the page does."
            )
        return await run_in_threadpool(fault_page, visit, problem)

    return answer

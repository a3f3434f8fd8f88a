"""The API as an application of its own; `bankmine serve` puts it beside the pages.

OpenAPI 3.1 at `/api/v1/openapi.json`. Every address but health and the description needs a token, and each
says which permission: one that says nothing keeps the application from starting.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from starlette.responses import Response

from bankmine.access import Place
from bankmine.errors import ConfigurationError
from bankmine.governance import Permission
from bankmine.governance.pace import Buckets
from bankmine.service import customers, decisions, runs
from bankmine.service.caller import PREFIX, needs, site_over
from bankmine.service.gate import Gate
from bankmine.service.problems import add_problems
from bankmine.store import Store

PUBLIC = frozenset({f"{PREFIX}/health", f"{PREFIX}/openapi.json"})
MOST_BYTES = 1 << 20
BUCKETS_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


def create_api(store: Store, place: Place, *, buckets: Buckets | None = None) -> FastAPI:
    """The API over an opened bank and its migrated store.

    ConfigurationError where a route asks for no token and is not public.
    """
    app = FastAPI(
        title="bankmine", version=version("bankmine"), openapi_url=f"{PREFIX}/openapi.json", docs_url=None,
        redoc_url=None, summary="What a bank's other systems ask of bankmine.", max_body_size=MOST_BYTES,
    )  # fmt: skip
    app.state.site = site_over(store, place, buckets)
    for router in (customers.router, runs.router, decisions.router):
        app.router.routes.extend(router.routes)  # included as they are: whoever walks the routes sees each
    _watched(app)
    add_problems(app)
    require_declared(app)
    return app


def _watched(app: FastAPI) -> None:
    """Health, metrics, and a measure of every request."""
    registry = CollectorRegistry()
    count = Counter(
        "bankmine_requests", "Requests by route and status", ["route", "status"], registry=registry
    )
    took = Histogram(
        "bankmine_request_seconds", "Time to answer", ["route"], registry=registry, buckets=BUCKETS_SECONDS
    )

    @app.get(f"{PREFIX}/health", tags=["operation"])
    def health() -> dict[str, str]:
        """Whether the process answers and its store does."""
        with app.state.site.store.read() as connection:
            connection.exec_driver_sql("SELECT 1")
        return {"status": "ok"}

    caller = needs(Permission.SETTINGS_READ)

    @app.get(f"{PREFIX}/metrics", tags=["operation"])
    def metrics(request: Request) -> Response:
        """For Prometheus."""
        caller(request)
        return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")

    metrics.permission = Permission.SETTINGS_READ  # type: ignore[attr-defined]

    def measured(route: str, status: int, seconds: float) -> None:
        count.labels(route, status).inc()
        took.labels(route).observe(seconds)

    app.add_middleware(Gate, measured=measured)


def require_declared(app: FastAPI) -> None:
    """ConfigurationError names the first route that asks for no token and is not public."""
    for route in app.routes:
        if getattr(route, "path", None) in PUBLIC:
            continue
        guards: list[Any] = []
        if isinstance(route, APIRoute):
            guards = [*(one.call for one in route.dependant.dependencies), route.endpoint]
        if not any(hasattr(one, "permission") for one in guards):
            raise ConfigurationError(
                f"the address {getattr(route, 'path', route)} asks for no token",
                hint="Give it a caller: needs(Permission.…).",
            )

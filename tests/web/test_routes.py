"""Routes say who may ask for them, or nothing starts; and who may what is a reviewed file."""

from pathlib import Path

import pytest
from matrix import lines
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from bankmine.errors import ConfigurationError
from bankmine.governance import Permission
from bankmine.web.app import routes
from bankmine.web.routing import PUBLIC, require_declared

pytestmark = pytest.mark.xdist_group("pages")

REVIEWED = Path(__file__).parent / "permission_matrix.txt"


async def undeclared(request):
    return PlainTextResponse("secret")


def test_who_may_what_is_what_was_reviewed():
    assert lines() == REVIEWED.read_text(encoding="utf-8").splitlines(), (
        "routes or roles changed: read the difference, then write what tests/web/matrix.py prints"
    )


def test_a_route_that_declares_nothing_stops_the_start():
    app = Starlette(routes=[Route("/customers/export", undeclared)])
    with pytest.raises(ConfigurationError, match="/customers/export"):
        require_declared(app.routes)


def test_a_mounted_application_that_declares_nothing_stops_the_start():
    with pytest.raises(ConfigurationError, match="/files"):
        require_declared(Starlette(routes=[Mount("/files", Starlette())]).routes)


def test_no_two_routes_share_an_address():
    names = [route.name for route in routes()]
    assert len(names) == len(set(names))


def test_what_changes_something_is_never_a_get():
    for route in routes():
        words = set(route.path.strip("/").split("/"))
        if words & {"end", "disable", "enable", "roles", "scope", "password", "cancel", "verify"}:
            assert route.method == "POST", route.name


def test_little_is_public():
    public = {route.name for route in routes() if route.permission is PUBLIC}
    assert public == {
        "GET /sign-in",
        "POST /sign-in",
        "GET /sign-in/elsewhere",
        "GET /sign-in/back",
        "POST /preferences/language",
        "GET /static/{owner}/{digest}/{name:path}",
    }


def test_every_other_route_needs_a_permission_or_somebody_signed_in():
    signed_in = {
        r.name for r in routes() if not isinstance(r.permission, Permission) and r.permission is not PUBLIC
    }
    assert signed_in == {
        "GET /", "GET /account", "POST /account/password", "POST /account/second-factor",
        "POST /account/recovery", "POST /account/sessions/end", "POST /sign-out",
    }  # fmt: skip

"""Static files: the pages' own and those shared with reports, under addresses with their content's hash."""

from __future__ import annotations

from functools import cache
from mimetypes import guess_type

from starlette.responses import Response

from bankmine.errors import NotFound
from bankmine.web.rendering import STATIC, static_address
from bankmine.web.routing import PUBLIC, Pages
from bankmine.web.visit import Visit

pages = Pages()
SERVED = (".css", ".js", ".svg")
FOR_GOOD = {"cache-control": "public, max-age=31536000, immutable"}


@pages.get("/static/{owner}/{digest}/{name:path}", permission=PUBLIC)
def static_file(visit: Visit) -> Response:
    """One file; only those that exist under the address that holds their present hash."""
    owner, name = visit.path["owner"], visit.path["name"]
    if name not in _served(owner) or visit.asked != static_address(owner, name):
        raise NotFound(f"there is no file {name[:80]!r}", hint="Load the page again.")
    return Response(
        (STATIC[owner] / name).read_bytes(),
        media_type=guess_type(name)[0] or "application/octet-stream",
        headers=FOR_GOOD,
    )


@cache
def _served(owner: str) -> frozenset[str]:
    folder = STATIC.get(owner)
    if folder is None:
        return frozenset()
    return frozenset(
        file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.suffix in SERVED
    )

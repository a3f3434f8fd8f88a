"""What a route declares: its address, its method and who may ask for it.

Nothing is reachable by omission: `create_app` refuses to start with a route that does not say its permission,
and `PUBLIC` and `SIGNED_IN` have to be written down like any other. A page is a plain function from a `Visit`
to a response; it runs in a worker thread, after the person is known, the permission held and the form's
token checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.responses import Response

from bankmine.errors import ConfigurationError
from bankmine.governance import Permission

if TYPE_CHECKING:
    from bankmine.web.visit import Visit

Handler: TypeAlias = "Callable[[Visit], Response]"


class Open(Enum):
    """Who may ask for a route that needs no permission of its own."""

    PUBLIC = "public"
    SIGNED_IN = "signed in"


PUBLIC, SIGNED_IN = Open.PUBLIC, Open.SIGNED_IN
Needed: TypeAlias = Permission | Open


@dataclass(frozen=True)
class Route:
    """One address with its method, its handler and what it needs.

    `dated` pages show the bank as of a date, which is then part of their address; `also` is a second right
    that is needed beside the first.
    """

    method: str
    path: str
    handler: Handler
    permission: Needed
    dated: bool = False
    also: Permission | None = None

    @property
    def name(self) -> str:
        """Method and address, as the permission matrix lists them."""
        return f"{self.method} {self.path}"


class Pages:
    """The routes of one group of pages."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def get(
        self, path: str, *, permission: Needed, also: Permission | None = None, dated: bool = False
    ) -> Callable[[Handler], Handler]:
        """Declares a page that is read."""
        return self._route("GET", path, permission, dated, also)

    def post(self, path: str, *, permission: Needed) -> Callable[[Handler], Handler]:
        """Declares an act: something that changes."""
        return self._route("POST", path, permission, False, None)

    def _route(
        self, method: str, path: str, permission: Needed, dated: bool, also: Permission | None
    ) -> Callable[[Handler], Handler]:
        def declare(handler: Handler) -> Handler:
            self.routes.append(Route(method, path, handler, permission, dated, also))
            return handler

        return declare

    def __iter__(self) -> Iterator[Route]:
        return iter(self.routes)


def require_declared(routes: Iterable[Any]) -> None:
    """ConfigurationError names the first route of an application that says nothing of who may ask for it."""
    for route in routes:
        endpoint = getattr(route, "endpoint", None) or getattr(route, "app", None)
        needed = getattr(endpoint, "permission", None)
        if not isinstance(needed, Permission | Open):
            raise ConfigurationError(
                f"the route {getattr(route, 'path', route)!s} declares no permission",
                hint="Declare it in web/pages/ with permission=…, or PUBLIC.",
            )

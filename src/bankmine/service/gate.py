"""What every request to the API passes: its measure, and the end of any fault.

Written against ASGI itself, for it stands before each of hundreds of requests a second. A fault is answered
here, as a problem, so that the server keeps the connection and the caller's next request on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bankmine import clock
from bankmine.service.problems import fault

HEADERS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
Measure = Callable[[str, int, float], None]


class Gate:
    """Wraps the API; `measured` is told each answer's route, status and seconds."""

    def __init__(self, app: ASGIApp, *, measured: Measure) -> None:
        self.app, self.measured = app, measured

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = clock.elapsed(), 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        try:
            await self.app(scope, receive, told)
        except Exception as error:
            if status:  # half an answer is out: the connection ends, as it must
                raise
            answer = await fault(Request(scope, receive), error)
            await answer(scope, receive, told)
        finally:
            self.measured(_route(scope), status, clock.elapsed() - began)


def _route(scope: Scope) -> str:
    route: Any = scope.get("route")
    return str(getattr(route, "path", "none"))

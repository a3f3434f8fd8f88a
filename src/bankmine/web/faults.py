"""Errors as pages: what happened, what is allowed, what to do; never a path, a query or a trace.

Errors a person can mend (a wrong date, a name that does not exist, a missing right) are shown as they are.
Everything else gets a number that stands in the log beside the full story.
"""

from __future__ import annotations

import secrets
import traceback
from typing import TYPE_CHECKING

import structlog
from starlette.responses import Response

from bankmine.errors import BankmineError, CutoffError, FeasibilityError, Forbidden, NotFound, UsageError
from bankmine.governance import Permission

if TYPE_CHECKING:
    from bankmine.web.visit import Visit

log = structlog.get_logger("bankmine.web")
SHOWN: tuple[type[BankmineError], ...] = (UsageError, CutoffError, FeasibilityError)


def fault_page(visit: Visit, error: Exception) -> Response:
    """The page for an error, with the status that fits it."""
    if isinstance(error, Forbidden):
        return _page(visit, 403, "forbidden", error if _may_ask(visit) else None)
    if isinstance(error, NotFound):
        return _page(visit, 404, "not_found")
    if isinstance(error, SHOWN):
        return _page(visit, 400, "refused", error)
    number = secrets.token_hex(4)
    log.error(
        "page failed",
        number=number, route=visit.route.name, kind=type(error).__name__,
        trace="".join(traceback.format_tb(error.__traceback__)[-6:]),
    )  # fmt: skip
    return _page(visit, 500, "failed", number=number)


def _may_ask(visit: Visit) -> bool:
    """Whether the page is theirs by their role, so that something else about the act was refused."""
    needed = visit.route.permission
    return isinstance(needed, Permission) and visit.person is not None and visit.may(needed)


def _page(
    visit: Visit, status: int, key: str, error: BankmineError | None = None, number: str = ""
) -> Response:
    return visit.page("fault.html.j2", status=status, key=key, error=error, number=number)

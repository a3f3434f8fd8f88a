"""One shape for every error: RFC 9457, `application/problem+json`, without internals.

`type` names the kind, `detail` says what happened, `hint` what to do; a fault of bankmine's own carries the
number under which the log tells the story.
"""

from __future__ import annotations

import secrets
import traceback
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from bankmine.errors import (
    BankmineError,
    CutoffError,
    FeasibilityError,
    Forbidden,
    NotFound,
    SignInRefused,
    StoreError,
    UsageError,
)

log = structlog.get_logger("bankmine.service")
MEDIA = "application/problem+json"
STATUS: dict[type[BankmineError], tuple[int, str, str]] = {
    SignInRefused: (401, "unauthenticated", "No valid token was given"),
    Forbidden: (403, "forbidden", "The token does not permit this"),
    NotFound: (404, "not-found", "There is no such thing, or it is not yours to see"),
    UsageError: (422, "refused", "The request cannot be meant"),
    CutoffError: (422, "cutoff", "The date is not covered"),
    FeasibilityError: (422, "not-feasible", "There is too little data"),
    StoreError: (503, "busy", "The operational database does not answer"),
}


class TooMany(BankmineError):
    """A caller asked more often than it may."""


def problem(
    status: int, kind: str, title: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any
) -> JSONResponse:
    """One error as an answer."""
    content = {"type": f"/problems/{kind}", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(content, status, headers=headers, media_type=MEDIA)


def add_problems(app: FastAPI) -> None:
    """Makes every error of the application one of these; faults are the gate's."""
    app.add_exception_handler(BankmineError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _known(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, BankmineError)
    if isinstance(error, TooMany):
        return problem(
            429, "too-many", "Too many requests", error.what, hint=error.hint, headers={"retry-after": "1"}
        )
    for kind, (status, name, title) in STATUS.items():
        if isinstance(error, kind):
            headers = {"www-authenticate": "Bearer"} if status == 401 else None
            return problem(status, name, title, error.what, hint=error.hint, headers=headers)
    return await fault(request, error)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    wrong = [
        {"where": "/".join(str(part) for part in one["loc"]), "what": str(one["msg"])[:200]}
        for one in error.errors()[:20]
    ]
    return problem(
        422, "invalid", "The request does not fit its description",
        "; ".join(f"{one['where']}: {one['what']}" for one in wrong[:3]), errors=wrong,
    )  # fmt: skip


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    titles = {404: "There is no such address", 405: "The address does not take this method"}
    title = titles.get(error.status_code, "The request was refused")
    return problem(error.status_code, "http", title, title, headers=dict(error.headers or {}))


async def fault(request: Request, error: Exception) -> JSONResponse:
    """The answer to a fault of bankmine's own; its story goes to the log."""
    number = secrets.token_hex(4)
    log.error(
        "request failed",
        number=number, method=request.method, kind=type(error).__name__,
        trace="".join(traceback.format_tb(error.__traceback__)[-6:]),
    )  # fmt: skip
    return problem(
        500, "fault", "A fault of bankmine", f"The log tells more under the number {number}.", number=number
    )

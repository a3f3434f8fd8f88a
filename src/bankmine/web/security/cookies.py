"""The cookies: the session's token, a visitor's secret before sign-in, and the language.

The first two are out of scripts' reach, sent to this host alone (`__Host-`) and never from another site's
forms. Over plain HTTP, which `bankmine serve` allows on this machine only, browsers would not keep them:
there they lose the prefix and the word `Secure`.
"""

from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response


@dataclass(frozen=True)
class Cookies:
    """Names and attributes of the cookies; `secure` is False on plain HTTP only."""

    secure: bool = True

    @property
    def session(self) -> str:
        """The name of the cookie with the session's token."""
        return self._name("session")

    @property
    def visitor(self) -> str:
        """The name of the cookie with the secret of somebody not yet signed in."""
        return self._name("visitor")

    @property
    def issuer(self) -> str:
        """The name of the cookie with the sealed note of a sign-in begun elsewhere."""
        return self._name("issuer")

    @property
    def language(self) -> str:
        """The name of the cookie with the language chosen."""
        return self._name("language")

    def read(self, request: Request, name: str) -> str:
        """A cookie's value; empty where there is none."""
        return request.cookies.get(name, "")

    def keep(self, response: Response, name: str, value: str, *, days: int | None = None) -> None:
        """Sets a cookie until the browser ends, or for some days."""
        site: Literal["lax"] = "lax"
        response.set_cookie(
            name, value, max_age=None if days is None else days * 86_400, path="/",
            secure=self.secure, httponly=True, samesite=site,
        )  # fmt: skip

    def forget(self, response: Response, name: str) -> None:
        """Removes a cookie."""
        response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")

    def _name(self, what: str) -> str:
        return f"__Host-bankmine-{what}" if self.secure else f"bankmine-{what}"

"""What is asked of the OpenID Connect issuer over the network, and nothing else is.

HTTPS alone (plain HTTP only on this machine), no redirects, ten seconds, a megabyte; the endpoints must be
those that the issuer itself names under its own well-known address.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from bankmine.config import OpenIdSettings
from bankmine.errors import BankmineError

SECONDS, MOST_BYTES = 10, 1 << 20
SECRET_FILE = "oidc.secret"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class IssuerError(BankmineError):
    """The issuer cannot be reached, or what it says is not what it should."""

    exit_code = 13


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follows none: the answer is then an error."""


def fetched(settings: OpenIdSettings) -> dict[str, str]:
    """The issuer's endpoints, from its well-known address."""
    said = fetch(f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration")
    needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if said.get("issuer") != settings.issuer or not all(isinstance(said.get(name), str) for name in needed):
        raise _told("does not describe itself as oidc.issuer")
    return {name: _secure(said[name]) for name in needed}


def fetch(
    address: str, form: Mapping[str, str] | None = None, *, login: tuple[str, str] | None = None
) -> dict[str, Any]:
    """The JSON object at an address; a form is posted, with the client's login where it has a secret."""
    request = Request(_secure(address), headers={"Accept": "application/json"})
    if form is not None:
        request.data = urlencode(form).encode()
    if login is not None and login[1]:
        pair = f"{quote(login[0], safe='')}:{quote(login[1], safe='')}"
        request.add_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
    try:
        with build_opener(_NoRedirect).open(request, timeout=SECONDS) as answer:
            raw = answer.read(MOST_BYTES + 1)
        found = json.loads(raw) if len(raw) <= MOST_BYTES else None
    except (URLError, OSError, ValueError):
        raise _told("cannot be reached, or its answer cannot be read") from None
    if not isinstance(found, dict):
        raise _told("answered with something else")
    return found


def secret_of(keys: Path) -> str:
    """Our secret at the issuer, from `oidc.secret` among the keys; empty for a public client (PKCE alone)."""
    file = keys / SECRET_FILE
    return file.read_text(encoding="utf-8").strip() if file.exists() else ""


def _secure(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise _told("has an address that is not https")
    return address


def _told(what: str) -> IssuerError:
    return IssuerError(f"the issuer of [oidc] {what}", hint="Mend oidc.issuer, or sign in with a password.")

"""Signing in with OpenID Connect: authorization code with PKCE, against one issuer the bank trusts.

`begin` gives the address to send the browser to, and a sealed note for its cookie; `finish` takes both what
the issuer sent back and the note. Whatever does not fit (state, nonce, signature, algorithm, issuer,
audience, expiry, an account nobody linked) is refused with the one answer of `sign_in` and recorded with
its reason. After OpenID Connect Core 1.0, section 3.1, RFC 7636 and RFC 9700. Nobody is added by signing
in: an administrator links an account to (issuer, subject) first.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import Connection, select, update

from bankmine.config import OpenIdSettings
from bankmine.errors import NotFound, UsageError
from bankmine.governance import audit
from bankmine.governance.issuer import IssuerError, fetch, fetched, secret_of
from bankmine.governance.permissions import Permission
from bankmine.governance.person import Person, load
from bankmine.governance.secret import derived
from bankmine.governance.sign_in import SignedIn, enter, refusal
from bankmine.store.database import Store
from bankmine.store.tables.people import person as table
from bankmine.store.times import MINUTE_US, now_us

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures with a public key alone: never `none`, never HMAC."""
PATIENCE_US = 10 * MINUTE_US
LEEWAY_SECONDS = 60
_C = table.c


@dataclass(frozen=True)
class Begun:
    """Where to send the browser, and the note to keep in a cookie until it comes back."""

    address: str
    note: str


class _RefusedError(Exception):
    """Why nobody was signed in; told to the audit alone."""


def begin(store: Store, settings: OpenIdSettings) -> Begun:
    """Starts signing in at the issuer. Raises IssuerError where it cannot be reached or says nonsense."""
    said = fetched(settings)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code", "client_id": settings.client_id, "redirect_uri": settings.redirect,
        "scope": "openid", "state": state, "nonce": nonce, "code_challenge": challenge,
        "code_challenge_method": "S256",
    }  # fmt: skip
    note = {"state": state, "nonce": nonce, "verifier": verifier, "until": now_us() + PATIENCE_US}
    joint = "&" if "?" in said["authorization_endpoint"] else "?"
    return Begun(f"{said['authorization_endpoint']}{joint}{urlencode(query)}", _sealed(store, note))


def finish(store: Store, settings: OpenIdSettings, note: str, query: Mapping[str, str]) -> SignedIn:
    """Opens a session for whom the issuer names. SignInRefused, and an event, whatever is wrong.

    `note` is that of `begin`, from the cookie, used once; `query` is that of the request the issuer sent
    here.
    """
    try:
        subject = _subject(store, settings, note, query)
    except _RefusedError as why:
        with store.begin() as connection:
            _record_refusal(connection, "", str(why))
        raise refusal() from None
    with store.begin() as connection:
        linked = (_C.issuer == settings.issuer) & (_C.subject == subject)
        person_id = connection.scalar(select(_C.person_id).where(linked))
        person = load(connection, person_id) if person_id else None
        if person is None:
            _record_refusal(connection, person_id or "", "disabled" if person_id else "not_linked")
        else:
            opened = enter(connection, person, "oidc")
    if person is None:
        raise refusal()
    return opened


def link(connection: Connection, by: Person | None, person_id: str, issuer: str, subject: str) -> None:
    """Lets an account sign in as this subject of the issuer. Needs `people:write`; not one's own account."""
    if by is not None:
        by.require(Permission.PEOPLE_WRITE)
        if by.person_id == person_id:
            raise UsageError("nobody links their own account", hint="Ask another administrator to do it.")
    taken = select(_C.person_id).where(_C.issuer == issuer, _C.subject == subject, _C.person_id != person_id)
    if not subject or connection.execute(taken).first():
        raise UsageError(
            "the subject is empty or linked to another account", hint="Look it up at the issuer."
        )
    linked = update(table).where(_C.person_id == person_id).values(issuer=issuer, subject=subject)
    if not connection.execute(linked).rowcount:
        raise NotFound("there is no such person", hint="List them: bankmine users list BANK.")
    audit.record(connection, person=by, act="person_linked", object_kind="person", object_id=person_id)


def _subject(store: Store, settings: OpenIdSettings, note: str, query: Mapping[str, str]) -> str:
    """Whom the issuer names, once all of it fits."""
    kept = _unsealed(store, note)
    if kept is None or kept["until"] < now_us():
        raise _RefusedError("note")
    if not hmac.compare_digest(kept["state"].encode(), query.get("state", "").encode()):
        raise _RefusedError("state")
    if query.get("iss", settings.issuer) != settings.issuer:  # RFC 9207
        raise _RefusedError("issuer")
    if "error" in query or not query.get("code"):
        raise _RefusedError("issuer_refused")
    try:
        said = fetched(settings)
        form = {
            "grant_type": "authorization_code", "code": query["code"], "redirect_uri": settings.redirect,
            "client_id": settings.client_id, "code_verifier": kept["verifier"],
        }  # fmt: skip
        tokens = fetch(said["token_endpoint"], form, login=(settings.client_id, secret_of(store.keys)))
        keys = fetch(said["jwks_uri"])
    except IssuerError:
        raise _RefusedError("issuer_unreachable") from None
    return _claimed(settings, tokens.get("id_token"), keys, kept["nonce"])


def _claimed(settings: OpenIdSettings, token: Any, keys: Any, nonce: str) -> str:
    """The subject of an identity token, whose signature and claims are verified."""
    if not isinstance(token, str):
        raise _RefusedError("no_token")
    try:
        claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise _RefusedError("signature") from None
    now = now_us() // 1_000_000
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    others = len(audiences) > 1 or "azp" in claims
    checks = (
        ("issuer", claims.get("iss") == settings.issuer),
        ("audience", settings.client_id in audiences),
        ("audience", not others or claims.get("azp") == settings.client_id),
        ("expiry", _number(claims.get("exp")) > now - LEEWAY_SECONDS),
        ("issued", now - 86_400 < _number(claims.get("iat")) <= now + LEEWAY_SECONDS),
        ("not_before", _number(claims.get("nbf", 0)) <= now + LEEWAY_SECONDS),
        ("nonce", hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode())),
        ("subject", isinstance(claims.get("sub"), str) and 0 < len(claims["sub"]) <= 255),
    )
    for what, fits in checks:
        if not fits:
            raise _RefusedError(what)
    return str(claims["sub"])


def _number(value: Any) -> float:
    """A time as the token says it; never, where it says none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")


def _record_refusal(connection: Connection, person_id: str, why: str) -> None:
    audit.record(
        connection, person=None, act="sign_in_refused", object_kind="person", object_id=person_id,
        details={"how": "oidc", "why": why},
    )  # fmt: skip


def _sealed(store: Store, note: Mapping[str, Any]) -> str:
    nonce = secrets.token_bytes(12)
    sealed = AESGCM(derived(store.keys, "oidc")).encrypt(nonce, json.dumps(note).encode(), b"note")
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def _unsealed(store: Store, note: str) -> dict[str, Any] | None:
    try:
        raw = base64.urlsafe_b64decode(note.encode())
        plain = AESGCM(derived(store.keys, "oidc")).decrypt(raw[:12], raw[12:], b"note")
    except (ValueError, InvalidTag):
        return None
    found: dict[str, Any] = json.loads(plain)
    return found

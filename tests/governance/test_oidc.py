"""OpenID Connect against an issuer on this machine: what does not fit is refused alike, and recorded."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt

from bankmine.errors import BankmineError, Forbidden, SignInRefused, UsageError
from bankmine.governance import Role, audit, oidc, people, sessions
from bankmine.governance.issuer import SECRET_FILE, IssuerError
from bankmine.store import Store
from issuers import FOREIGN, KEY, Change, Issuer, answering
from stores import Time, add, enter


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An issuer on a free port."""
    with answering() as one:
        yield one


@pytest.fixture
def linked(file_store: Store, issuer: Issuer) -> Store:
    """A store in which Bea is linked to the issuer's subject."""
    add(file_store)
    with file_store.begin() as connection:
        bea = people.add(connection, None, name="Bea", roles=[Role.operator])
        oidc.link(connection, None, bea, issuer.address, "s-1")
    (file_store.keys / SECRET_FILE).write_text("shared\n")
    return file_store


def begin(store: Store, issuer: Issuer) -> oidc.Begun:
    """Begins, and lets the issuer know what the browser was sent with."""
    begun = oidc.begin(store, issuer.settings)
    issuer.asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.address).query).items()}
    return begun


def finish(store: Store, issuer: Issuer, begun: oidc.Begun, **query: str):
    """Comes back from the issuer with a good code and the right state, unless the query says otherwise."""
    usual = {"code": "good", "state": issuer.asked["state"]}
    return oidc.finish(store, issuer.settings, begun.note, {**usual, **query})


def refused(store: Store, issuer: Issuer, begun: oidc.Begun | None = None, **query: str) -> object:
    """Why it was refused, as the audit has it."""
    with pytest.raises(SignInRefused, match="the name, the password or the code"):
        finish(store, issuer, begun or begin(store, issuer), **query)
    with store.read() as connection:
        newest = audit.events(connection, limit=1)[0]
    assert newest.act == "sign_in_refused"
    return newest.details["why"]


def test_a_linked_account_signs_in(linked: Store, issuer: Issuer) -> None:
    begun = begin(linked, issuer)
    assert issuer.asked["code_challenge_method"] == "S256"
    signed_in = finish(linked, issuer, begun)
    assert signed_in.person.name == "Bea"
    assert sessions.resume(linked, signed_in.session_token) == signed_in.person


def test_a_subject_that_nobody_linked_or_a_disabled_account_is_refused(linked: Store, issuer: Issuer) -> None:
    with linked.begin() as connection:
        people.disable(connection, None, people.named(connection, "Bea").person_id)
    assert refused(linked, issuer) == "disabled"
    issuer.subject = "s-2"
    assert refused(linked, issuer) == "not_linked"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda c: c.update(nonce="another"), "nonce"),
        (lambda c: c.pop("nonce"), "nonce"),
        (lambda c: c.update(aud="another"), "audience"),
        (lambda c: c.update(aud=["another"]), "audience"),
        (lambda c: c.update(aud=["bankmine", "another"]), "audience"),
        (lambda c: c.update(azp="another"), "audience"),
        (lambda c: c.pop("aud"), "audience"),
        (lambda c: c.update(exp=c["iat"] - 61), "expiry"),
        (lambda c: c.pop("exp"), "expiry"),
        (lambda c: c.update(exp="soon"), "expiry"),
        (lambda c: c.update(iat=c["iat"] + 3_600), "issued"),
        (lambda c: c.pop("iat"), "issued"),
        (lambda c: c.update(nbf=c["iat"] + 3_600), "not_before"),
        (lambda c: c.update(iss="https://another.test"), "issuer"),
        (lambda c: c.pop("sub"), "subject"),
        (lambda c: c.update(sub=["s-1"]), "subject"),
    ],
)
def test_a_claim_that_does_not_fit_is_refused(
    linked: Store, issuer: Issuer, change: Change, why: str
) -> None:
    issuer.change = change
    assert refused(linked, issuer) == why


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unsigned(claims: dict[str, Any], algorithm: str = "none") -> str:
    parts = ({"alg": algorithm, "kid": "1"}, claims)
    return ".".join(encoded(json.dumps(part).encode()) for part in parts) + "."


def hmac_of_the_public_key(claims: dict[str, Any]) -> str:
    """A signature that holds where the public key is taken for a shared secret."""
    said = unsigned(claims, "HS256")[:-1]
    return f"{said}.{encoded(hmac.digest(KEY.as_pem(private=False), said.encode(), 'sha256'))}"


@pytest.mark.parametrize(
    "sign",
    [
        unsigned,
        lambda c: jwt.encode({"alg": "RS256", "kid": "1"}, c, FOREIGN),
        hmac_of_the_public_key,
        lambda c: jwt.encode({"alg": "RS256", "kid": "1"}, c, KEY)[:-8] + "AAAAAAAA",
        lambda c: "no token at all",
        lambda c: "a.b.c",
        lambda c: "",
    ],
)
def test_another_signature_or_algorithm_is_refused(linked: Store, issuer: Issuer, sign) -> None:
    issuer.sign = sign
    assert refused(linked, issuer) == "signature"


def test_a_wrong_state_code_or_note_is_refused(linked: Store, issuer: Issuer, time: Time) -> None:
    assert refused(linked, issuer, state="another") == "state"
    assert refused(linked, issuer, state="") == "state"
    assert refused(linked, issuer, code="another") == "issuer_unreachable"
    assert refused(linked, issuer, code="") == "issuer_refused"
    assert refused(linked, issuer, error="access_denied") == "issuer_refused"
    assert refused(linked, issuer, iss="https://another.test") == "issuer"
    old, other = begin(linked, issuer), begin(linked, issuer)
    assert refused(linked, issuer, old) == "state"
    for note in ("", "é", "AAAA", other.note[:-4] + "AAAA"):
        assert refused(linked, issuer, oidc.Begun("", note)) == "note"
    time.pass_by(minutes=11)
    assert refused(linked, issuer, other) == "note"


def test_a_code_stolen_without_its_verifier_is_worth_nothing(linked: Store, issuer: Issuer) -> None:
    victim = begin(linked, issuer)
    thief = oidc.begin(linked, issuer.settings)
    state = parse_qs(urlsplit(thief.address).query)["state"][0]
    assert refused(linked, issuer, thief, state=state) == "issuer_unreachable"
    assert finish(linked, issuer, victim)


def test_a_wrong_secret_or_an_issuer_that_is_gone_is_refused(linked: Store, issuer: Issuer) -> None:
    issuer.secret = "another"
    assert refused(linked, issuer) == "issuer_unreachable"


@pytest.mark.parametrize(
    "said",
    [{"issuer": "https://another.test"}, {"token_endpoint": "http://another.test/token"}, {"jwks_uri": 7}],
)
def test_an_issuer_that_describes_another_is_an_error_of_one_line(
    linked: Store, issuer: Issuer, said: dict[str, Any]
) -> None:
    issuer.configuration = said
    with pytest.raises(IssuerError, match=r"the issuer of \[oidc\]"):
        oidc.begin(linked, issuer.settings)


def test_only_an_administrator_links_and_not_themselves(linked: Store, issuer: Issuer) -> None:
    ann = enter(linked).person
    add(linked, "Cid", Role.operator)
    cid = enter(linked, "Cid").person
    acts: list[tuple[Any, str, str, type[BankmineError]]] = [
        (cid, cid.person_id, "s-9", Forbidden),
        (ann, ann.person_id, "s-9", UsageError),
        (ann, cid.person_id, "s-1", UsageError),
        (ann, cid.person_id, "", UsageError),
    ]
    for by, whom, subject, error in acts:
        with linked.begin() as connection, pytest.raises(error):
            oidc.link(connection, by, whom, issuer.address, subject)

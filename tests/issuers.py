"""An OpenID Connect issuer on this machine that says what a test wants."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import RSAKey

from bankmine.config import OpenIdSettings
from bankmine.store import now_us

KEY, FOREIGN = (RSAKey.generate_key(2048, {"kid": "1"}) for _ in range(2))
Change = Callable[[dict[str, Any]], object]


@dataclass
class Issuer:
    """An issuer that says what the test wants; it checks our code, verifier and secret like a real one."""

    address: str = ""
    subject: str = "s-1"
    change: Change = lambda claims: None
    sign: Callable[[dict[str, Any]], str] = lambda claims: jwt.encode(
        {"alg": "RS256", "kid": "1"}, claims, KEY
    )
    asked: dict[str, str] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=dict)
    secret: str = "shared"

    @property
    def settings(self) -> OpenIdSettings:
        return OpenIdSettings(issuer=self.address, client_id="bankmine", redirect="https://bank.test/back")

    def answer(self, path: str, form: dict[str, str], login: str) -> tuple[int, Any]:
        if path == "/.well-known/openid-configuration":
            names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            said = {name: f"{self.address}/{last}" for name, last in names.items()}
            return 200, {"issuer": self.address, **said, **self.configuration}
        if path == "/keys":
            return 200, {"keys": [KEY.as_dict(private=False)]}
        return self.token(form, login)

    def token(self, form: dict[str, str], login: str) -> tuple[int, Any]:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        right = base64.b64encode(f"bankmine:{self.secret}".encode()).decode()
        fits = form["code"] == "good" and challenge.rstrip(b"=").decode() == self.asked["code_challenge"]
        if not fits or login != f"Basic {right}" or form["redirect_uri"] != self.asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = now_us() // 1_000_000
        claims = {
            "iss": self.address, "aud": "bankmine", "sub": self.subject, "iat": now, "exp": now + 300,
            "nonce": self.asked["nonce"],
        }  # fmt: skip
        self.change(claims)
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.sign(claims)}


@contextmanager
def answering() -> Iterator[Issuer]:
    """An issuer on a free port."""
    one = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length", 0))
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            status, said = one.answer(self.path, form, self.headers.get("authorization", ""))
            raw = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield one
    finally:
        server.shutdown()
        server.server_close()

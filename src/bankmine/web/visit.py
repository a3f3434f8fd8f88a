"""One request as a page sees it: who asks, in which language, as of which date, with which fields.

Pages never touch the raw request. Everything they need to answer (texts, addresses that keep the date, the
person's view of the bank, redirects that say what was done) hangs on the visit.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from bankmine.errors import UsageError
from bankmine.governance import Permission, Person
from bankmine.web.texts import Texts, texts

if TYPE_CHECKING:
    from bankmine.access import View
    from bankmine.web.routing import Route
    from bankmine.web.site import Site

AS_OF = "asof"


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request, understood. `person` is None on public pages for whoever is not signed in.

    `note` is that of a sign-in begun elsewhere; `secret` is what the visitor's form token is made from;
    `asked` is the address with its query.
    """

    site: Site
    route: Route
    language: str
    person: Person | None
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str] = field(default_factory=dict)
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    secret: str = ""
    session_token: str = ""
    asked: str = "/"
    address: str = ""
    note: str = ""
    partial: bool = False

    @property
    def t(self) -> Texts:
        """The texts in the visit's language."""
        return texts(self.language)

    @property
    def who(self) -> Person:
        """The person signed in; only routes that are not public may ask."""
        if self.person is None:
            raise UsageError("nobody is signed in", hint="Sign in first.")
        return self.person

    @property
    def caller(self) -> str:
        """By what requests are counted: the session, else the address."""
        session = self.person.session_id if self.person else None
        return session or self.address

    def may(self, permission: Permission) -> bool:
        """Whether somebody is signed in who holds the permission."""
        return self.person is not None and self.person.may(permission)

    @property
    def as_of(self) -> date:
        """The date the bank is looked at: the address's, else the newest there is something to see of."""
        return self.view.day

    @cached_property
    def view(self) -> View:
        """What this person may see of the bank as of the date; CutoffError where the address names none."""
        asked = self.query.get(AS_OF)
        return self.site.place.as_seen_by(self.who, self.site.day(asked) if asked else None)

    def number(self, name: str, otherwise: int, *, most: int = 1_000_000) -> int:
        """A positive whole number of the query; `otherwise` where it is none."""
        text = self.query.get(name, "")
        return min(int(text), most) if text.isdecimal() and int(text[:9]) > 0 else otherwise

    def link(self, path: str, **query: Any) -> str:
        """An address of this site that keeps the date looked at; None leaves a field (the date too) out."""
        fields = {name: value for name, value in query.items() if value is not None and value != ""}
        if AS_OF in self.query and AS_OF not in query:
            fields = {AS_OF: self.query[AS_OF], **fields}
        return f"{path}?{urlencode(fields)}" if fields else path

    def same(self, **changed: Any) -> str:
        """This page's own address with some fields of the query changed."""
        kept = {name: value for name, value in self.query.items() if name not in self._passing}
        return self.link(self.asked.partition("?")[0], **{**kept, **changed})

    @property
    def _passing(self) -> set[str]:
        """Fields of the query that are said once and not carried on."""
        return {
            name for name in self.query if name in ("done", "of", "seal", "file") or name.startswith("was_")
        }

    def go(self, path: str, **query: Any) -> Response:
        """A redirect after an act (303, so that reloading repeats nothing)."""
        return RedirectResponse(self.link(path, **query), status_code=303)

    def done(self, path: str, what: str, of: str = "", **was: str) -> Response:
        """A redirect that says what was done, about whom, and how it was before, so that it can be undone.

        The saying is sealed with the visitor's secret: nobody else can make this page offer an undo.
        """
        said = {"done": what, "of": of, **{f"was_{name}": value for name, value in was.items()}}
        return self.go(path, **said, seal=self._seal(said))

    @property
    def said(self) -> Mapping[str, str]:
        """What the redirect that led here says was done; empty where none did."""
        said = {
            name: value
            for name, value in self.query.items()
            if name in ("done", "of") or name.startswith("was_")
        }
        genuine = hmac.compare_digest(self.query.get("seal", "").encode(), self._seal(said).encode())
        return said if "done" in said and genuine else {}

    def _seal(self, said: Mapping[str, str]) -> str:
        text = "\0".join(f"{name}={value}" for name, value in sorted(said.items()) if value != "")
        return hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """The template as an answer, in the frame."""
        return self.site.renderer.page(self, template, status=status, **values)

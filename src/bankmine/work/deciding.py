"""Decisions while somebody waits: answered together, kept together, told only when they are durable.

One thread takes what waits, looks up who asks, lets one call of the model answer all of it, writes the
decisions and their events in one transaction, and only then lets each caller go on. So many decisions cost
one commit, and a process that is killed has told nobody of a decision that is not kept. A what-if is answered
alike and kept nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, Protocol

from sqlalchemy import Connection, select

from bankmine.access import Place, View
from bankmine.access.lending import token_of_customer
from bankmine.errors import BankmineError, NotFound
from bankmine.governance import Permission, Person, audit
from bankmine.store import Store, new_id
from bankmine.store.tables.decisions import decision
from bankmine.store.times import now_us
from bankmine.work import replies

MOST_TOGETHER = 64
Known = Callable[[Connection, str], Person]
Admit = Callable[[Person], None]


class Kind(Protocol):
    """What is decided on: who may ask, what may be asked, and the answers to all that wait."""

    name: str
    permission: Permission

    def check(self, view: View, waiting: Waiting) -> None:
        """Refuses what cannot be meant, with an error of bankmine's."""

    def answers(self, view: View, waiting: Sequence[Waiting]) -> Sequence[Mapping[str, Any]]:
        """One answer each."""


@dataclass(kw_only=True, eq=False)
class Waiting:
    """One request: by which token, about whom, what it says; `token` is the customer's, once looked up."""

    kind: Kind
    by: str
    customer_id: str | None
    asked: Mapping[str, Any]
    key: str | None = None
    what_if: bool = False
    told: Future[Mapping[str, Any]] = field(default_factory=Future)
    person: Person | None = None
    token: int | None = None

    @property
    def text(self) -> str:
        """The request as it is kept and compared with one of the same key."""
        said = {"kind": self.kind.name, "customer_id": self.customer_id, "fields": dict(self.asked)}
        return json.dumps(said, sort_keys=True)

    @property
    def who(self) -> Person:
        """Who asks, once looked up."""
        assert self.person is not None
        return self.person


Answers = dict[Waiting, Mapping[str, Any]]


class Desk:
    """The one place of a process where decisions are made; its thread begins with the first.

    `known` looks a token up, or refuses it; `admit` counts a request, or refuses it.
    """

    def __init__(self, store: Store, place: Place, known: Known, admit: Admit) -> None:
        self._store, self._place, self._known, self._admit = store, place, known, admit
        self._queue: SimpleQueue[Waiting] = SimpleQueue()
        self._lock, self._thread = Lock(), None  # type: tuple[Lock, Thread | None]

    def decide(self, waiting: Waiting) -> Future[Mapping[str, Any]]:
        """The answer, once it is durable; whatever went wrong is its exception."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._work, name="decisions", daemon=True)
                self._thread.start()
        self._queue.put(waiting)
        return waiting.told

    def _work(self) -> None:
        while True:
            together = [self._queue.get()]
            with suppress(Empty):
                while len(together) < MOST_TOGETHER:
                    together.append(self._queue.get_nowait())
            self._handle(together)

    def _handle(self, together: Sequence[Waiting]) -> None:
        try:
            admitted = self._admitted(together)
            answers = self._answered(admitted)
            durable = [one for one in admitted if not one.what_if]
            if durable:
                with self._store.begin() as connection:
                    answers |= _kept(connection, durable, answers)
        except Exception as error:
            if len(together) == 1:
                together[0].told.set_exception(error)
            else:  # one of them cannot be answered; the others are not its victims
                for one in together:
                    if not one.told.done():
                        self._handle([one])
            return
        for one in admitted:
            one.told.set_result(answers[one])

    def _admitted(self, together: Sequence[Waiting]) -> list[Waiting]:
        """Those that may ask and whose request can be meant; the others are told so."""
        people = self._people({one.by for one in together})
        views: dict[str, View] = {}
        admitted = []
        for one in together:
            found = people[one.by]
            try:
                if isinstance(found, BankmineError):
                    raise found
                if one.person is None:  # not counted twice where it is handled alone again
                    one.person = found
                    self._admit(found)
                found.require(one.kind.permission)
                if one.by not in views:
                    views[one.by] = self._place.as_seen_by(found)
                one.token = token_of_customer(views[one.by], one.customer_id)
                one.kind.check(views[one.by], one)
            except BankmineError as refused:
                one.told.set_exception(refused)
            else:
                admitted.append(one)
        return admitted

    def _people(self, tokens: set[str]) -> dict[str, Person | BankmineError]:
        """Who each token acts for, or why nobody."""
        found: dict[str, Person | BankmineError] = {}
        with self._store.read() as connection:
            for token in tokens:
                try:
                    found[token] = self._known(connection, token)
                except BankmineError as refused:
                    found[token] = refused
        return found

    def _answered(self, waiting: Sequence[Waiting]) -> Answers:
        """The answers, each kind asked once for all that one token asks."""
        groups: dict[tuple[str, str], list[Waiting]] = {}
        for one in waiting:
            groups.setdefault((one.kind.name, one.by), []).append(one)
        return {
            one: answer
            for ones in groups.values()
            for one, answer in zip(
                ones, ones[0].kind.answers(self._place.as_seen_by(ones[0].who), ones), strict=True
            )
        }


def _kept(connection: Connection, waiting: Sequence[Waiting], answers: Answers) -> Answers:
    """What is told: of known keys the answer given before, of others the new one, kept with its event."""
    told: Answers = {}
    first: dict[tuple[str, str], Waiting] = {}
    again: list[tuple[Waiting, Waiting]] = []
    fresh = []
    for one in waiting:
        known = replies.known(connection, one.who, one.key, one.text)
        same = (one.who.token_id or one.who.person_id, one.key or "")
        if known is not None:
            told[one] = known
        elif one.key and same in first and first[same].text == one.text:
            again.append((one, first[same]))
        else:
            first.setdefault(same, one)
            fresh.append(one)
    told |= {one: {"decision_id": new_id(), **answers[one]} for one in fresh}
    if fresh:
        connection.execute(decision.insert(), [_row(one, told[one]) for one in fresh])
        audit.record_all(connection, [_act(one, told[one]) for one in fresh])
    for one in fresh:
        replies.keep(connection, one.who, one.key, one.text, dict(told[one]))
    return told | {one: told[twin] for one, twin in again}


def _row(one: Waiting, told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "decision_id": told["decision_id"], "kind": one.kind.name, "person_id": one.who.person_id,
        "token_id": one.who.token_id, "customer_id": one.customer_id, "run_id": str(told["run_id"]),
        "policy": str(told.get("policy") or ""), "asked": json.dumps(dict(one.asked), sort_keys=True),
        "outcome": str(told["outcome"]), "reason": str(told.get("reason") or ""),
        "probability": told.get("probability"), "answer": json.dumps(told), "at": now_us(),
    }  # fmt: skip


def _act(one: Waiting, told: Mapping[str, Any]) -> audit.Act:
    said = {"outcome": str(told["outcome"]), "customer": one.customer_id or ""}
    return audit.Act(one.person, "decided", one.kind.name, str(told["decision_id"]), said)


def told(connection: Connection, decision_id: str) -> Mapping[str, Any]:
    """A decision as it was told; NotFound where there is none of that id."""
    row = connection.execute(
        select(decision.c.answer).where(decision.c.decision_id == decision_id)
    ).one_or_none()
    if row is None:
        raise NotFound("there is no such decision", hint="Give an id that was answered.")
    found: dict[str, Any] = json.loads(row.answer)
    return found

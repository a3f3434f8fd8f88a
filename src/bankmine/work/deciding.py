"""Decisions while somebody waits: answered together, kept together, told only when they are durable.

One thread takes what waits, lets one call of the model answer all of it, writes the decisions and their
events in one transaction, and only then lets each caller go on. So many decisions cost one commit, and a
process that is killed has told nobody of a decision that is not kept. A what-if is answered alike and kept
nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

from sqlalchemy import Connection, select

from bankmine.errors import NotFound
from bankmine.governance import Person, audit
from bankmine.store import Store, new_id
from bankmine.store.tables.decisions import decision
from bankmine.store.times import now_us
from bankmine.work import replies

MOST_TOGETHER, PATIENCE_SECONDS = 64, 30.0
Answers = Callable[[Sequence["Waiting"]], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One request: who asks, about whom, what it says; `answers` gives those of all that share it."""

    kind: str
    person: Person
    customer_id: str | None
    token: int | None
    asked: Mapping[str, Any]
    answers: Answers
    key: str | None = None
    what_if: bool = False
    told: Future[Mapping[str, Any]] = field(default_factory=Future)

    @property
    def text(self) -> str:
        """The request as it is kept and compared with one of the same key."""
        said = {"kind": self.kind, "customer_id": self.customer_id, "fields": dict(self.asked)}
        return json.dumps(said, sort_keys=True)


class Desk:
    """The one place of a process where decisions are made; its thread begins with the first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue: SimpleQueue[Waiting] = SimpleQueue()
        self._lock, self._thread = Lock(), None  # type: tuple[Lock, Thread | None]

    def decide(self, waiting: Waiting) -> Mapping[str, Any]:
        """The answer, once it is durable; whatever went wrong is raised here."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._work, name="decisions", daemon=True)
                self._thread.start()
        self._queue.put(waiting)
        return waiting.told.result(PATIENCE_SECONDS)

    def _work(self) -> None:
        while True:
            together = [self._queue.get()]
            with suppress(Empty):
                while len(together) < MOST_TOGETHER:
                    together.append(self._queue.get_nowait())
            self._handle(together)

    def _handle(self, together: Sequence[Waiting]) -> None:
        try:
            answers = _answered([one for one in together if one.what_if])
            durable = [one for one in together if not one.what_if]
            if durable:
                with self._store.begin() as connection:
                    answers |= _kept(connection, durable)
        except Exception as error:
            if len(together) == 1:
                together[0].told.set_exception(error)
            else:  # one of them cannot be answered; the others are not its victims
                for one in together:
                    self._handle([one])
            return
        for one in together:
            one.told.set_result(answers[id(one)])


def _answered(waiting: Sequence[Waiting]) -> dict[int, Mapping[str, Any]]:
    """The answers, each function asked once for all that share it."""
    by_source: dict[Answers, list[Waiting]] = {}
    for one in waiting:
        by_source.setdefault(one.answers, []).append(one)
    return {
        id(one): answer
        for answers, ones in by_source.items()
        for one, answer in zip(ones, answers(ones), strict=True)
    }


def _kept(connection: Connection, waiting: Sequence[Waiting]) -> dict[int, Mapping[str, Any]]:
    """The answers, those of known keys again and the others kept with their events."""
    found: dict[int, Mapping[str, Any]] = {}
    first: dict[tuple[str, str], Waiting] = {}
    again: list[tuple[Waiting, Waiting]] = []
    fresh = []
    for one in waiting:
        known = replies.known(connection, one.person, one.key, one.text)
        same = (one.person.token_id or one.person.person_id, one.key or "")
        if known is not None:
            found[id(one)] = known
        elif one.key and same in first and first[same].text == one.text:
            again.append((one, first[same]))
        else:
            first.setdefault(same, one)
            fresh.append(one)
    answers = _answered(fresh)
    for one in fresh:
        found[id(one)] = _written(connection, one, answers[id(one)])
    return found | {id(one): found[id(twin)] for one, twin in again}


def _written(connection: Connection, one: Waiting, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    decision_id = new_id()
    told = {"decision_id": decision_id, **answer}
    connection.execute(
        decision.insert(),
        {
            "decision_id": decision_id, "kind": one.kind, "person_id": one.person.person_id,
            "token_id": one.person.token_id, "customer_id": one.customer_id,
            "run_id": str(answer["run_id"]), "policy": str(answer.get("policy") or ""),
            "asked": json.dumps(dict(one.asked), sort_keys=True), "outcome": str(answer["outcome"]),
            "reason": str(answer.get("reason") or ""), "probability": answer.get("probability"),
            "answer": json.dumps(told), "at": now_us(),
        },
    )  # fmt: skip
    audit.record(
        connection, person=one.person, act="decided", object_kind=one.kind, object_id=decision_id,
        details={"outcome": str(answer["outcome"]), "customer": one.customer_id or ""},
    )  # fmt: skip
    replies.keep(connection, one.person, one.key, one.text, dict(told))
    return told


def told(connection: Connection, decision_id: str) -> Mapping[str, Any]:
    """A decision as it was told; NotFound where there is none of that id."""
    row = connection.execute(
        select(decision.c.answer).where(decision.c.decision_id == decision_id)
    ).one_or_none()
    if row is None:
        raise NotFound("there is no such decision", hint="Give an id that was answered.")
    found: dict[str, Any] = json.loads(row.answer)
    return found

"""One customer as a person may see it: a glance from memory, everything whole, a personal value in clear.

The customer is looked up among the person's own first; whoever is not there is unknown, whether the bank
has them or not. What names other customers (peers, similar ones) is taken from the scope alone. Personal
columns that say who somebody is (those the bank's tables tag identifier or contact and keep encrypted) are
masked; one at a time is shown for a declared reason, which the audit keeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.access.columns import Keys, Numbers, Words, token_of
from bankmine.access.permitted import may_read
from bankmine.access.run_tables import ROW, SCORES
from bankmine.access.tables import Table
from bankmine.bank.catalogue import TABLES
from bankmine.bank.keys import show_key
from bankmine.engine.session import Session
from bankmine.errors import NotFound, UsageError
from bankmine.governance import audit
from bankmine.overview.customer_360 import (
    Customer360,
    KeptRows,
    ScoreLine,
    customer_360,
    customer_alone,
    without_offers,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bankmine.access.view import View
    from bankmine.lifecycle.run import Run

IDENTITY = "customer_identity"
MASKED = tuple(column.name for column in TABLES[IDENTITY].columns if column.encrypted)
MASK = "•••"
MOST_LINES = 20
REASONS = (
    "agreed_contact",
    "complaint",
    "fraud_case",
    "identity_check",
    "legal_request",
    "request_of_the_person",
)


@dataclass(frozen=True)
class Standing:
    """One score of the customer; `rank` and `of` count the rows in the person's scope."""

    task: str
    title: str
    question: str
    rank: int
    of: int
    probability: float | None
    value: float | None
    grade: str | None


@dataclass(frozen=True)
class Glance:
    """The customer's row of the directory by column, and scores of the tasks that the person may read."""

    customer_id: str
    row: Mapping[str, Any]
    scores: Sequence[Standing]


@dataclass(frozen=True)
class Identity:
    """The personal columns: MASK where the bank has a value, None where it has none."""

    customer_id: str
    columns: Mapping[str, str | None]


def pseudonym(customer: int) -> str:
    """A customer as pages name them."""
    return show_key(customer)


def row_of(table: Table, customer: int | str) -> int | None:
    """The customer's row among a person's own; None where it is not there or the key is no key."""
    ids = table.columns["customer_id"]
    assert isinstance(ids, Keys)
    try:
        token = token_of(customer)
    except UsageError:
        return None
    at = int(np.searchsorted(ids.values, token)) if -(2**63) <= token < 2**63 else len(ids.values)
    return at if at < len(ids.values) and ids.values[at] == token else None


def _token(table: Table, row: int) -> int:
    ids = table.columns["customer_id"]
    assert isinstance(ids, Keys)
    return int(ids.values[row])


def glance(view: View, table: Table, customer: int | str) -> Glance | None:
    """The customer's row and scores, from what is in memory."""
    row = row_of(table, customer)
    if row is None:
        return None
    names = [one.name for one in table.shown]
    values = table.values(np.array([row]), names)[0]
    token = _token(table, row)
    runs = view.state.usable(view.cutoff)
    scores = [
        one for task in sorted(runs) if may_read(view.person, task) for one in _standings(view, task, token)
    ]
    return Glance(show_key(token), dict(zip(names, values, strict=True)), scores)


def _standings(view: View, task: str, customer: int) -> list[Standing]:
    source = view.list(task, SCORES)
    ids, question = source.column("customer_id"), source.column("question")
    if not isinstance(ids, Keys) or not isinstance(question, Words):
        return []
    rows = np.flatnonzero((ids.values == customer) & ~ids.absent)
    titles = {one["name"]: one["title"] for one in source.run.about["figures"].get("questions", [])}
    of = np.bincount(question.codes, minlength=len(question.words)) if source.total else np.zeros(0, int)
    wanted = ("question", "rank", "probability", "value", "grade")
    return [
        Standing(
            task, str(source.run.about["title"]), titles.get(asked, asked), rank,
            int(of[question.words.index(asked)]), probability, value, grade,
        )
        for asked, rank, probability, value, grade in source.table.values(rows, wanted)
    ]  # fmt: skip


def alone(view: View, table: Table, customer: int | str) -> Customer360 | None:
    """What speaks of the customer alone, with scores of the runs that the person may read, ranks among own.

    Compared with nobody, it answers at once; `whole` has what is compared.
    """
    row = row_of(table, customer)
    if row is None:
        return None
    token = _token(table, row)
    made: Customer360 = view.place.whole.get(
        ("alone", view.state.name, view.cutoff, token),
        lambda: customer_alone(view.state.bank, token, view.cutoff, view.state.conditions(view.cutoff)),
    )
    return replace(made, scores=tuple(_score_lines(view, token)))


def score_lines(view: View, table: Table, customer: int | str) -> list[ScoreLine]:
    """The customer's scores with their reasons, from what is in memory; none for one who is unknown."""
    row = row_of(table, customer)
    return [] if row is None else _score_lines(view, _token(table, row))


def _score_lines(view: View, token: int) -> list[ScoreLine]:
    runs = view.state.usable(view.cutoff)
    lines = [
        line
        for task in sorted(runs)
        if may_read(view.person, task)
        for line in _lines(view, runs[task], token)
    ]
    barred = not bool(view.state.conditions(view.cutoff).may_sell([token])[0])
    return [without_offers(one) if barred else one for one in lines]


def _lines(view: View, run: Run, customer: int) -> Iterator[ScoreLine]:
    """The customer's scores of a run as the 360 shows them, from what is in memory."""
    source = view.list(run.task, SCORES)
    ids, question = source.column("customer_id"), source.column("question")
    if not isinstance(ids, Keys) or not isinstance(question, Words):
        return
    rows = np.flatnonzero((ids.values == customer) & ~ids.absent)[:MOST_LINES]
    of = np.bincount(question.codes, minlength=len(question.words)) if source.total else np.zeros(0, int)
    titles = {one["name"]: one["title"] for one in run.about["figures"].get("questions", [])}
    decision = run.about["figures"]["decision"]
    wanted = ("question", "rank", "probability", "value", "grade", ROW)
    for asked, rank, probability, value, grade, place in source.table.values(rows, wanted):
        why = view.state.reasons(run).of([place])[0]
        yield ScoreLine(
            task=run.task, title=str(run.about["title"]), question=titles.get(asked, asked),
            cutoff=run.cutoff, run_id=run.run_id, value=value, unit=str(decision["unit"]),
            probability=probability, grade=grade, rank=rank, of=int(of[question.words.index(asked)]),
            flags=(), why=why, action=decision["actions"].get(grade, ""),
        )  # fmt: skip


def whole(view: View, table: Table, customer: int | str) -> Customer360 | None:
    """Everything known of the customer, kept for who asks again in the same scope."""
    row = row_of(table, customer)
    if row is None:
        return None
    token, scope = _token(table, row), view.person.scope
    ids = table.columns["customer_id"]
    assert isinstance(ids, Keys)
    runs = view.state.runs(view.cutoff)
    used = tuple(sorted(run.run_id for run in runs.values()))
    within = None if scope.everything else ids.values
    made: Customer360 = view.place.whole.get(
        ("whole", view.state.name, used, view.cutoff, token, scope),
        lambda: customer_360(view.state.bank, token, view.cutoff, within=within, known=True),
    )
    return _permitted(view, made, runs)


def _permitted(view: View, made: Customer360, runs: Mapping[str, Run]) -> Customer360:
    """Without scores and rows of tasks the person may not read; ranks among the person's own."""
    titles = {str(run.about["title"]) for task, run in runs.items() if may_read(view.person, task)}
    scores = [one for one in made.scores if may_read(view.person, one.task)]
    kept = [one for one in made.kept if one.task in titles]
    if not view.everything:
        scores = [_own_rank(view, one) for one in scores]
        kept = [_without_rank(one) for one in kept]
    return replace(made, scores=tuple(scores), kept=tuple(kept))


def _own_rank(view: View, line: ScoreLine) -> ScoreLine:
    """The score with its rank among the rows in the scope; what was said before loses its rank."""
    run = view.run_of(line.task)
    names = {one["title"]: one["name"] for one in run.about["figures"].get("questions", [])}
    asked = names.get(line.question, line.question)
    owned = view.state.table(run, SCORES)
    question, rank = owned.table.columns["question"], owned.table.columns["rank"]
    assert isinstance(question, Words)
    assert isinstance(rank, Numbers)
    rows = view.state.attachment.rows_seen(owned.places, view.person.scope)
    code = question.words.index(asked) if asked in question.words else -1
    ranks = rank.values[rows[question.codes[rows] == code]]
    before, _, day = line.before.rpartition(" on ")
    said = f"{before.partition(', rank ')[0]} on {day}" if ", rank " in before else line.before
    return replace(line, rank=int((ranks <= line.rank).sum()), of=len(ranks), before=said)


def _without_rank(kept: KeptRows) -> KeptRows:
    """Rows of a kept table with what a page shows of them, but for a rank over the whole bank."""
    columns = {name: shape for name, shape in kept.columns.items() if name != "rank"}
    rows = [{name: value for name, value in row.items() if name in columns} for row in kept.rows]
    return replace(kept, columns=columns, rows=rows)


def identity(view: View, table: Table, customer: int | str) -> Identity | None:
    """The masked columns of the customer."""
    row = row_of(table, customer)
    if row is None:
        return None
    token = _token(table, row)
    sealed = _sealed(view, token, MASKED)
    columns = {name: None if value is None else MASK for name, value in sealed.items()}
    return Identity(show_key(token), columns)


def unmask(
    view: View, table: Table, connection: Connection, customer: int | str, column: str, reason: str
) -> str | None:
    """One personal value in clear; the audit's event is written before it is read."""
    if column not in MASKED:
        raise UsageError(f"{column[:40]!r} is no masked column", hint=f"There are {', '.join(MASKED)}.")
    if reason not in REASONS:
        raise UsageError("that is no reason to unmask", hint=f"Give one of {', '.join(REASONS)}.")
    token = _own_token(view, table, customer)
    details = {"column": column, "reason": reason}
    audit.record(
        connection, person=view.person, act="customer:unmask", object_kind="customer",
        object_id=show_key(token), details=details,
    )  # fmt: skip
    sealed = _sealed(view, token, (column,))[column]
    return view.state.bank.keyring.decrypt([sealed], [token], f"{IDENTITY}.{column}")[0]


def record_look(view: View, table: Table, connection: Connection, customer: int | str, what: str) -> None:
    """The event of a look at a customer's data."""
    audit.record(
        connection, person=view.person, act="customer:look", object_kind="customer",
        object_id=show_key(_own_token(view, table, customer)),
        details={"what": what, "as_of": view.day.isoformat()},
    )  # fmt: skip


def _own_token(view: View, table: Table, customer: int | str) -> int:
    row = row_of(table, customer)
    if row is None:
        raise NotFound(
            "no such customer is known to you on that day", hint="Check the pseudonym and the date."
        )
    return _token(table, row)


def _sealed(view: View, customer: int, names: Sequence[str]) -> dict[str, bytes | None]:
    """The encrypted values in force at the cutoff; None where there is none."""
    if not view.state.warehouse.has(IDENTITY):
        return dict.fromkeys(names)
    with Session(view.state.warehouse, view.cutoff, until=view.cutoff) as session:
        columns = ", ".join(names)
        found = session.arrow(
            f"SELECT {columns} FROM {IDENTITY} WHERE customer_id = $customer", {"customer": customer}
        ).to_pylist()
    return dict(found[0]) if found else dict.fromkeys(names)

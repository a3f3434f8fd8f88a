"""Agreement on words: what a column or feature means, how a model is to be read; signed by three seats.

A wording stands until a newer one takes its place, and signatures belong to their wording, so that changed
words are signed anew. Three seats have to sign: somebody of the business (operator, risk officer), of the
data (database administrator) and of the mining (data miner); one person takes one seat, whatever roles they
have.
Wordings, signatures and remarks are taken back, never deleted. Texts stay out of the audit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select, update

from bankmine.errors import NotFound, UsageError
from bankmine.governance import Permission, Person, Role, audit
from bankmine.store import new_id
from bankmine.store.tables.agreeing import remark, signature, wording
from bankmine.store.times import now_us

LONGEST = 2_000


class Kind(StrEnum):
    """What is agreed on."""

    meaning = "meaning"
    interpretation = "interpretation"


class Seat(StrEnum):
    """Who has to agree."""

    business = "business"
    data = "data"
    mining = "mining"


HOLDERS: Mapping[Seat, frozenset[Role]] = {
    Seat.business: frozenset({Role.operator, Role.risk_officer}),
    Seat.data: frozenset({Role.database_administrator}),
    Seat.mining: frozenset({Role.data_miner}),
}
NEEDED = {Kind.meaning: Permission.MEANINGS_SIGN, Kind.interpretation: Permission.MODELS_SIGN}


@dataclass(frozen=True, kw_only=True)
class Said:
    """A wording, signature or remark: its id, by whom, when (µs UTC), and its text where it has one."""

    said_id: str
    person_id: str
    at: int
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What stands of an object: the newest wording, its signatures by seat, remarks with the oldest first."""

    wording: Said | None = None
    signatures: Mapping[Seat, Said] = field(default_factory=dict)
    remarks: tuple[Said, ...] = ()
    versions: int = 0

    @property
    def signed(self) -> int:
        """How many seats have signed."""
        return len(self.signatures)

    @property
    def agreed(self) -> bool:
        """Whether all three have."""
        return self.signed == len(Seat)


def seats_of(person: Person) -> list[Seat]:
    """The seats the person's roles allow."""
    return [seat for seat in Seat if HOLDERS[seat] & set(person.roles)]


def word(connection: Connection, person: Person, kind: Kind, object_id: str, text: str) -> str:
    """Gives an object a new wording and names it. Forbidden; UsageError for no or too much text."""
    person.require(NEEDED[kind])
    _check(text)
    made = _insert(connection, wording, "wording_id", person, kind=kind, object_id=object_id, text=text)
    _record(connection, person, "worded", kind, object_id, made)
    return made


def sign(
    connection: Connection,
    person: Person,
    kind: Kind,
    object_id: str,
    seat: Seat,
    proposed: str,
    *,
    read: str | None,
) -> str:
    """Signs the wording that was read, and names the signature.

    `read` is that wording's id; None where there was none yet: then the proposed text becomes the wording.
    UsageError where another wording stands by now, the seat is not the person's or taken, or the person has
    signed on another seat.
    """
    person.require(NEEDED[kind])
    now = standing(connection, kind, [object_id])[object_id]
    if (now.wording.said_id if now.wording else None) != read:
        raise UsageError("the wording has changed meanwhile", hint="Read it as it stands now, then sign.")
    _check_seat(person, now, seat)
    words = now.wording.said_id if now.wording else word(connection, person, kind, object_id, proposed)
    made = _insert(connection, signature, "signature_id", person, wording_id=words, seat=seat)
    _record(connection, person, "signed", kind, object_id, made, seat=str(seat))
    return made


def _check_seat(person: Person, now: Agreement, seat: Seat) -> None:
    if seat not in seats_of(person):
        raise UsageError(f"the seat {seat} is not yours", hint="Sign for a role that you have.")
    if seat in now.signatures:
        raise UsageError(f"the seat {seat} has signed already", hint="Read who, on this page.")
    if any(one.person_id == person.person_id for one in now.signatures.values()):
        raise UsageError("you have signed for another seat", hint="Each seat needs another person.")


def say(connection: Connection, person: Person, kind: Kind, object_id: str, text: str) -> str:
    """Adds a remark and names it."""
    person.require(NEEDED[kind])
    _check(text)
    made = _insert(connection, remark, "remark_id", person, kind=kind, object_id=object_id, text=text)
    _record(connection, person, "remarked", kind, object_id, made)
    return made


def take_back(connection: Connection, person: Person, what: str, said_id: str, *, again: bool = False) -> str:
    """Takes one's own wording, signature or remark back, or puts it in its place again; names its object.

    NotFound where there is none of one's own in that state.
    """
    table, key = {
        "wording": (wording, "wording_id"), "signature": (signature, "signature_id"),
        "remark": (remark, "remark_id"),
    }[what]  # fmt: skip
    state = table.c.withdrawn_at.is_not(None) if again else table.c.withdrawn_at.is_(None)
    own = (table.c[key] == said_id) & (table.c.person_id == person.person_id) & state
    row = connection.execute(select(table).where(own)).one_or_none()
    if row is None:
        raise NotFound(f"there is no such {what} of yours", hint="Only who said it can take it back.")
    about = row
    if what == "signature":
        about = connection.execute(select(wording).where(wording.c.wording_id == row.wording_id)).one()
        now = standing(connection, Kind(about.kind), [about.object_id])[about.object_id]
        if again and (now.wording is None or now.wording.said_id != row.wording_id):
            raise UsageError("the wording has changed meanwhile", hint="Read it as it stands now, then sign.")
        if again:
            _check_seat(person, now, Seat(row.seat))
    person.require(NEEDED[Kind(about.kind)])
    connection.execute(update(table).where(own).values(withdrawn_at=None if again else now_us()))
    act = f"{what}_restored" if again else f"{what}_taken_back"
    _record(connection, person, act, Kind(about.kind), about.object_id, said_id)
    return str(about.object_id)


def standing(
    connection: Connection, kind: Kind, objects: Iterable[str] | None = None
) -> dict[str, Agreement]:
    """What stands of each object asked for, or of all that anything was said of."""
    asked = None if objects is None else list(objects)
    words: dict[str, list[Any]] = {}
    for row in connection.execute(_of(wording, kind, asked).order_by(wording.c.at, wording.c.wording_id)):
        words.setdefault(row.object_id, []).append(row)
    signed = _signatures(connection, [rows[-1].wording_id for rows in words.values()])
    remarks: dict[str, list[Said]] = {}
    for row in connection.execute(_of(remark, kind, asked).order_by(remark.c.at, remark.c.remark_id)):
        remarks.setdefault(row.object_id, []).append(_said(row, row.remark_id, row.text))
    found = asked if asked is not None else sorted({*words, *remarks})
    return {
        one: Agreement(
            wording=_said(words[one][-1], words[one][-1].wording_id, words[one][-1].text)
            if one in words
            else None,
            signatures=signed.get(words[one][-1].wording_id, {}) if one in words else {},
            remarks=tuple(remarks.get(one, ())),
            versions=len(words.get(one, ())),
        )
        for one in found
    }


def _of(table: Any, kind: Kind, asked: list[str] | None) -> Any:
    query = select(table).where(table.c.kind == kind, table.c.withdrawn_at.is_(None))
    return query if asked is None else query.where(table.c.object_id.in_(asked))


def _signatures(connection: Connection, words: list[str]) -> dict[str, dict[Seat, Said]]:
    query = select(signature).where(signature.c.wording_id.in_(words), signature.c.withdrawn_at.is_(None))
    found: dict[str, dict[Seat, Said]] = {}
    for row in connection.execute(query):
        found.setdefault(row.wording_id, {})[Seat(row.seat)] = _said(row, row.signature_id)
    return found


def _said(row: Any, said_id: str, text: str = "") -> Said:
    return Said(said_id=said_id, person_id=row.person_id, at=row.at, text=text)


def _check(text: str) -> None:
    if not text.strip() or len(text) > LONGEST:
        raise UsageError(f"the text has {len(text)} characters", hint=f"Write 1 to {LONGEST:,}.")


def _insert(connection: Connection, table: Any, key: str, person: Person, **values: Any) -> str:
    made: str = new_id()
    connection.execute(table.insert(), {key: made, "person_id": person.person_id, "at": now_us(), **values})
    return made


def _record(
    connection: Connection, person: Person, act: str, kind: Kind, object_id: str, said: str, **more: str
) -> None:
    audit.record(
        connection, person=person, act=act, object_kind=kind, object_id=object_id,
        details={"id": said, **more},
    )  # fmt: skip

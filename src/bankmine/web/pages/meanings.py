"""Agreed meanings: of each column and feature what it means, said by people and signed by three seats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from bankmine.access.data import DataSeen
from bankmine.errors import NotFound, UsageError
from bankmine.governance import Permission, people
from bankmine.report import Column
from bankmine.web.routing import Pages
from bankmine.web.shown import Heading, as_csv
from bankmine.web.visit import Visit
from bankmine.work import sign_offs
from bankmine.work.sign_offs import Agreement, Kind, Seat

pages = Pages()
HERE = "/data/meanings"
KIND = Kind.meaning
PAGE = 100
STATES = ("any", "open", "agreed", "mine")


@dataclass(frozen=True)
class Line:
    """A column or feature: its name for agreements, what is proposed, and how it stands."""

    object_id: str
    name: str
    proposed: str
    address: str
    agreement: Agreement


@pages.get(HERE, permission=Permission.DATA_READ)
def listed(visit: Visit) -> Response:
    """All columns and features with how far they are agreed on."""
    search, state = visit.query.get("search", "").strip().lower()[:60], visit.query.get("state", "any")
    every = list(_lines(visit))
    kept = [one for one in every if search in one.name.lower() or search in one.proposed.lower()]
    kept = [one for one in kept if _fits(visit, one, state)]
    page = visit.number("page", 1)
    return visit.page(
        "meanings.html.j2",
        lines=kept[(page - 1) * PAGE : page * PAGE],
        total=len(kept),
        page=page,
        size=PAGE,
        search=search,
        state=state,
        states=STATES,
        seats=list(Seat),
        agreed=sum(one.agreement.agreed for one in every),
        every=len(every),
    )


@pages.get("/exports/meanings", permission=Permission.LISTS_EXPORT, also=Permission.DATA_READ)
def dictionary(visit: Visit) -> Response:
    """The dictionary: every column and feature with the wording that stands and who signed it."""
    with visit.site.store.read() as connection:
        names = {one.person_id: one.name for one in people.listed(connection)}
    labels = ["name", "meaning", "state", *Seat]
    heads = [Heading(one, Column(label=one), customer=False, flags=False) for one in labels]
    rows = (
        (
            one.name,
            one.agreement.wording.text if one.agreement.wording else one.proposed,
            "agreed" if one.agreement.agreed else f"{one.agreement.signed} of 3",
            *(
                names.get(one.agreement.signatures[seat].person_id, "")
                if seat in one.agreement.signatures
                else ""
                for seat in Seat
            ),
        )
        for one in _lines(visit)
    )
    return as_csv("meanings", heads, rows)


@pages.get("/data/columns/{table}/{column}", permission=Permission.DATA_READ)
def column(visit: Visit) -> Response:
    """One column: meaning, lineage back to the extracts and on to features."""
    return _column(visit)


@pages.get("/data/features/{feature}", permission=Permission.DATA_READ)
def feature(visit: Visit) -> Response:
    """One feature: meaning, lineage back to columns and extracts, runs that use it."""
    return _feature(visit)


@pages.post("/data/columns/{table}/{column}/{act}", permission=Permission.MEANINGS_SIGN)
def act_on_column(visit: Visit) -> Response:
    """Words, signs or remarks on a column's meaning."""
    found = DataSeen(visit.view).column(visit.path["table"], visit.path["column"])
    here = f"/data/columns/{found.table}/{found.name}"
    return act(visit, KIND, found.object_id, found.sentence, here, _column)


@pages.post("/data/features/{feature}/{act}", permission=Permission.MEANINGS_SIGN)
def act_on_feature(visit: Visit) -> Response:
    """Words, signs or remarks on a feature's meaning."""
    found = DataSeen(visit.view).feature(visit.path["feature"])
    return act(visit, KIND, found.object_id, found.sentence, f"/data/features/{found.name}", _feature)


@pages.post("/agreements/{what}/{said}/take-back", permission=Permission.DATA_READ)
def take_back(visit: Visit) -> Response:
    """Takes one's own wording, signature or remark back."""
    return _switch(visit, again=False)


@pages.post("/agreements/{what}/{said}/restore", permission=Permission.DATA_READ)
def restore(visit: Visit) -> Response:
    """Puts it in its place again."""
    return _switch(visit, again=True)


def waiting(visit: Visit) -> int:
    """How many meanings somebody has begun that lack this person's signature."""
    with visit.site.store.read() as connection:
        said = sign_offs.standing(connection, KIND)
    return sum(_waits(visit, stands) for stands in said.values())


def act(
    visit: Visit,
    kind: Kind,
    object_id: str,
    proposed: str,
    here: str,
    page: Callable[[Visit, UsageError], Response],
) -> Response:
    """One act on an agreement; what does not fit comes back above its forms."""
    form, who = visit.form, visit.who

    def done(connection: Connection) -> tuple[str, str]:
        if visit.path["act"] == "word":
            return "wording", sign_offs.word(connection, who, kind, object_id, form.get("text", "").strip())
        if visit.path["act"] == "remark":
            return "remark", sign_offs.say(connection, who, kind, object_id, form.get("text", "").strip())
        if visit.path["act"] == "sign" and form.get("seat") in list(Seat):
            seat = Seat(form["seat"])
            return "signature", sign_offs.sign(
                connection, who, kind, object_id, seat, proposed, read=form.get("read") or None
            )
        raise NotFound("there is no such act", hint="Use the forms of the page.")

    try:
        with visit.site.store.begin() as connection:
            what, said = done(connection)
    except UsageError as problem:
        return page(visit, problem)
    return visit.done(here, f"{what}-said", said, about=what)


def standing(visit: Visit, kind: Kind, object_id: str) -> dict[str, Any]:
    """How an object stands, with the names of people and what this visitor may do, for the template."""
    with visit.site.store.read() as connection:
        agreement = sign_offs.standing(connection, kind, [object_id])[object_id]
        names = {one.person_id: one.name for one in people.listed(connection)}
    taken = {one.person_id for one in agreement.signatures.values()}
    own = [seat for seat in sign_offs.seats_of(visit.who) if seat not in agreement.signatures]
    may = visit.may(sign_offs.NEEDED[kind])
    return {
        "agreement": agreement,
        "names": names,
        "seats": list(Seat),
        "own_seats": own if may and visit.who.person_id not in taken else [],
        "may_word": may,
        "me": visit.who.person_id,
    }


def _switch(visit: Visit, *, again: bool) -> Response:
    what, said = visit.path["what"], visit.path["said"]
    if what not in ("wording", "signature", "remark"):
        raise NotFound("there is no such act", hint="Use the forms of the page.")
    with visit.site.store.begin() as connection:
        object_id = sign_offs.take_back(connection, visit.who, what, said, again=again)
    return visit.done(_address(object_id), f"{what}-{'said' if again else 'taken'}", said, about=what)


def _address(object_id: str) -> str:
    kind, _, name = object_id.partition(":")
    if kind == "column":
        return f"/data/columns/{name.replace('.', '/', 1)}"
    return f"/models/{name.partition('@')[0]}" if kind == "model" else f"/data/features/{name}"


def _column(visit: Visit, problem: UsageError | None = None) -> Response:
    data, table, name = DataSeen(visit.view), visit.path["table"], visit.path["column"]
    found = data.column(table, name)
    return visit.page(
        "data_column.html.j2",
        status=400 if problem else 200,
        column=found,
        traced=data.traced(table, name),
        features=data.features_of(table, name),
        whole=data.whole,
        proposed=found.sentence,
        here=f"/data/columns/{table}/{name}",
        problem=problem,
        **standing(visit, KIND, found.object_id),
    )


def _feature(visit: Visit, problem: UsageError | None = None) -> Response:
    found = DataSeen(visit.view).feature(visit.path["feature"])
    return visit.page(
        "data_feature.html.j2",
        status=400 if problem else 200,
        feature=found,
        proposed=found.sentence,
        here=f"/data/features/{found.name}",
        problem=problem,
        **standing(visit, KIND, found.object_id),
    )


def _lines(visit: Visit) -> Iterator[Line]:
    data = DataSeen(visit.view)
    with visit.site.store.read() as connection:
        said = sign_offs.standing(connection, KIND)
    none = Agreement()
    for table in data.tables():
        for one in data.columns(table.name):
            address = f"/data/columns/{one.table}/{one.name}"
            name = f"{one.table}.{one.name}"
            yield Line(one.object_id, name, one.sentence, address, said.get(one.object_id, none))
    for name, (sentence, _) in data.sentences().items():
        found = said.get(f"feature:{name}", none)
        yield Line(f"feature:{name}", name, sentence, f"/data/features/{name}", found)


def _fits(visit: Visit, line: Line, state: str) -> bool:
    stands = line.agreement
    if state == "open":
        return 0 < stands.signed < len(Seat) or (stands.wording is not None and not stands.agreed)
    if state == "agreed":
        return stands.agreed
    return _waits(visit, stands) if state == "mine" else True


def _waits(visit: Visit, stands: Agreement) -> bool:
    """Whether it was begun and a seat of this person's, who has not signed, is empty."""
    missing = set(sign_offs.seats_of(visit.who)) - set(stands.signatures)
    signed = visit.who.person_id in {one.person_id for one in stands.signatures.values()}
    return stands.wording is not None and bool(missing) and not signed

"""The network around a customer as of a date: who is linked to whom by what, drawn, listed and marked.

A mark speaks of one link, whoever's page it is put on: that it was checked and is harmless, that both live
together, or that it is suspicious. Notes about the customer stand on the customer's own page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from bankmine.access import OneOf
from bankmine.access import network as links
from bankmine.access.customer import pseudonym
from bankmine.errors import NotFound
from bankmine.governance import Permission, audit, people
from bankmine.report import Chart, Tone
from bankmine.report.pictures import Edge, Network, Node
from bankmine.web.routing import Pages
from bankmine.web.shown import PAGE_SIZE, Heading, as_csv, headings, sort_of
from bankmine.web.visit import Visit
from bankmine.work import marks

if TYPE_CHECKING:
    from bankmine.access.network import Around, Found

pages = Pages()
READ, NOTE = Permission.CUSTOMERS_READ, Permission.CUSTOMERS_NOTE
HERE, MARKS, NOTES = (
    "/customers/{customer}/network",
    "/customers/{customer}/links",
    "/customers/{customer}/notes",
)
DRAWN = 40
FILTERED = ("link", "steps")


@dataclass(frozen=True)
class Line:
    """A link's row: its cells, its name for marks, and the mark that stands."""

    cells: tuple[Any, ...]
    name: str
    mark: marks.Mark | None


@pages.get(HERE, permission=READ, dated=True)
def network(visit: Visit) -> Response:
    """Who is linked to the customer, one step and two, among those one may see; the look is recorded."""
    seen = _seen(visit)
    with visit.site.store.begin() as connection:
        visit.view.record_look(connection, visit.path["customer"], "network")
    table = seen.table
    found = table.rows(_filters(visit), sort_of(visit), visit.number("page", 1), PAGE_SIZE)
    shown = headings(found.columns, visit.view.currency)
    lines = [(row, _name(pseudonym(seen.customer), row, shown)) for row in found.rows]
    with visit.site.store.read() as connection:
        standing = marks.standing(connection, marks.Kind.link, [name for _, name in lines])
        names = {one.person_id: one.name for one in people.listed(connection)} if standing else {}
    counts = {word: sum(1 for one in seen.links if one.link == word) for word in links.known(visit.view)}
    return visit.page(
        "network.html.j2",
        customer=pseudonym(seen.customer),
        seen=seen,
        people=len({one.customer for one in seen.links}),
        near=len({one.customer for one in seen.links if one.steps == 1}),
        most=links.MOST_PEOPLE,
        found=found,
        headings=shown,
        lines=[Line(row, name, standing.get(name)) for row, name in lines],
        counts={word: count for word, count in counts.items() if count},
        chart=_chart(visit, seen),
        words=marks.WORDS[marks.Kind.link],
        names=names,
        may_mark=visit.may(NOTE),
        may_export=visit.may(Permission.LISTS_EXPORT),
        pictures=True,
    )


@pages.get("/exports/customers/{customer}/network", permission=Permission.LISTS_EXPORT, also=READ, dated=True)
def export(visit: Visit) -> Response:
    """All links as a file; that it was taken is an event of the audit."""
    seen = _seen(visit)
    customer = pseudonym(seen.customer)
    rows = seen.table.export(_filters(visit), sort_of(visit))
    with visit.site.store.begin() as connection:
        audit.record(
            connection, person=visit.who, act="list_exported", object_kind="list",
            object_id=f"network/{customer}",
            details={"rows": seen.table.count(_filters(visit)), "as_of": visit.as_of.isoformat()},
        )  # fmt: skip
    return as_csv(f"network-{visit.as_of}", headings(seen.table.shown, visit.view.currency), rows)


@pages.post(MARKS, permission=NOTE)
def mark(visit: Visit) -> Response:
    """Marks a link that stands in the customer's network."""
    seen, form = _seen(visit), visit.form
    name = form.get("link", "")
    if name not in {_named(one) for one in seen.links}:
        raise NotFound("there is no such link around the customer", hint="Look at the network as it stands.")
    with visit.site.store.begin() as connection:
        made = marks.put(
            connection, visit.who, marks.Kind.link, name, form.get("word", ""), form.get("note", "").strip()
        )
    return _done(visit, "link-marked", made, "network", "links")


@pages.post(f"{MARKS}/{{mark}}/take-back", permission=NOTE)
def take_back(visit: Visit) -> Response:
    """Takes a mark back; the one before stands again."""
    return _turned(visit, marks.Kind.link, again=False)


@pages.post(f"{MARKS}/{{mark}}/restore", permission=NOTE)
def restore(visit: Visit) -> Response:
    """Puts it on again."""
    return _turned(visit, marks.Kind.link, again=True)


@pages.post(NOTES, permission=NOTE)
def note(visit: Visit) -> Response:
    """Keeps a note about the customer."""
    if not visit.view.knows(visit.path["customer"]):
        raise _unknown()
    form = visit.form
    with visit.site.store.begin() as connection:
        made = marks.put(
            connection, visit.who, marks.Kind.customer, visit.path["customer"], form.get("word", "note"),
            form.get("note", "").strip(), needs_note=True,
        )  # fmt: skip
    return _done(visit, "customer-noted", made, "", "notes")


@pages.post(f"{NOTES}/{{mark}}/take-back", permission=NOTE)
def take_note_back(visit: Visit) -> Response:
    """Takes a note back."""
    return _turned(visit, marks.Kind.customer, again=False)


@pages.post(f"{NOTES}/{{mark}}/restore", permission=NOTE)
def restore_note(visit: Visit) -> Response:
    """Keeps it again."""
    return _turned(visit, marks.Kind.customer, again=True)


def _turned(visit: Visit, kind: marks.Kind, *, again: bool) -> Response:
    """Takes a mark or note back or puts it on again, where the customer, and both ends of a link, are own."""
    customer, made = visit.path["customer"], visit.path["mark"]
    with visit.site.store.begin() as connection:
        ends = marks.object_of(connection, kind, made).split(" · ")[0].split(" – ")
        if customer not in ends or not all(visit.view.knows(one) for one in ends):
            raise NotFound("there is no such mark", hint="It may have been taken back already.")
        marks.take_back(connection, visit.who, made, again=again)
    if kind is marks.Kind.link:
        return _done(visit, "link-marked" if again else "link-unmarked", made, "network", "links")
    return _done(visit, "customer-noted" if again else "customer-unnoted", made, "", "notes")


def _done(visit: Visit, what: str, made: str, page: str, group: str) -> Response:
    here = f"/customers/{visit.path['customer']}"
    return visit.done(f"{here}/{page}".rstrip("/"), what, made, at=f"{here}/{group}")


def _seen(visit: Visit) -> Around:
    seen = links.around(visit.view, visit.path["customer"])
    if seen is None:
        raise _unknown()
    return seen


def _unknown() -> NotFound:
    return NotFound("there is no such customer", hint="Search for the pseudonym under Customers.")


def _filters(visit: Visit) -> dict[str, OneOf]:
    """The words and steps asked for; a field left empty, or with what is none, asks for nothing."""
    asked: dict[str, OneOf] = {}
    if visit.query.get("link") in links.LINK_WORDS:
        asked["link"] = OneOf.of(visit.query["link"])
    if visit.query.get("steps") in ("1", "2"):
        asked["steps"] = OneOf.of(int(visit.query["steps"]))
    return asked


def _named(one: Found) -> str:
    """A link's name for marks: both ends in order, and what it is."""
    return _pair(pseudonym(one.through), pseudonym(one.customer), one.link)


def _name(customer: str, row: tuple[Any, ...], shown: list[Heading]) -> str:
    values = {heading.name: value for heading, value in zip(shown, row, strict=True)}
    return _pair(values["through"] or customer, values["customer_id"], values["link"])


def _pair(one: str, other: str, link: str) -> str:
    low, high = sorted((one, other))
    return f"{low} – {high} · {link}"


def _chart(visit: Visit, seen: Around) -> Chart | None:
    """The nearest people and what links them; none for a customer without links."""
    if not seen.links:
        return None
    at, nodes = {seen.customer: 0}, [Node(name=pseudonym(seen.customer)[:8], tone=_tone(seen, seen.customer))]
    for one in seen.links:
        if one.customer not in at and len(nodes) <= DRAWN:
            at[one.customer] = len(nodes)
            nodes.append(
                Node(name=pseudonym(one.customer)[:8], source=at[one.through], tone=_tone(seen, one.customer))
            )
    words: dict[tuple[int, int], list[str]] = {}
    for one in seen.links:
        if one.customer in at and one.through in at:
            words.setdefault((at[one.through], at[one.customer]), []).append(visit.t.term(one.link))
    drawn = [Edge(one=pair[0], other=pair[1], text=", ".join(said)) for pair, said in words.items()]
    people, shown = len({one.customer for one in seen.links}), len(nodes) - 1
    says = [visit.t("network.chart_says")]
    says += [visit.t("network.chart_part", n=shown)] if shown < people else []
    says += [visit.t("network.chart_bad")] if seen.bad else []
    return Chart(
        title=visit.t("network.chart", count=people, n=people),
        subtitle="; ".join(says),
        picture=Network(nodes=nodes, edges=drawn),
        name="network",
    )


def _tone(seen: Around, customer: int) -> Tone:
    return Tone.BAD if customer in seen.bad else Tone.NEUTRAL

"""Segments by rules: list, editor with live counts, versions, what is published, members.

The editor keeps nothing at the server: the whole draft travels in its form, so it works without scripts (by
the button), with scripts it counts while somebody types, and nothing is changed before it is saved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from bankmine.access import OneOf
from bankmine.access.rule_counts import Counted, counted
from bankmine.access.segment_rules import BARE, TESTS, Ask, Asked, Rule, askable, described, table_of
from bankmine.access.tables import Table
from bankmine.errors import UsageError
from bankmine.governance import Permission, Person, audit, people
from bankmine.web.pages import rule_draft
from bankmine.web.pages import segment_blocks as blocks
from bankmine.web.pages.rule_draft import Draft
from bankmine.web.pages.segments import names_of
from bankmine.web.routing import Pages
from bankmine.web.shown import PAGE_SIZE, as_csv, headings, sort_of
from bankmine.web.visit import Visit
from bankmine.work import segment_rules as kept

pages = Pages()
HERE = "/segments/rules"
SHOWN = (
    "rule", "customer_id", "kind", "branch_id", "families", "flags", "segment", "profit_minor", "value_minor",
    "churn_chance",
)  # fmt: skip
READ, WRITE = Permission.SEGMENTS_READ, Permission.SEGMENTS_WRITE


@dataclass(frozen=True)
class Listed:
    """A set of rules on the list: its coverage over own rows and agreement with the segments found."""

    set: kept.RuleSet
    counted: Counted


@pages.get(HERE, permission=READ, dated=True)
def listed(visit: Visit) -> Response:
    """All sets of rules with their coverage over own rows."""
    with visit.site.store.read() as connection:
        sets = kept.listed(connection)
        aside = kept.listed(connection, withdrawn=True)
        who = {one.person_id: one.name for one in people.listed(connection)}
    table = table_of(visit.view)
    return visit.page(
        "segment_rules.html.j2", who=who, aside=aside, may_write=visit.may(WRITE),
        sets=[Listed(one, counted(table, one.newest.rules)) for one in sets],
    )  # fmt: skip


@pages.get(f"{HERE}/new", permission=WRITE, dated=True)
def new(visit: Visit) -> Response:
    """The editor with one empty rule."""
    return _editor(visit, Draft("", "", (rule_draft.EMPTY,)))


@pages.get(f"{HERE}/{{rules}}", permission=READ, dated=True)
def one(visit: Visit) -> Response:
    """One set: its rules in words, what they make of own customers, versions, members."""
    return _one(visit)


@pages.get(f"{HERE}/{{rules}}/edit", permission=WRITE, dated=True)
def edit(visit: Visit) -> Response:
    """The editor with the newest version."""
    with visit.site.store.read() as connection:
        found = kept.one(connection, visit.path["rules"])
    return _editor(visit, Draft(found.rules_id, found.name, found.newest.rules))


@pages.post(f"{HERE}/draft", permission=WRITE)
def draft(visit: Visit) -> Response:
    """The editor with the draft that was sent, changed as the button asked and counted; keeps nothing."""
    return _editor(visit, rule_draft.changed(rule_draft.read(visit.form), visit.form.get("do", "")))


@pages.post(HERE, permission=WRITE)
def save(visit: Visit) -> Response:
    """Keeps the draft: a new set, or a new version of the one it came from."""
    sent = rule_draft.read(visit.form)
    try:
        with visit.site.store.begin() as connection:
            if not sent.rules_id:
                made = kept.make(connection, visit.who, sent.name, sent.rules)
                return visit.done(f"{HERE}/{made}", "rules-made", made)
            before = kept.one(connection, sent.rules_id).newest.number
            kept.save(connection, visit.who, sent.rules_id, sent.rules)
    except UsageError as problem:
        return _editor(visit, sent, problem)
    return visit.done(f"{HERE}/{sent.rules_id}", "rules-saved", sent.rules_id, version=str(before))


@pages.post(f"{HERE}/{{rules}}/restore", permission=WRITE)
def restore(visit: Visit) -> Response:
    """Makes an older version the newest again."""

    def act(connection: Connection, rules: str) -> dict[str, str]:
        before = kept.one(connection, rules).newest.number
        kept.restore(connection, visit.who, rules, _number(visit))
        return {"version": str(before)}

    return _act(visit, "rules-restored", act)


@pages.post(f"{HERE}/{{rules}}/rename", permission=WRITE)
def rename(visit: Visit) -> Response:
    """Gives the set another name."""
    asked = visit.form.get("name", "")
    return _act(visit, "rules-renamed", lambda c, rules: {"name": kept.rename(c, visit.who, rules, asked)})


@pages.post(f"{HERE}/{{rules}}/publish", permission=WRITE)
def publish(visit: Visit) -> Response:
    """Puts a version in force."""

    def act(connection: Connection, rules: str) -> dict[str, str]:
        before = kept.publish(connection, visit.who, rules, _number(visit))
        return {} if before is None else {"version": str(before)}

    return _act(visit, "rules-published", act)


@pages.post(f"{HERE}/{{rules}}/unpublish", permission=WRITE)
def unpublish(visit: Visit) -> Response:
    """Takes the version in force out of it."""
    return _act(
        visit, "rules-unpublished", lambda c, rules: {"version": str(kept.unpublish(c, visit.who, rules))}
    )


@pages.post(f"{HERE}/{{rules}}/withdraw", permission=WRITE)
def withdraw(visit: Visit) -> Response:
    """Puts a set aside."""
    return _act(visit, "rules-withdrawn", _nothing_before(kept.withdraw, visit))


@pages.post(f"{HERE}/{{rules}}/bring-back", permission=WRITE)
def bring_back(visit: Visit) -> Response:
    """Lists a set again that was put aside."""
    return _act(visit, "rules-brought-back", _nothing_before(kept.bring_back, visit))


@pages.get("/exports/segments/rules/{rules}", permission=Permission.LISTS_EXPORT, also=READ, dated=True)
def export(visit: Visit) -> Response:
    """The members as a file; that it was taken is an event of the audit."""
    found, table = _members(visit)
    filters, search = _asked(visit, found), visit.query.get("search", "").strip()[:40]
    with visit.site.store.begin() as connection:
        audit.record(
            connection, person=visit.who, act="list_exported", object_kind="list",
            object_id=f"segments/rules/{found.rules_id}",
            details={"rows": table.count(filters, search), "as_of": visit.as_of.isoformat()},
        )  # fmt: skip
    rows = table.export(filters, sort_of(visit), search)
    return as_csv(f"segments-by-rules-{visit.as_of}", headings(table.shown, visit.view.currency), rows)


def _act(visit: Visit, done: str, act: Callable[[Connection, str], dict[str, str]]) -> Response:
    rules = visit.path["rules"]
    try:
        with visit.site.store.begin() as connection:
            was = act(connection, rules)
    except UsageError as problem:
        return _one(visit, problem)
    return visit.done(f"{HERE}/{rules}", done, rules, **was)


def _nothing_before(
    act: Callable[[Connection, Person, str], None], visit: Visit
) -> Callable[[Connection, str], dict[str, str]]:
    """An act whose undo needs to know nothing."""

    def done(connection: Connection, rules: str) -> dict[str, str]:
        act(connection, visit.who, rules)
        return {}

    return done


def _number(visit: Visit) -> int:
    text = visit.form.get("version", "")
    if not text.isdecimal() or len(text) > 6:
        raise UsageError("no version was named", hint="Choose one of the list.")
    return int(text)


def _version_asked(visit: Visit, found: kept.RuleSet, connection: Connection) -> kept.Version:
    text = visit.query.get("version", "")
    if text.isdecimal() and len(text) <= 6:
        return kept.version(connection, found.rules_id, int(text))
    return found.newest


def _members(visit: Visit) -> tuple[kept.RuleSet, Table]:
    with visit.site.store.read() as connection:
        found = kept.one(connection, visit.path["rules"])
        version = _version_asked(visit, found, connection)
    return found, described(visit.view, version.rules)


def _asked(visit: Visit, found: kept.RuleSet) -> dict[str, OneOf]:
    """The segment asked for: a rule's name; `-` for those whom no rule takes; empty for those of any rule."""
    wanted = visit.query.get("rule", "")
    if wanted == "-":
        return {"rule": OneOf.of(None)}
    return {"rule": OneOf.of(wanted)} if wanted else {}


def _one(visit: Visit, problem: UsageError | None = None) -> Response:
    with visit.site.store.read() as connection:
        found = kept.one(connection, visit.path["rules"])
        version = _version_asked(visit, found, connection)
        versions = kept.versions(connection, found.rules_id)
        who = {one.person_id: one.name for one in people.listed(connection)}
    base = table_of(visit.view)
    seen = counted(base, version.rules)
    charts = [blocks.overlap(visit, seen), blocks.crossing(visit, seen, names_of(visit))]
    return visit.page(
        "segment_rules_one.html.j2",
        status=400 if problem else 200,
        set=found, version=version, versions=versions, who=who, problem=problem, seen=seen,
        sentences=_sentences(visit, version.rules, base), charts=[one for one in charts if one],
        may_write=visit.may(WRITE), may_export=visit.may(Permission.LISTS_EXPORT), pictures=True,
        **_rows(visit, found, version.rules, seen),
    )  # fmt: skip


def _rows(visit: Visit, found: kept.RuleSet, rules: Sequence[Rule], seen: Counted) -> dict[str, Any]:
    """The members as a page lists them; none where a rule cannot be asked by this person."""
    if any(one.problem for one in seen.rules):
        return {"rows": None}
    table, search = described(visit.view, rules), visit.query.get("search", "").strip()[:40]
    rows = table.rows(_asked(visit, found), sort_of(visit), visit.number("page", 1), PAGE_SIZE, search)
    places = [at for at, one in enumerate(rows.columns) if one.name in SHOWN]
    return {
        "found": rows, "search": search,
        "headings": headings([rows.columns[at] for at in places], visit.view.currency),
        "rows": [[row[at] for at in places] for row in rows.rows],
    }  # fmt: skip


def _sentences(visit: Visit, rules: Sequence[Rule], table: Table) -> list[list[str]]:
    """Each rule's conditions in words."""
    columns = {one.name: one for one in askable(table)}
    return [[in_words(visit, ask, columns) for ask in rule.asks] for rule in rules]


def in_words(visit: Visit, ask: Ask, columns: Mapping[str, Asked]) -> str:
    """A condition in words: "Lifetime value (SGD) at least 5,000"."""
    asked = columns.get(ask.column)
    label = visit.t.term(asked.shown.label) if asked else ask.column
    unit = unit_of(visit, asked)
    test = visit.t(f"segment_rules.tests.{ask.test}")
    value = "" if ask.test in BARE else f"{visit.t.term(ask.value)}{f' {unit}' if unit else ''}"
    return visit.t("segment_rules.condition", column=label, test=test, value=value).strip()


def unit_of(visit: Visit, asked: Asked | None) -> str:
    """In what a person writes the column's values."""
    if asked is None or asked.kind != "number":
        return ""
    return {"money": visit.view.currency, "share": "%"}.get(asked.shown.kind, visit.t.term(asked.shown.unit))


def _editor(visit: Visit, sent: Draft, problem: UsageError | None = None) -> Response:
    table = table_of(visit.view)
    columns = askable(table)
    by_name = {one.name: one for one in columns}
    sent = replace(sent, rules=rule_draft.fitted(sent.rules, by_name))
    seen = counted(table, [rule_draft.complete(one) for one in sent.rules])
    return visit.page(
        "segment_rules_edit.html.j2",
        status=400 if problem else 200,
        draft=sent, columns=columns, by_name=by_name, tests=TESTS, bare=BARE,
        seen=seen, problem=problem, unit_of=unit_of,
    )  # fmt: skip

"""An explanation of a feature as lines of text, at most `WIDTH` wide, for the command line and Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from bankmine.bank.civil import from_us
from bankmine.bank.keys import show_key
from bankmine.customers.feature import Kind
from bankmine.listing import Listing

if TYPE_CHECKING:
    from bankmine.customers.entered import Entered
    from bankmine.customers.example import Example
    from bankmine.customers.explain import Explanation, TracedColumn

WIDTH = 110


def explanation_lines(one: Explanation) -> list[str]:
    """A feature in words, from what it is to where each column comes from."""
    return [
        f"{one.name}  ({one.kind}, {one.unit})",
        *_wrapped(one.sentence),
        *(line for text in (one.direction, one.missing) if text for line in _wrapped(text)),
        "",
        *_facts(one),
        "",
        "  Made so",
        *(line for made in one.lineage for line in _wrapped(made, indent=4, hang=6)),
        *_sources(one),
        *_here(one),
    ]


def _facts(one: Explanation) -> Iterator[str]:
    facts = {
        "Window": one.window_words, "Subject": one.subject, "Key": ", ".join(one.keys),
        "Tables": ", ".join(one.tables), "Version": one.version,
    }  # fmt: skip
    for name, text in facts.items():
        if text:
            yield from _wrapped(f"{name:<9}{text}", hang=11)


def _sources(one: Explanation) -> Iterator[str]:
    """The bank columns, and with a bank the extract columns they are made of."""
    if one.traced:
        yield from ("", "  Comes from")
        for traced in one.traced:
            yield from _wrapped(_traced_words(traced), indent=4, hang=8)
    elif one.columns:
        yield from ("", *_wrapped(f"Reads {', '.join(one.columns)}"))


def _traced_words(one: TracedColumn) -> str:
    made = " or ".join(one.expressions)
    read = f" ← {', '.join(one.extracts)}" if one.extracts else ""
    plain = [name.rpartition(".")[2] for name in one.extracts] == [made.rpartition(".")[2]]
    how = f" = {made}" if made and not plain else ""
    note = f" ({one.note})" if one.note else ""
    return f"{one.name}{read}{how}{note}"


def _here(one: Explanation) -> Iterator[str]:
    """What the feature is in this bank: an example and how often it is missing, or why it cannot be had."""
    if one.lacking:
        yield from ("", f"  This bank cannot have it: {one.lacking}.")
    if one.example:
        yield from ("", *_example(one, one.example))
    if one.shares:
        who = f"{one.subject}s"
        beyond = f", {one.shares.unreached:.1%} because the data do not reach" if one.shares.unreached else ""
        yield from ("", f"  Missing for {one.shares.missing:.1%} of {one.shares.looked_at:,} {who}{beyond}.")


def _example(one: Explanation, example: Example) -> Iterator[str]:
    subject = example.subject
    yield f"  Example: {one.subject} {show_key(subject.subject_id)} at {example.cutoff_shown}"
    value = example.values[one.name]
    if one.unit == "text":
        value = f"(a text of {len(value)} characters)"
    most = max((part.total for part in example.entered), default=0)
    shown = False
    for part in example.entered:
        yield from _entered(example, part, with_rows=not shown and part.total == most)
        shown = shown or part.total == most
    if one.kind is Kind.DERIVED:
        yield from _wrapped(f"{_with_values(one, example)} = {said(value)}", indent=4, hang=6)
    elif not example.entered:
        yield from _wrapped(f"{one.name} = {said(value)}", indent=4, hang=6)


def _entered(example: Example, part: Entered, *, with_rows: bool) -> Iterator[str]:
    """The rows that entered a feature, and the way from them to its value."""
    if with_rows and part.rows:
        what = "rows in force" if part.window is None else f"event{'s' if part.total != 1 else ''} entered"
        last = f", the last {len(part.rows)}" if part.total > len(part.rows) else ""
        yield f"    {part.total:,} {what}{last}:"
        columns = tuple(part.rows[0])
        table = Listing(columns, tuple(tuple(row[name] for name in columns) for row in part.rows))
        yield from (f"      {line[: WIDTH - 6]}" for line in table.lines())
    value = said(example.values[part.feature])
    yield from _wrapped(f"{part.feature} = {part.follows} = {value}", indent=4, hang=6)
    if not example.agrees(part):
        yield f"    These rows give {said(part.value)}: the two ways differ. Please report it."


def _with_values(one: Explanation, example: Example) -> str:
    """The arithmetic of a derived feature with its inputs' values in place of their names."""

    def filled(found: re.Match[str]) -> str:
        name = found[0]
        return name if name == one.name or name not in example.values else said(example.values[name])

    return re.sub(r"\w+", filled, one.lineage[0])


def _wrapped(text: str, *, indent: int = 2, hang: int = 2) -> Sequence[str]:
    return wrap(
        text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * hang, break_on_hyphens=False
    )


def said(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "missing"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list):
        last = f", the last {', '.join(_field(*part) for part in value[-1].items())}" if value else ""
        return f"{len(value):,} event{'s' if len(value) != 1 else ''}{last}"
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 100_000 else f"{value:,.2f}".removesuffix(".00")
    return str(value)


def _field(name: str, value: Any) -> str:
    """One value of an event as people read it; the instant as it is in UTC."""
    return f"{name} {from_us(value):%Y-%m-%d %H:%M}" if name == "when" else f"{name} {said(value)}"

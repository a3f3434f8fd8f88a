"""What a feature means and where it comes from, for people: sentence, unit, window, columns, an example."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from bankmine.bank.keys import show_key
from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.example import Example, Shares, example
from bankmine.customers.feature import Direction, Feature, Kind, Windowed
from bankmine.customers.lineage import deciding_columns, lineage, source_columns
from bankmine.customers.snapshot import default_cutoff
from bankmine.windows.span import Span, Unit

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

_DIRECTIONS = {
    Direction.CLOSER: "A higher value usually speaks of a more active or attached customer.",
    Direction.FARTHER: "A higher value usually speaks of a customer drawing away.",
    Direction.RISKIER: "A higher value usually speaks of more risk.",
    Direction.NONE: "",
}
_MISSING = {
    Kind.WINDOW: "Missing where the window leaves the coverage, or where nothing in it defines the value.",
    Kind.VERSIONED: "Missing where the bank knew nothing of it at the cutoff.",
    Kind.DERIVED: "Missing where a part is missing or the divisor is zero.",
    Kind.CALENDAR: "Never missing.",
    Kind.OWN: "Missing where the row itself does not say.",
    Kind.REPORT: "Missing without a report or without consent, never zero; where a window leaves "
    "the coverage; where nothing defines the value.",
    Kind.LOAN: "Missing where nothing was known of a loan at the cutoff, or nothing defines the value.",
    Kind.SEQUENCE: "Missing where the bank may not look; without events a sequence is empty.",
    Kind.TEXT: "Missing where nothing was written.",
    Kind.FORM: "Missing without a session on a screen, or where form or record say nothing; a count is 0.",
    Kind.NETWORK: "Missing where the bank knew nothing of such links yet, or nothing defines the value.",
}


class TracedColumn(Protocol):
    """Where a bank column comes from: see `sources.lineage.Traced`."""

    @property
    def name(self) -> str: ...
    @property
    def extracts(self) -> tuple[str, ...]: ...
    @property
    def expressions(self) -> tuple[str, ...]: ...
    @property
    def note(self) -> str: ...


Trace = Callable[[str, str], Sequence[TracedColumn]]


@dataclass(frozen=True)
class Explanation:
    """A feature in words.

    `columns` are the bank columns it reads, `traced` how the bank's mapping makes them of its extracts;
    `example` is one subject's value and what entered it, `shares` how often the value is missing; `lacking`
    says why the bank cannot have it; `window_words` tells the window's bounds, with its delay and validity.
    """

    name: str
    version: str
    sentence: str
    unit: str
    kind: Kind
    window: str | None
    subject: str
    keys: tuple[str, ...]
    tables: tuple[str, ...]
    direction: str
    missing: str
    columns: tuple[str, ...]
    lineage: tuple[str, ...]
    traced: tuple[TracedColumn, ...] = ()
    example: Example | None = None
    shares: Shares | None = None
    lacking: str | None = None
    window_words: str = ""

    def lines(self) -> list[str]:
        """The explanation as text."""
        from bankmine.customers.explained import explanation_lines

        return explanation_lines(self)

    def as_dict(self) -> dict[str, Any]:
        """The explanation as plain values, keys as pseudonyms."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        plain["kind"] = str(self.kind)
        plain["traced"] = [_traced(one) for one in self.traced]
        plain["shares"] = asdict(self.shares) if self.shares else None
        plain["example"] = _as_dict(self.example) if self.example else None
        return plain

    def __str__(self) -> str:
        return "\n".join(self.lines())


def explain(
    name: str,
    warehouse: Warehouse | None = None,
    *,
    cutoff: int | None = None,
    catalogue: Catalogue = CATALOGUE,
    trace: Trace | None = None,
) -> Explanation:
    """The feature in words; with a warehouse that allows it, an example at the cutoff (µs).

    The default cutoff is `default_cutoff`; features of a transaction, application, loan or account show one
    of the last before it. `trace`
    gives a bank column (table, column) and those it is made of, with their extract columns. UsageError for
    an unknown name.
    """
    feature = catalogue[name]
    found: Example | None = None
    shares: Shares | None = None
    lacking: str | None = None
    if warehouse is not None:
        lacking = Catalogue(catalogue.with_inputs([name])).available(warehouse).reasons.get(name)
        if lacking is None:
            at = default_cutoff(warehouse) if cutoff is None else cutoff
            found, shares = example(name, warehouse, at, catalogue)
    columns = source_columns(feature, catalogue)
    return Explanation(
        name=name, version=catalogue.versions[name], sentence=feature.sentence, unit=feature.unit,
        kind=feature.kind, window=feature.window, subject=feature.subject, keys=catalogue.keys_of(name),
        tables=catalogue.tables_of(name), direction=_DIRECTIONS[feature.direction],
        missing=_MISSING[feature.kind], columns=columns, lineage=tuple(lineage(feature, catalogue)),
        traced=_all_traced((*columns, *deciding_columns(feature, catalogue)), trace), example=found,
        shares=shares, lacking=lacking, window_words=_window_words(feature, catalogue),
    )  # fmt: skip


def _window_words(feature: Feature, catalogue: Catalogue) -> str:
    """The bounds of a feature's window; a derived feature has those of its inputs."""
    sources = (one.source for one in catalogue.with_inputs([feature.name]) if one.window == feature.window)
    looks = (one.feature for one in sources if isinstance(one, Windowed))
    found = next(looks, None)
    if feature.window is None:
        return ""
    if feature.kind is Kind.REPORT:
        words = Span.parse(feature.window).words
        return f"{feature.window}, the {words} up to the last report, itself excluded; civil months"
    span = Span.parse(feature.window) if found is None else found.window
    delay = None if found is None else found.source.delay
    before = f"{delay.words} before the cutoff, that instant" if delay else "the cutoff, the cutoff itself"
    if span.unit is Unit.ALL:
        most = f", at most {span.count} months back," if span.count else ""
        return f"all, from the beginning of the coverage{most} up to {before} excluded"
    kind = {Unit.MONTHS: "civil months", Unit.DAYS: "civil days"}.get(span.unit, "elapsed time")
    before = before.replace("the cutoff, the cutoff itself", "the cutoff, itself")
    return f"{span}, the {span.words} up to {before} excluded; {kind}"


def _all_traced(columns: Sequence[str], trace: Trace | None) -> tuple[TracedColumn, ...]:
    """Every column and what the load makes it of, each once."""
    if trace is None:
        return ()
    found: dict[str, TracedColumn] = {}
    for column in columns:
        table, _, name = column.partition(".")
        for one in trace(table, name):
            found.setdefault(one.name, one)
    return tuple(found.values())


def _traced(one: TracedColumn) -> dict[str, Any]:
    return {
        "column": one.name, "extracts": list(one.extracts), "expressions": list(one.expressions),
        "note": one.note,
    }  # fmt: skip


def _as_dict(one: Example) -> dict[str, Any]:
    subject = one.subject
    return {
        "subject_kind": subject.kind, "subject_id": show_key(subject.subject_id),
        "customer_id": show_key(subject.keys["customer_id"]), "cutoff": one.cutoff_shown,
        "values": one.values,
        "entered": [{**asdict(part), "agrees": one.agrees(part)} for part in one.entered],
    }  # fmt: skip

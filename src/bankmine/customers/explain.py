"""What a feature means and where it comes from, for people: sentence, unit, window, columns, an example."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.feature import Direction, Kind
from bankmine.customers.lineage import lineage, source_columns
from bankmine.customers.matrix import matrix, report_of
from bankmine.customers.population import customers_at
from bankmine.customers.snapshot import default_cutoff

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
    Kind.OWN: "Missing where the transaction does not say.",
}


@dataclass(frozen=True)
class Explanation:
    """A feature in words; `example` is one customer's value at a cutoff, `shares` how often it is missing.

    `lacking` says why the bank cannot have it.
    """

    name: str
    sentence: str
    unit: str
    kind: Kind
    window: str | None
    direction: str
    missing: str
    columns: tuple[str, ...]
    lineage: tuple[str, ...]
    example: dict[str, Any] | None = None
    shares: dict[str, float] | None = None
    lacking: str | None = None

    def lines(self) -> list[str]:
        """The explanation as text."""
        from bankmine.customers.listing import explanation_lines

        return explanation_lines(self)

    def __str__(self) -> str:
        return "\n".join(self.lines())


def explain(
    name: str,
    warehouse: Warehouse | None = None,
    *,
    cutoff: int | None = None,
    catalogue: Catalogue = CATALOGUE,
) -> Explanation:
    """The feature in words; with a warehouse that allows it, an example at the cutoff (µs).

    The default cutoff is `default_cutoff`; features of a transaction have no example. UsageError for an
    unknown name.
    """
    feature = catalogue[name]
    example, shares, lacking = None, None, None
    if warehouse is not None and feature.subject == "customer":
        lacking = catalogue.available(warehouse).reasons.get(name)
        if lacking is None:
            at = default_cutoff(warehouse) if cutoff is None else cutoff
            example, shares = _example(name, warehouse, at, catalogue)
    return Explanation(
        name=name, sentence=feature.sentence, unit=feature.unit, kind=feature.kind, window=feature.window,
        direction=_DIRECTIONS[feature.direction], missing=_MISSING[feature.kind],
        columns=source_columns(feature, catalogue), lineage=tuple(lineage(feature, catalogue)),
        example=example, shares=shares, lacking=lacking,
    )  # fmt: skip


def _example(
    name: str, warehouse: Warehouse, cutoff: int, catalogue: Catalogue
) -> tuple[dict[str, Any] | None, dict[str, float]]:
    """The first customer that has the value, with the parts it is made of; and how often it is missing."""
    parts = [feature.name for feature in catalogue.with_inputs([name])]
    table = matrix(warehouse, customers_at(warehouse, cutoff)[0], parts, catalogue=catalogue)
    said = report_of(table).features[name]
    shares = {"missing": said["missing_share"], "unreached": said["unreached_share"]}
    for row, value in enumerate(table.column(name).to_pylist()):
        if value is not None:
            values = {part: table.column(part)[row].as_py() for part in parts}
            return {
                "cutoff": cutoff,
                "customer_id": table.column("customer_id")[row].as_py(),
                "values": values,
            }, shares
    return None, shares

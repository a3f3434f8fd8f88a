"""The bank month by month: what is watched of every customer, at each monthly cutoff as it was known then.

One array of shape (customers, months) a measure. A value belongs to the look at which it was taken: the past
of a look are the looks before it, each as known at its own cutoff, so that nothing later can enter. Missing
(NaN) is what the bank did not know; it is never zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.engine.journey import Journey
from bankmine.tasks.contract import Bank, Floats, Ints
from bankmine.tasks.early_warning.links import Links, links_of
from bankmine.tasks.early_warning.measures import NAMES, TABLES, available, catalogue
from bankmine.tasks.early_warning.severity import Losses, severity
from bankmine.tasks.population import customer_rows
from bankmine.tasks.sql import statement

FOLDER = Path(__file__).parent
NOT_IN_DEFAULT = 90  # days past due from which a credit is in default
KINDS = ("person", "company")


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Customers (ids ascending) at monthly cutoffs (µs, ascending).

    `measures`: name → (customers, months). `codes`: the same of whole numbers, −1 where unknown: kind (of
    KINDS), employer, region, branch, manager, industry; `names` has the codes' texts. `credits`: the loans of
    the last look; `links`: those that stood at each look; `missing`: tables that the bank does not have.
    """

    customers: Ints
    cutoffs: Ints
    measures: Mapping[str, Floats]
    codes: Mapping[str, Ints]
    names: Mapping[str, Sequence[Any]]
    credits: Any
    links: Sequence[Links]
    missing: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Customers and months."""
        return len(self.customers), len(self.cutoffs)

    @property
    def at_risk(self) -> Any:
        """Who is looked at: something is owed, no credit is in default; booleans (customers, months)."""
        owed, late = self.measures["exposure"], self.measures["days_past_due"]
        return (owed > 0) & (late < NOT_IN_DEFAULT) & ~(self.measures["closed"] > 0)

    def unknown(self) -> Floats:
        """A measure nobody knows."""
        return np.full(self.shape, np.nan)


def panel_of(bank: Bank, cutoffs: Sequence[int], matrix: Callable[..., Any], losses: Losses) -> Panel:
    """Looks at the bank at each cutoff; `matrix(rows, names, catalogue=…)` gives features (`Work.matrix`)."""
    reader = _Reader(bank, np.array(cutoffs, dtype=np.int64), losses)
    reader.people()
    reader.credit()
    reader.events(matrix)
    reader.surroundings()
    return reader.panel()


@dataclass
class _Reader:
    bank: Bank
    cutoffs: Ints
    losses: Losses
    measures: dict[str, Floats] = field(default_factory=dict)
    codes: dict[str, Ints] = field(default_factory=dict)
    names: dict[str, Sequence[Any]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    customers: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    credits: Any = None
    links: list[Links] = field(default_factory=list)

    def looks(self, name: str, *tables: str) -> list[Any] | None:
        """The statement's answer at each cutoff; None where the bank lacks a table."""
        absent = [one for one in tables if not self.bank.warehouse.has(one)]
        if absent:
            self.missing += [one for one in absent if one not in self.missing]
            return None
        sql, zone = statement(FOLDER, name), self.bank.warehouse.zone
        with Journey(self.bank.warehouse, sql, memory=self.bank.memory, threads=self.bank.threads) as journey:
            found = [journey.ask(int(at), _bound(sql, int(at), zone)) for at in self.cutoffs]
            self.bank.note(name, journey.statements)
        return found

    def people(self) -> None:
        """Who is a customer, of what kind, employed where."""
        found = self.looks("people", "customer")
        if found is None:
            found = self.looks("borrowers", "loan_event")
        assert found is not None
        ids = [one.column("customer_id").to_numpy() for one in found]
        self.customers = np.unique(np.concatenate([*ids, np.zeros(0, dtype=np.int64)]))
        for name in ("kind", "employer_id", "region_id", "branch_id", "manager_id"):
            self._code(name.removesuffix("_id"), found, name, KINDS if name == "kind" else None)
        self.measures["closed"] = self._fill(found, "closed", np.nan)
        industries = self.looks("industry", "company")
        self._code("industry", industries or [], "industry")

    def credit(self) -> None:
        """What is owed and how it is paid."""
        terms = self.looks("loans", "loan")
        held = self.looks("collateral", "collateral")
        every = self.looks("credit", "loan_event")
        assert every is not None
        sums: dict[str, list[Floats]] = {}
        for number, found in enumerate(every):
            credits_ = with_terms(found, terms[number] if terms else None, held[number] if held else None)
            for name, values in _by_customer(credits_, self.customers, self.losses).items():
                sums.setdefault(name, []).append(values)
            self.credits = credits_
        self.measures |= {name: np.stack(values, axis=1) for name, values in sums.items()}

    def events(self, matrix: Callable[..., Any]) -> None:
        """What the windows over events say; unknown where a bank lacks the table."""
        absent = [one for one in TABLES if not self.bank.warehouse.has(one)]
        self.missing += [one for one in absent if one not in self.missing]
        names = available(self.bank.warehouse, int(self.cutoffs[-1]))
        self.measures |= {name: np.full(self._shape, np.nan) for name in NAMES}
        if names and len(self.customers):
            made = matrix(self._every_row(), names, catalogue=catalogue())
            months, count = len(self.cutoffs), len(self.customers)
            for name in names:
                self.measures[name] = as_floats(made.column(name)).reshape(months, count).T.copy()
        stated = self.looks("balance", "balance")
        self.measures["balance"] = self._fill(stated or [], "balance", np.nan)
        refused = self.looks("refused", "credit_application")
        self.measures["refused"] = self._fill(refused or [], "refused", np.nan if refused is None else 0.0)

    def _every_row(self) -> Any:
        """All customers at all cutoffs, month by month."""
        import pyarrow as pa

        who = pa.table(
            {"customer_id": self.customers, "value_minor": np.zeros(len(self.customers), np.int64)}
        )
        return pa.concat_tables([customer_rows(who, int(at)) for at in self.cutoffs])

    def surroundings(self) -> None:
        """Regions' figures and the links that stood."""
        regions = self.looks("regions", "region")
        self.measures["unemployment_rise"] = np.full(self._shape, np.nan)
        for month, found in enumerate(regions or []):
            rise = {
                one["region_id"]: one["unemployment"] - one["before"]
                for one in found.to_pylist()
                if one["unemployment"] is not None and one["before"] is not None
            }
            known = np.array([rise.get(name, np.nan) for name in [*self.names["region"], None]])
            self.measures["unemployment_rise"][:, month] = known[self.codes["region"][:, month]]
        linked = self.looks("links", "party_link")
        self.links = [links_of(one, self.customers) for one in linked or []]

    def panel(self) -> Panel:
        return Panel(
            customers=self.customers, cutoffs=self.cutoffs, measures=self.measures, codes=self.codes,
            names=self.names, credits=self.credits, links=tuple(self.links), missing=tuple(self.missing),
        )  # fmt: skip

    @property
    def _shape(self) -> tuple[int, int]:
        return len(self.customers), len(self.cutoffs)

    def _places(self, found: Any) -> tuple[Ints, Any]:
        ids = found.column("customer_id").to_numpy()
        place = np.searchsorted(self.customers, ids).clip(max=max(len(self.customers) - 1, 0))
        return place, (self.customers[place] == ids if len(self.customers) else np.zeros(len(ids), np.bool_))

    def _fill(self, found: Sequence[Any], name: str, empty: float) -> Floats:
        """A column of the answers in the panel's places; `empty` where a customer is in no answer."""
        values = np.full(self._shape, empty)
        for month, one in enumerate(found):
            place, known = self._places(one)
            column = as_floats(one.column(name), empty)
            values[place[known], month] = column[known]
        return values

    def _code(self, name: str, found: Sequence[Any], column: str, order: Sequence[str] | None = None) -> None:
        """Texts or keys as numbers: their place among all that occur, in order."""
        seen = {value for one in found for value in one.column(column).unique().to_pylist()} - {None}
        texts = list(order) if order else sorted(seen)
        place_of = {value: place for place, value in enumerate(texts)}
        codes = np.full(self._shape, -1, dtype=np.int64)
        for month, one in enumerate(found):
            place, known = self._places(one)
            encoded = one.column(column).combine_chunks().dictionary_encode()
            table = np.array([place_of.get(v, -1) for v in encoded.dictionary.to_pylist()] + [-1])
            numbers = table[encoded.indices.fill_null(len(table) - 1).to_numpy()]
            codes[place[known], month] = numbers[known]
        self.codes[name], self.names[name] = codes, texts


def as_floats(column: Any, empty: float = np.nan) -> Floats:
    """An Arrow column of numbers or booleans; `empty` for missing values."""
    import pyarrow as pa

    return np.asarray(column.cast(pa.float64()).fill_null(empty).to_numpy(), dtype=np.float64)


def with_terms(found: Any, terms: Any, held: Any) -> dict[str, Any]:
    """Credits with terms and collateral, as arrays; NaN where a term is not known."""
    ids = found.column("loan_id").to_numpy()
    made: dict[str, Any] = {"loan_id": ids, "customer_id": found.column("customer_id").to_numpy()}
    numbers = ("principal", "days_past_due", "late_year", "late_events", "restructured", "drawings",
               "paid_half", "due_half")  # fmt: skip
    made |= {name: as_floats(found.column(name), 0.0) for name in numbers}
    made |= {name: as_floats(found.column(name), 0.0) > 0 for name in ("written_off", "line")}
    for table, names in ((terms, ("granted", "instalment", "age_days")), (held, ("secured", "home"))):
        made |= {name: _looked_up(ids, table, name) for name in names}
    made["limit"] = np.where(made["line"], np.maximum(made["granted"], made["principal"]), np.nan)
    return made


def _looked_up(ids: Ints, table: Any, name: str) -> Floats:
    if table is None or not table.num_rows:
        return np.full(len(ids), np.nan)
    keys = table.column("loan_id").to_numpy()
    order = np.argsort(keys, kind="stable")
    place = np.searchsorted(keys[order], ids).clip(max=len(keys) - 1)
    values = as_floats(table.column(name))[order][place]
    return np.where(keys[order][place] == ids, values, np.nan)


def _by_customer(credits_: Mapping[str, Any], customers: Ints, losses: Losses) -> dict[str, Floats]:
    """The measures of credit for each customer; zero exposure where there is none."""
    place = np.searchsorted(customers, credits_["customer_id"]).clip(max=max(len(customers) - 1, 0))
    known = customers[place] == credits_["customer_id"]
    count = len(customers)

    def total(values: Floats) -> Floats:
        found = np.bincount(place[known], weights=np.nan_to_num(values[known]), minlength=count)
        return np.asarray(found, dtype=np.float64)

    def most(values: Floats) -> Floats:
        found = np.zeros(count)
        np.maximum.at(found, place[known], np.nan_to_num(values[known]))
        return found

    open_ = (credits_["principal"] > 0) & ~credits_["written_off"]
    line = credits_["line"] & open_
    limit = total(np.where(line, credits_["limit"], 0.0))
    drawn = total(np.where(line, credits_["principal"], 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(limit > 0, drawn / limit, np.nan)
    instalments = total(np.where(open_, credits_["instalment"], 0.0))
    severe = severity(credits_, customers, losses)
    return {
        "lost": severe.lost, "lost_undrawn": severe.lost_undrawn, "at_default": severe.at_default,
        "exposure": total(np.where(open_, credits_["principal"], 0.0)),
        "days_past_due": most(np.where(open_, credits_["days_past_due"], 0.0)),
        "late_year": most(np.where(open_, credits_["late_year"], 0.0)),
        "late_events": most(np.where(open_, credits_["late_events"], 0.0)),
        "restructured": most(np.where(open_, credits_["restructured"], 0.0)),
        "drawings": total(np.where(line, credits_["drawings"], 0.0)),
        "line_share": share, "line_drawn": drawn, "instalments": instalments,
        "line_paid": total(np.where(line, credits_["paid_half"], 0.0)),
        "line_due": total(np.where(line, credits_["due_half"], 0.0)),
        "credits": total(open_.astype(np.float64)),
        "youngest": _youngest(place[known], np.where(open_, credits_["age_days"], np.nan)[known], count),
    }  # fmt: skip


def _youngest(place: Ints, days: Floats, count: int) -> Floats:
    found = np.full(count, np.inf)
    np.minimum.at(found, place, np.where(np.isfinite(days), days, np.inf))
    return np.where(np.isfinite(found), found, np.nan)


def _bound(sql: str, at: int, zone: Any) -> dict[str, int]:
    """The instants a statement names, counted back from its cutoff."""
    back = {"since": 1, "recently": 3, "half": 6, "eight": 8, "year": 12}
    named = {"at": at} | {name: zone.months_before(at, months) for name, months in back.items()}
    return {name: value for name, value in named.items() if f"${name})" in sql}

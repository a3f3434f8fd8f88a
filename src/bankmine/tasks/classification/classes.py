"""Classes the bank defines itself: one SQL statement that gives `customer_id` and `class` for one period.

The statement is asked for many periods, each as known a day after that period ended and with no later event,
so that a class can be learnt from the past and foreseen. `$since` and `$until` are the period's ends,
`$before` is as long before `$since`; all are microseconds for `make_timestamptz`.

Of a large bank the past is that of the customers drawn for it: the statement sees no others then, so that
its limits are those of the drawn ones. At the run's cutoff everybody gets the class of the period just ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.engine.journey import Journey
from bankmine.errors import ConfigurationError, FeasibilityError
from bankmine.tasks.contract import Bank, Ints
from bankmine.tasks.labels import LabelRule
from bankmine.tasks.own_sql import one_select, run, tables_read, unknown_parameter, wrong
from bankmine.tasks.population import drawn_customers

SHIPPED = Path(__file__).parent / "standing.sql"
WHAT = "classes"
PARAMETERS = ("before", "since", "until")
MOST_CLASSES = 8
NO_CLASS = ""


@dataclass(frozen=True)
class Definition:
    """A checked statement: its file's name, title and sentence (its first comment lines), and its tables."""

    name: str
    title: str
    sentence: str
    sql: str
    tables: tuple[str, ...]


def definition_of(bank_folder: Path, file: str | None) -> Definition:
    """The bank's own definition, or the shipped one where `file` is None.

    `file` is a path inside the bank's folder. ConfigurationError for a file that is not there, not inside,
    or cannot be meant: one SELECT of `customer_id` and `class` over bank tables.
    """
    if file is None:
        return read_definition(SHIPPED)
    path = (bank_folder / file).resolve()
    if not path.is_relative_to(bank_folder.resolve()):
        raise ConfigurationError(
            f"tasks.classification.classes is {file!r}, outside the bank's folder",
            hint="Put the file into the bank's folder.",
        )
    if not path.is_file():
        raise ConfigurationError(
            f"tasks.classification.classes is {file!r}, and there is no such file",
            hint="Write the statement into that file, or leave the setting out for the shipped classes.",
        )
    return read_definition(path)


def read_definition(file: Path) -> Definition:
    """A definition's file, checked."""
    text = file.read_text(encoding="utf-8").strip()
    lines = [line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--")]
    select = one_select(file, text, WHAT)
    named = [one.alias_or_name for one in select.expressions]
    if sorted(named) != ["class", "customer_id"]:
        said = f"it gives {', '.join(named) or 'nothing'}"
        raise wrong(file, WHAT, said, "Let it give customer_id and class, no more.")
    if unknown := unknown_parameter(text, PARAMETERS):
        hint = "There are $before, $since and $until, microseconds."
        raise wrong(file, WHAT, f"it asks for ${unknown}", hint)
    title = lines[0] if lines else file.stem.replace("_", " ").capitalize()
    return Definition(file.stem, title, " ".join(lines[1:]), text, tables_read(file, select, WHAT))


def fingerprint(definition: Definition) -> str:
    """A hash of what the statement says."""
    return hashlib.sha256(definition.sql.encode()).hexdigest()[:16]


@dataclass
class Looks:
    """A definition asked of a bank, each period once. `rule` says how long a period is; `populations` keeps
    the rows all classes are asked of, with their statement, by what was asked."""

    bank: Bank
    definition: Definition
    rule: LabelRule
    populations: dict[tuple[Any, ...], tuple[Any, str]] = field(default_factory=dict)
    _seen: dict[tuple[int, bool], tuple[Ints, Any]] = field(default_factory=dict)

    def at(self, since: int, *, everybody: bool = False) -> tuple[Ints, Any]:
        """Customers (ascending) and their classes in the period that begins at `since`, µs; of a large bank
        those drawn for the past, unless `everybody` is asked about."""
        self.look([since], everybody=everybody)
        return self._seen[since, everybody or self.drawn is None]

    def look(self, starts: Iterable[int], *, everybody: bool = False) -> None:
        """Asks for several periods; the tables are read once for all of them."""
        whole = everybody or self.drawn is None
        wanted = sorted({int(one) for one in starts if (int(one), whole) not in self._seen})
        if not wanted:
            return
        bank, definition = self.bank, self.definition
        with Journey(
            bank.warehouse, definition.sql, memory=bank.memory, threads=bank.threads,
            customers=None if whole else self.drawn, alone=True,
        ) as journey:  # fmt: skip
            for since in wanted:
                self._seen[since, whole] = _checked(definition, self._ask(journey, since))
        bank.note("classes", [*self._said_of_the_draw(), definition.sql])

    @cached_property
    def drawn(self) -> Ints | None:
        """The customers whose past is looked at; None: all."""
        return drawn_customers(self.bank)

    def of(self, customers: Ints, cutoffs: Ints, *, earlier: bool = False) -> Any:
        """The class of each row in the period after its cutoff (or before it), "" where it has none.

        Of a large bank everybody is asked about at the run's cutoff alone, else the drawn ones.
        """
        found = np.full(len(customers), NO_CLASS, dtype=object)
        starts = {int(at): self._start(int(at), earlier) for at in np.unique(cutoffs)}
        self.look(start for at, start in starts.items() if at != self.bank.cutoff)
        for at, start in starts.items():
            here = np.flatnonzero(cutoffs == at)
            known, classes = self.at(start, everybody=at == self.bank.cutoff)
            if not len(known):
                continue
            place = np.searchsorted(known, customers[here]).clip(max=len(known) - 1)
            hit = known[place] == customers[here]
            found[here[hit]] = classes[place[hit]]
        return found

    def _said_of_the_draw(self) -> list[str]:
        if self.drawn is None:
            return []
        return [
            f"-- In periods before the last: of {len(self.drawn)} customers drawn, who alone are seen then."
        ]

    def _start(self, at: int, earlier: bool) -> int:
        return self._days_off(at, -self.rule.horizon_days) if earlier else at

    def _days_off(self, at: int, days: int) -> int:
        return self.bank.warehouse.zone.days_before(at, -days)

    def _ask(self, journey: Journey, since: int) -> Any:
        """The statement's answer for one period, as known when the label's delay has passed."""
        days = self.rule.horizon_days
        until = self._days_off(since, days)
        known = min(self.bank.cutoff, self._days_off(until, self.rule.delay_days))
        asked = {"before": self._days_off(since, -days), "since": since, "until": until}
        used = {name: value for name, value in asked.items() if f"${name}" in self.definition.sql}
        what = f"{WHAT} in {self.definition.name}.sql"
        return run(lambda: journey.ask(known, used), what, "Mend the file;")


def _checked(definition: Definition, found: Any) -> tuple[Ints, Any]:
    """Ids and classes without those of no class, in order; one class a customer, few classes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = found.column("class").cast(pa.string())
    kept = found.select(["customer_id"]).append_column("class", column).filter(pc.is_valid(column))
    ids = np.asarray(kept.column("customer_id").to_numpy(), dtype=np.int64)
    classes = np.asarray(kept.column("class").to_pylist(), dtype=object)
    order = np.argsort(ids, kind="stable")
    ids, classes = ids[order], classes[order]
    if (ids[1:] == ids[:-1]).any():
        raise ConfigurationError(
            f"the classes in {definition.name}.sql give a customer two classes in one period",
            hint="Group by customer_id, so that each has one row.",
        )
    count = len(set(classes.tolist()))
    if count > MOST_CLASSES:
        raise ConfigurationError(
            f"the classes in {definition.name}.sql are {count}",
            hint=f"Give at most {MOST_CLASSES}: each is a question of its own.",
        )
    return ids, classes


def class_names(looks: Looks, cutoffs: Ints) -> tuple[str, ...]:
    """The classes seen at the cutoffs, rarest first; FeasibilityError where there are fewer than two."""
    counts: dict[str, int] = {}
    looks.look(cutoffs.tolist())
    for at in cutoffs:
        for name in looks.at(int(at))[1].tolist():
            counts[name] = counts.get(name, 0) + 1
    if len(counts) < 2:
        raise FeasibilityError(
            f"{looks.definition.name}.sql gives {len(counts)} classes in all the periods looked at",
            hint="A classification needs two. Look at what the statement gives.",
        )
    return tuple(sorted(counts, key=lambda name: (counts[name], name)))

"""The Python face: a bank, its tables, features, customers and runs.

import bankmine
bank = bankmine.open("my-bank")
bank.tables()
bank.run("segmentation", cutoff="1994-04-01")
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bankmine import pipeline
from bankmine.folder import BankFolder
from bankmine.listing import Listing

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse
    from bankmine.customers import Catalogue, Explanation
    from bankmine.lifecycle.run import Run
    from bankmine.lifecycle.validation import Pack
    from bankmine.overview.customer_360 import Customer360


def simulate(
    folder: Path | str, *, customers: int, months: int, seed: int, scenario: str | None, form: str
) -> list[str]:
    """See `bankmine.simulate`."""
    return pipeline.simulate(
        Path(folder), customers=customers, months=months, seed=seed, scenario=scenario, form=form
    )


class Bank:
    """One bank. Cutoffs are civil dates or times as text, in the bank's time zone."""

    def __init__(self, folder: Path | str) -> None:
        self._folder = BankFolder(Path(folder))

    def __repr__(self) -> str:
        return f"Bank({str(self._folder.folder)!r}, {len(self.warehouse.tables())} tables with rows)"

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse, for those who read files themselves."""
        return self._folder.warehouse

    def tables(self) -> Listing:
        """The bank tables that hold rows: kind, rows and the period the loads speak for."""
        from bankmine.bank.catalogue import TABLES

        warehouse = self.warehouse
        rows = []
        for name, table in TABLES.items():
            if not warehouse.has(name):
                continue
            spoken = warehouse.coverage(name)
            period = tuple(warehouse.zone.show(at) for at in spoken) if spoken else (None, None)
            rows.append((name, table.kind.value, warehouse.rows(name), *period))
        return Listing(("table", "kind", "rows", "from", "until"), tuple(rows))

    def load(self) -> list[str]:
        """Loads the extracts, if they are new; what was done, as lines."""
        lines = pipeline.load(self._folder)
        self._folder = self._folder.reopened()
        return lines

    def sql(
        self, query: str, *, as_of: str | None = None, until: str | None = None, **parameters: Any
    ) -> Any:
        """Runs SQL over the bank tables as known at `as_of`, events before `until`; an Arrow table."""
        from bankmine.engine.session import Session

        known, cut = self._folder.cutoff_us(as_of), self._folder.cutoff_us(until)
        with Session(self.warehouse, known, until=cut, memory=self._folder.config.memory) as session:
            return session.arrow(query, parameters)

    def features(self, *words: str, **traits: str | None) -> Listing:
        """The feature catalogue, or those features that hold every word and have the traits.

        Traits are unit, window, table, key and kind: `bank.features("gap", unit="days")`.
        """
        from bankmine import customers

        return customers.listing(list(words), self.warehouse, catalogue=self.catalogue, **traits)

    def feature(self, name: str, *, cutoff: str | None = None) -> Explanation:
        """One feature explained: sentence, unit, window, version, an example, lineage to the extracts."""
        from bankmine import customers
        from bankmine.sources.lineage import tracing

        return customers.explain(
            name, self.warehouse, cutoff=self._folder.cutoff_us(cutoff), catalogue=self.catalogue,
            trace=tracing(self._folder.config.mapping),
        )  # fmt: skip

    @property
    def catalogue(self) -> Catalogue:
        """The features of this bank: those shipped, and those of its own `features.toml`."""
        from bankmine import customers

        return customers.catalogue_of(self._folder.folder)

    def snapshots(self) -> Listing:
        """The snapshots kept: cutoff, customers, features, and how many are declared otherwise now."""
        from bankmine import customers

        rows = [
            (self.warehouse.zone.show(one.cutoff), one.customers, len(one.names),
             len(one.changed(self.catalogue)), str(one.folder))
            for one in customers.kept_snapshots(self._folder.snapshots_folder)
        ]  # fmt: skip
        return Listing(("cutoff", "customers", "features", "declared otherwise now", "folder"), tuple(rows))

    def matrix(self, rows: Any, names: Sequence[str]) -> Any:
        """Features of rows (subject_kind, subject_id, customer_id, cutoff[, seq]); an Arrow table."""
        from bankmine import customers

        config = self._folder.config
        return customers.matrix(
            self.warehouse, rows, names, catalogue=self.catalogue, maximum_staleness=config.maximum_staleness,
            memory=config.memory, threads=config.threads,
        )  # fmt: skip

    def customer(self, customer_id: str, *, raw: bool = False, cutoff: str | None = None) -> Customer360:
        """One customer exactly as known at the cutoff, with scores; `raw` takes the bank's own id."""
        return pipeline.customer(self._folder, customer_id, raw=raw, cutoff=cutoff)

    def pseudonym(self, domain: str, raw: str | int) -> int:
        """The warehouse's key of one of the bank's own: `bank.pseudonym("customer", 42)`."""
        return self._folder.keyring.token(domain, raw)

    def understand(self) -> Any:
        """What is in the data: profile, findings and quality."""
        return pipeline.understand(self._folder)

    def run(self, task: str, *, cutoff: str | None = None) -> Run:
        """Runs one task and publishes it."""
        return pipeline.run_task(self._folder, task, cutoff=cutoff)

    def validate(self, task: str, *, question: str | None = None) -> Pack:
        """What supervisors ask of the published score: `.findings`, `.write(folder)`, `.word(file)`."""
        return pipeline.validate(self._folder, task, question=question)

    def report(self) -> Path:
        """Builds the report; the path of its first page."""
        return pipeline.report(self._folder)

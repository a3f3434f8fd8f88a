"""One bank's folder: where its settings, warehouse, keys, results and report lie.

my-bank/bankmine.toml   warehouse/   keys/   understanding.json   snapshots/   results/   report/
        validation/
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path

from bankmine.bank.civil import FIRST, LAST
from bankmine.bank.keys import Keyring
from bankmine.bank.warehouse import Warehouse
from bankmine.config import Config, budget_named, load_config
from bankmine.errors import ConfigurationError, CutoffError


class BankFolder:
    """A bank's folder, opened; the warehouse is the state named by the manifest at first use.

    `budget` takes the place of the one in the settings.
    """

    def __init__(self, folder: Path, *, budget: str | None = None) -> None:
        self.folder, self._budget = folder.resolve(), budget
        self.config: Config = load_config(self.folder)
        if budget is not None:
            self.config = replace(self.config, budget=budget_named(budget))

    @cached_property
    def warehouse(self) -> Warehouse:
        """The warehouse as it was when first asked for; `reopened` gives the newest."""
        warehouse = Warehouse.open(self.warehouse_folder)
        warehouse.spark, warehouse.keys = self.config.spark, self.config.keys
        manifest = warehouse.manifest
        for setting, here, there in (
            ("time_zone", self.config.time_zone, manifest.time_zone),
            ("currency", self.config.currency, manifest.currency),
        ):
            if here != there:
                raise ConfigurationError(
                    f"bank.{setting} is {here!r} but the warehouse was made with {there!r}",
                    hint=f"Set it back to {there!r}, or load the extracts into a new bank.",
                )
        return warehouse

    def reopened(self) -> BankFolder:
        """The same bank with the newest warehouse."""
        return BankFolder(self.folder, budget=self._budget)

    @cached_property
    def keyring(self) -> Keyring:
        """The bank's keys."""
        return Keyring(self.config.keys)

    @property
    def validation_folder(self) -> Path:
        """Where validation packs lie, a folder each."""
        return self.folder / "validation"

    @property
    def warehouse_folder(self) -> Path:
        """Where the warehouse lies."""
        return self.folder / "warehouse"

    @property
    def results_folder(self) -> Path:
        """Where runs are written."""
        return self.folder / "results"

    @property
    def snapshots_folder(self) -> Path:
        """Where snapshots are kept."""
        return self.folder / "snapshots"

    @property
    def report_folder(self) -> Path:
        """Where the report is built."""
        return self.folder / "report"

    @property
    def understanding_file(self) -> Path:
        """Where the understanding of the data is kept."""
        return self.folder / "understanding.json"

    def cutoff_us(self, text: str | None) -> int | None:
        """A cutoff given as text, in µs since 1970 UTC; None stays None."""
        if text is None:
            return None
        try:
            cutoff = self.warehouse.zone.parse(text)
        except ConfigurationError as error:
            raise CutoffError(f"the cutoff {text!r} is not a date", hint=error.hint) from None
        if not FIRST <= cutoff < LAST:
            raise CutoffError(
                f"the cutoff {text!r} lies before 1900 or after 2199", hint="Give a date that the data cover."
            )
        return cutoff

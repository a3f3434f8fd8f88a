"""Puts the pages of a bank's report together: home, data and quality, customers, one page a task."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from bankmine import __version__
from bankmine.overview.customers import customers_page
from bankmine.overview.home import home_page
from bankmine.report import Page, Report, Reproducibility

if TYPE_CHECKING:
    from bankmine.customers.snapshot import Snapshot
    from bankmine.errors import BankmineError
    from bankmine.folder import BankFolder
    from bankmine.lifecycle.run import Run
    from bankmine.understanding import Understanding


def whole_report(
    bank: BankFolder,
    found: Understanding,
    snapshot: Snapshot,
    runs: Mapping[str, Run],
    refused: Mapping[str, BankmineError],
) -> Report:
    """The report of a bank as of the snapshot's cutoff.

    `runs` are the current runs by task; `refused` says why a task did not run.
    """
    from bankmine.understanding import page as data_page

    ordered = sorted(runs.values(), key=lambda run: _place(bank, run.task))
    pages: list[Page] = [
        home_page(bank, found, snapshot, ordered, refused),
        data_page(found),
        customers_page(bank, snapshot),
        *(_page_of(run, bank) for run in ordered),
    ]
    as_of = date.fromisoformat(bank.warehouse.zone.show(snapshot.cutoff)[:10])
    return Report(
        bank=bank.config.name, as_of=as_of, pages=pages, reproducibility=_reproducibility(bank, runs)
    )


def _page_of(run: Run, bank: BankFolder) -> Page:
    """A run's page; where the run is too old for it or its task is gone, a page that says so."""
    from bankmine.errors import UsageError
    from bankmine.lifecycle import page_of
    from bankmine.lifecycle.old_runs import page_instead

    try:
        return page_of(run, folder=bank.folder)
    except UsageError as error:
        return page_instead(run, error)


def _place(bank: BankFolder, task: str) -> tuple[int, str]:
    enabled = list(bank.config.tasks)
    return (enabled.index(task) if task in enabled else len(enabled), task)


def _commands(bank: BankFolder, runs: Mapping[str, Run]) -> list[str]:
    """The commands that make the same report in another folder."""
    config = bank.config
    made = f"bankmine init {config.name!r} --mapping {config.mapping} --extracts {config.extracts.name}"
    lines = [f"{made} --keys KEYS", f"bankmine run {config.name!r}"]
    for task, run in sorted(runs.items()):
        if run.cutoff != config.tasks.get(task, {}).get("cutoff"):
            lines.append(f"bankmine run {config.name!r} --task {task} --cutoff {run.cutoff}")
    return lines


def _reproducibility(bank: BankFolder, runs: Mapping[str, Run]) -> Reproducibility:
    from bankmine.lifecycle.store import versions

    warehouse = bank.warehouse
    facts = [
        ("bankmine", __version__),
        ("warehouse fingerprint", warehouse.fingerprint),
        ("loads", ", ".join(load.load_id for load in warehouse.manifest.loads)),
        ("pseudonym key", warehouse.manifest.key_identity),
        ("time zone", warehouse.manifest.time_zone),
        *(
            (f"run of {name}", f"{run.run_id}, seed {run.about['seed']}")
            for name, run in sorted(runs.items())
        ),
        *((name, str(version)) for name, version in sorted(versions().items())),
    ]
    return Reproducibility(
        command="\n".join(_commands(bank, runs)),
        facts=facts,
        sentence="The same extracts, mapping, keys and version give the same figures, byte for byte.",
    )

"""The whole pass: load, understand, snapshot, mine, report.

What the command line and the Python face do with a bank's folder; each step is one call into its room.
A task that is refused for want of data or tables is a result, not a failure: the report says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bankmine import clock
from bankmine.config import FILE_NAME, render_config
from bankmine.errors import BankmineError, FeasibilityError, UsageError
from bankmine.folder import BankFolder

if TYPE_CHECKING:
    from bankmine.customers.snapshot import Snapshot
    from bankmine.lifecycle.run import Run
    from bankmine.lifecycle.validation import Pack
    from bankmine.overview.customer_360 import Customer360
    from bankmine.simulation.frame import Frame
    from bankmine.understanding import Understanding


def silent(stage: str, done: int = 0, total: int = 0) -> None:
    """A progress that says nothing."""


class Progress(Protocol):
    """Told how far a stage is; `total` is 0 where it is not known."""

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None: ...


@dataclass
class Outcome:
    """What a whole pass did: its load, findings, runs, refusals and report."""

    loaded: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    refused: dict[str, BankmineError] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    report: Path | None = None
    seconds: float = 0.0

    def lines(self) -> Iterator[str]:
        """The outcome as lines for people."""
        yield from self.loaded
        yield from self.found
        for run in self.runs:
            yield from (f"{run.task}: {line}" for line in (*run.about["summary"], run.verdict))
        for task, error in self.refused.items():
            yield f"{task}: not run. {error}"
        yield from self.kept
        yield f"Report: {self.report} ({self.seconds:.0f} s)"


def open_bank(folder: Path | str, *, budget: str | None = None) -> BankFolder:
    """A bank's folder; ConfigurationError where it is none. `budget` takes the place of the settings' own."""
    return BankFolder(Path(folder), budget=budget)


def init(
    folder: Path, *, mapping: str, extracts: Path, keys: Path | None = None, name: str | None = None
) -> BankFolder:
    """Makes a bank's folder with settings, keys and an empty warehouse; refuses one that is not empty."""
    from bankmine import sources
    from bankmine.bank.keys import Keyring
    from bankmine.bank.warehouse import Warehouse

    chosen = sources.load_mapping(mapping)
    if not extracts.is_dir():
        raise UsageError(
            f"there is no folder {extracts}", hint="Give the folder of the raw files as --extracts."
        )
    sources.refuse_unmarked(chosen, extracts)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists and is not empty", hint="Choose a new folder for the bank.")
    folder.mkdir(parents=True, exist_ok=True)
    place = str(keys.resolve()) if keys else "keys"
    keyring = Keyring.create(keys.resolve() if keys else folder / "keys")
    Warehouse.create(
        folder / "warehouse",
        time_zone=chosen.time_zone,
        currency=chosen.currency,
        key_identity=keyring.identity,
    )
    shipped = chosen.name if chosen.folder.parent == sources.SHIPPED else str(chosen.folder.resolve())
    text = render_config(
        name=name or folder.resolve().name, mapping=shipped, extracts=str(extracts.resolve()),
        time_zone=chosen.time_zone, currency=chosen.currency, keys=place, tasks=chosen.tasks,
    )  # fmt: skip
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return BankFolder(folder)


def load(bank: BankFolder, *, progress: Progress = silent) -> list[str]:
    """Loads the extracts; what was done, as lines."""
    from bankmine import sources

    bank.warehouse.verify()
    return list(sources.load(bank.config, progress=progress).lines())


def understand(bank: BankFolder, *, progress: Progress = silent) -> Understanding:
    """What is in the data; also written to `understanding.json`."""
    from bankmine.bank.manifest import write_atomically
    from bankmine.understanding import understand as look

    _needs_data(bank)
    config = bank.config
    found = look(
        bank.warehouse, memory=config.memory, threads=config.threads, progress=_stage(progress, "understand")
    )
    write_atomically(bank.understanding_file, found.to_json())
    return found


def understand_lines(bank: BankFolder, *, progress: Progress = silent) -> list[str]:
    """What was found, most important first, as lines."""
    found = understand(bank, progress=progress)
    return [*found.statements, f"Quality {found.score:.2f} of 1. All of it: {bank.understanding_file}"]


def snapshot(bank: BankFolder, *, cutoff: str | None = None, progress: Progress = silent) -> Snapshot:
    """All features of all customers at a cutoff; one that is kept already is found again."""
    from bankmine.customers.own import catalogue_of
    from bankmine.customers.snapshot import keep_snapshot

    settings = (one.get("cutoff") for one in bank.config.tasks.values())
    text = cutoff or next((one for one in settings if isinstance(one, str)), None)
    return keep_snapshot(
        bank.warehouse, bank.snapshots_folder, cutoff=bank.cutoff_us(text),
        catalogue=catalogue_of(bank.folder), memory=bank.config.memory, threads=bank.config.threads,
        maximum_staleness=bank.config.maximum_staleness,
        progress=_stage(progress, "snapshot"),
    )  # fmt: skip


def window_snapshot(
    bank: BankFolder, file: Path, folder: Path, *, cutoffs: Sequence[str] = (), progress: Progress = silent
) -> list[str]:
    """Writes the window features a file declares, of all their keys at some cutoffs, into a new folder."""
    from bankmine.customers.window_files import write_window_files

    _needs_data(bank)
    when = [one for one in map(bank.cutoff_us, cutoffs) if one is not None]
    return write_window_files(
        bank.warehouse, file, folder, when, threads=bank.config.threads,
        maximum_staleness=bank.config.maximum_staleness, progress=_stage(progress, "snapshot"),
    )  # fmt: skip


def run_task(bank: BankFolder, task: str, *, cutoff: str | None = None, progress: Progress = silent) -> Run:
    """Runs and publishes one task."""
    from bankmine.lifecycle import publish
    from bankmine.lifecycle import run_task as execute

    _needs_data(bank)
    done = execute(
        bank.warehouse, bank.config, task, cutoff=bank.cutoff_us(cutoff),
        results_folder=bank.results_folder, progress=_stage(progress, task),
    )  # fmt: skip
    publish(done)
    return done


def run(
    bank: BankFolder,
    *,
    tasks: Sequence[str] | None = None,
    cutoff: str | None = None,
    progress: Progress = silent,
) -> Outcome:
    """The whole pass. Tasks named explicitly must run; of the bank's own list, a refused one is reported."""
    began = clock.elapsed()
    chosen = _check_tasks(bank, tasks)
    bank.cutoff_us(cutoff)
    outcome = Outcome(loaded=load(bank, progress=progress))
    bank = bank.reopened()
    _needs_data(bank)
    found = understand(bank, progress=progress)
    outcome.found = list(found.statements[:5])
    snapshot(bank, cutoff=cutoff, progress=progress)
    for task, done in _runs(bank, chosen, cutoff, progress):
        try:
            outcome.runs.append(done())
        except FeasibilityError as error:
            if tasks:
                raise
            outcome.refused[task] = error
    outcome.kept = _not_current(bank, outcome.runs)
    outcome.report = report(bank, cutoff=cutoff, refused=outcome.refused, found=found, progress=progress)
    outcome.seconds = clock.elapsed() - began
    return outcome


def _runs(
    bank: BankFolder, tasks: Sequence[str], cutoff: str | None, progress: Progress
) -> Iterator[tuple[str, Callable[[], Run]]]:
    """Each task with what gives its published run (or raises what ended it); beside each other where a
    small bank was given several threads."""
    from bankmine.lifecycle import beside, publish

    workers = beside.workers_for(bank.warehouse, bank.config, tasks)
    if workers == 1:
        for task in tasks:
            yield task, partial(run_task, bank, task, cutoff=cutoff, progress=progress)
        return
    job = beside.Job(
        warehouse=bank.warehouse.folder, manifest=bank.warehouse.manifest, config=bank.config,
        cutoff=bank.cutoff_us(cutoff), results=bank.results_folder,
    )  # fmt: skip

    def published(said: beside.Said) -> Run:
        found = said.run()
        publish(found)
        return found

    reads = _reads(bank, tasks)
    for said in beside.run_beside(job, tasks, workers=workers, tell=progress, reads=reads):
        yield said.task, partial(published, said)


def report(
    bank: BankFolder,
    *,
    cutoff: str | None = None,
    refused: dict[str, BankmineError] | None = None,
    found: Understanding | None = None,
    progress: Progress = silent,
) -> Path:
    """Builds the report from what is there and returns the path of its first page."""
    from bankmine.lifecycle import current
    from bankmine.overview.assemble import whole_report
    from bankmine.report import build_report

    found = found or understand(bank, progress=progress)
    kept = snapshot(bank, cutoff=cutoff, progress=progress)
    progress("report", 0, 1)
    made = whole_report(bank, found, kept, current(bank.results_folder), refused or {})
    path = build_report(made, bank.report_folder)
    progress("report", 1, 1)
    return path


def validate(bank: BankFolder, task: str, *, question: str | None = None) -> Pack:
    """Validates the published score of a task, of a study one of its questions.

    UsageError where the task has no published run, or the run has no such question.
    """
    from bankmine.lifecycle import current
    from bankmine.lifecycle.validation import validate as judge
    from bankmine.tasks.registry import find_task

    name = find_task(task, bank.folder).name
    run = current(bank.results_folder).get(name)
    if run is None:
        raise UsageError(
            f"{name} has no published run", hint=f"Run `bankmine run {bank.folder} --task {name}` first."
        )
    config = bank.config
    return judge(
        run, bank.warehouse, question=question, bank=config.name, memory=config.memory, threads=config.threads
    )


def validate_and_keep(bank: BankFolder, task: str, *, progress: Progress = silent) -> str:
    """Validates every question of a task's published run that can be and keeps the packs; the run's id.

    UsageError or FeasibilityError where nothing could be validated.
    """
    from bankmine.lifecycle import current
    from bankmine.lifecycle.validation.kept import keep
    from bankmine.tasks.registry import find_task

    name = find_task(task, bank.folder).name
    run = current(bank.results_folder).get(name)
    asked = [] if run is None else [str(one["name"]) for one in run.metrics.get("questions", [])]
    whole = run is None or "candidates" in run.metrics or "validated" in run.metrics or not asked
    told: list[BankmineError] = []
    found = 0
    names: list[str | None] = [*([None] if whole else []), *asked]
    for done, question in enumerate(names):
        progress(question or name, done, len(names))
        try:
            keep(validate(bank, name, question=question), bank.validation_folder)
            found += 1
        except (UsageError, FeasibilityError) as error:
            told.append(error)
    if not found:
        raise told[0]
    assert run is not None
    return run.run_id


def check(bank: BankFolder) -> Iterator[tuple[str, bool | None]]:
    """Settings, keys, files and the mapping's promises: a line and whether it holds (None: not asked)."""
    from bankmine import sources

    _check_tasks(bank, None)
    yield f"settings {bank.folder / FILE_NAME}", True
    same = bank.keyring.identity == bank.warehouse.manifest.key_identity
    yield "the pseudonym key is the one the warehouse was made with", same
    for table in bank.warehouse.tables():
        yield f"{table}: {len(bank.warehouse.files(table))} files, {bank.warehouse.rows(table):,} rows", True
    for finding in sources.check(bank.config):
        yield finding.line(), finding.passed


def history(folder: Path, *, restore: bool = False) -> list[str]:
    """The loads as lines; with `restore` the last good manifest is brought back first."""
    from bankmine import sources
    from bankmine.bank.warehouse import Warehouse

    place = open_bank(folder).warehouse_folder
    if not restore:
        return list(sources.history(Warehouse.open(place)))
    from bankmine.bank.writer import restore as bring_back

    before = (place / "manifest.json").read_bytes() if (place / "manifest.json").exists() else b""
    warehouse = bring_back(place)
    number = len(warehouse.manifest.loads)
    if (place / "manifest.json").read_bytes() == before:
        return ["The manifest is good; nothing was brought back.", *sources.history(warehouse)]
    return [f"Brought back the manifest of load {number}.", *sources.history(warehouse)]


def write_example(folder: Path, *, customers: int, months: int, seed: int) -> str:
    """Writes the tiny made-up bank's extracts."""
    from bankmine.sources import example

    example.write_extracts(folder, customers=customers, months=months, seed=seed)
    return f"Wrote {folder}. Next: bankmine init my-bank --mapping example --extracts {folder}"


def simulate(
    folder: Path,
    *,
    customers: int,
    months: int,
    seed: int,
    scenario: str | None = None,
    form: str = "parquet",
    workers: int | None = None,
    progress: Progress = silent,
) -> list[str]:
    """Writes the extracts and the truth of a whole made-up bank; what was written, as lines."""
    from bankmine.simulation.ceilings import get_ready
    from bankmine.simulation.simulate import simulate as make_up

    get_ready()
    done = make_up(
        folder, customers=customers, months=months, seed=seed, scenario=scenario, form=form,
        workers=workers, progress=progress,
        finish=lambda extracts, frame: _measure_ceilings(extracts, frame, progress),
    )  # fmt: skip
    return list(done.lines())


def _measure_ceilings(extracts: Path, frame: Frame, progress: Progress) -> None:
    """The ceilings of all labels, by the tasks' own definitions, on the first few thousand customers."""
    from bankmine.bank.civil import Zone
    from bankmine.simulation.ceilings import parts_to_measure, write_ceilings
    from bankmine.simulation.frame import TIME_ZONE, civil
    from bankmine.sources.preview import preview
    from bankmine.tasks.definitions import DEFINITIONS

    zone, parts = Zone(TIME_ZONE), parts_to_measure(frame)
    tables = tuple(sorted({name for one in DEFINITIONS.values() for name in one.rule.tables}))
    with preview("simulated", extracts, tables=tables, parts=parts) as connection:
        write_ceilings(
            extracts / "truth", connection, DEFINITIONS,
            zone=zone, until=zone.midnight(civil(frame.days)), parts=parts, progress=progress,
        )  # fmt: skip


def customer(
    bank: BankFolder, customer_id: str, *, raw: bool = False, cutoff: str | None = None
) -> Customer360:
    """One customer exactly as known at a cutoff, with the scores of the runs that could be known then."""
    from bankmine.bank.keys import parse_key
    from bankmine.customers.snapshot import default_cutoff
    from bankmine.overview.customer_360 import customer_360

    _needs_data(bank)
    try:
        token = bank.keyring.token("customer", customer_id) if raw else parse_key(customer_id)
    except ValueError:
        raise UsageError(
            f"{customer_id!r} is not a pseudonym", hint="Give its 16 digits, or the bank's own id with --raw."
        ) from None
    at = bank.cutoff_us(cutoff) or default_cutoff(bank.warehouse)
    return customer_360(bank, token, at)


def customer_report(bank: BankFolder, one: Customer360, folder: Path) -> Path:
    """Writes the page of one customer into a folder; the path of the page."""
    from datetime import date

    from bankmine.bank.keys import show_key
    from bankmine.overview.customer_page import customer_page
    from bankmine.report import Report, Reproducibility, build_report

    shown = one.profile.cutoff_shown[:10]
    key = show_key(one.profile.customer_id)
    command = f"bankmine customer {bank.config.name} {key} --cutoff {shown} --page {folder.name}"
    page = customer_page(one, currency=bank.warehouse.currency)
    made = Report(
        bank=bank.config.name, as_of=date.fromisoformat(shown), pages=[page],
        reproducibility=Reproducibility(command=command),
    )  # fmt: skip
    return build_report(made, folder)


def _check_tasks(bank: BankFolder, named: Sequence[str] | None) -> list[str]:
    """The tasks to run, each known and each with settings it has, each after those it reads; told before
    anything is loaded."""
    from bankmine.lifecycle.beside import in_order
    from bankmine.tasks.registry import find_task

    for name, settings in bank.config.tasks.items():
        find_task(name, bank.folder).check_settings(settings)
    for name in named or ():
        find_task(name, bank.folder)
    chosen = list(named or bank.config.tasks)
    return in_order(chosen, _reads(bank, chosen))


def _reads(bank: BankFolder, tasks: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The tasks whose published runs each task reads."""
    from bankmine.tasks.registry import find_task

    return {name: getattr(find_task(name, bank.folder), "reads", ()) for name in tasks}


def _not_current(bank: BankFolder, runs: Sequence[Run]) -> list[str]:
    """Says which runs were kept but not published, because the current one looks at a later date."""
    from bankmine.lifecycle import current

    published = current(bank.results_folder)
    return [
        f"{run.task}: kept, not published; the current run looks at {published[run.task].cutoff}. "
        f"It lies in {run.folder}"
        for run in runs
        if run.task in published and published[run.task].run_id != run.run_id
    ]


def _needs_data(bank: BankFolder) -> None:
    if not bank.warehouse.manifest.loads:
        raise FeasibilityError(
            "the bank's warehouse is empty", hint=f"Run `bankmine load {bank.folder}` first."
        )


def _stage(progress: Progress, name: str) -> Progress:
    """One bar for a whole stage, whatever its parts are called."""

    def told(stage: str, done: int = 0, total: int = 0) -> None:
        progress(name, done, total)

    return told

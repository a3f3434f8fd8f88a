"""The first page: what this bank is, what was found, what each task answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from bankmine.engine.session import Session
from bankmine.overview.words import civil_day
from bankmine.report import (
    Chart,
    Column,
    Facts,
    HowComputed,
    Kind,
    Metric,
    Page,
    Section,
    Sql,
    Statement,
    Statements,
    Table,
    Tone,
)
from bankmine.report import format as fmt
from bankmine.report.pictures import Lines, Series

if TYPE_CHECKING:
    from bankmine.customers.snapshot import Snapshot
    from bankmine.errors import BankmineError
    from bankmine.folder import BankFolder
    from bankmine.lifecycle.run import Run
    from bankmine.understanding import Understanding

MONTHLY = """
SELECT CAST(date_trunc('month', timezone($zone, event_time)) AS DATE) AS month,
       count(*) AS transactions,
       count(DISTINCT customer_id) AS customers,
       sum(base_minor) AS turned_minor
FROM transaction
WHERE status <> 'declined'
GROUP BY month
ORDER BY month
""".strip()


def home_page(
    bank: BankFolder,
    found: Understanding,
    snapshot: Snapshot,
    runs: Sequence[Run],
    refused: Mapping[str, BankmineError],
) -> Page:
    """The home page; needs no transaction table, and says less without one."""
    zone = bank.warehouse.zone
    day = civil_day(zone, snapshot.cutoff)
    defects = found.defects
    return Page(
        slug="home",
        title=bank.config.name,
        nav_title="Home",
        sentence=f"What is known of {snapshot.customers:,} customers of {bank.config.name} as of {day}.",
        metrics=_metrics(bank, found, snapshot, runs, refused),
        sections=[
            Section(title="What was answered", blocks=[_answers(runs, refused), _task_table(runs, refused)]),
            Section(title="What the data say", blocks=[_data_findings(found, len(defects))]),
            *_activity(bank),
            Section(title="Where the data come from", blocks=[_loads(bank)]),
        ],
        how_computed=HowComputed(
            goal="Open the report: what there is, what was found, what each task answered.",
            population="Every customer the bank knew at the cutoff; every transaction in the coverage.",
            sql=[Sql(title="Transactions by month", text=MONTHLY)],
        ),
    )


def _metrics(
    bank: BankFolder,
    found: Understanding,
    snapshot: Snapshot,
    runs: Sequence[Run],
    refused: Mapping[str, BankmineError],
) -> list[Metric]:
    zone = bank.warehouse.zone
    rows = sum(profile.rows for profile in found.tables)
    metrics = [
        _count("Customers", snapshot.customers, f"known on {civil_day(zone, snapshot.cutoff)}"),
        _count("Bank tables with rows", len(found.tables), f"{rows:,} rows that count"),
        Metric(
            label="Data quality",
            value=found.score,
            kind=Kind.NUMBER,
            digits=2,
            note="0 to 1; see Data and quality",
            tone=Tone.WATCH if found.defects else Tone.GOOD,
        ),
        _count("Tasks answered", len(runs), f"{len(refused)} refused" if refused else "none refused"),
    ]
    spoken = bank.warehouse.coverage("transaction") if bank.warehouse.has("transaction") else None
    if spoken:
        days = round((spoken[1] - spoken[0]) / 86_400_000_000)
        first, last = civil_day(zone, spoken[0]), civil_day(zone, spoken[1] - 1)
        known = found.table("transaction").rows
        metrics.insert(1, _count("Transactions", known, f"{days:,} days, {first} to {last}"))
    return metrics


def _count(label: str, value: int, note: str) -> Metric:
    return Metric(label=label, value=value, kind=Kind.NUMBER, note=note)


def _answers(runs: Sequence[Run], refused: Mapping[str, BankmineError]) -> Statements:
    items = [
        Statement(
            text=f"{run.about['title']}: {run.verdict}",
            detail=" ".join(run.about["summary"]),
            tone=Tone.GOOD if usable(run) else Tone.WATCH,
        )
        for run in runs
    ]
    items += [
        Statement(
            text=f"{task.replace('_', ' ').capitalize()} was not run: {error.what}.",
            detail=error.hint,
            tone=Tone.WATCH,
        )
        for task, error in refused.items()
    ]
    if not items:
        items = [
            Statement(
                text="No task has run yet.", detail="Turn tasks on in bankmine.toml and run `bankmine run`."
            )
        ]
    return Statements(items)


def usable(run: Run) -> bool:
    """Whether the run's model is what should be used (not its baseline, not nothing)."""
    return run.about["use"] == run.about["model"]["candidate"] and not run.verdict.startswith("Do not")


def _task_table(runs: Sequence[Run], refused: Mapping[str, BankmineError]) -> Table:
    columns = [Column(label=name) for name in ("Task", "Question", "As of", "Use", "Run")]
    rows: list[list[Any]] = [
        [run.about["title"], run.about["goal"]["question"], run.cutoff, str(run.about["use"]), run.run_id]
        for run in runs
    ]
    rows += [[task, error.what, None, "not run", None] for task, error in refused.items()]
    return Table(columns=columns, rows=rows, caption="Tasks", name="tasks", empty="No task has run yet.")


def _data_findings(found: Understanding, defects: int) -> Statements:
    tone = Tone.WATCH if defects else Tone.NEUTRAL
    items = [
        Statement(text=text, tone=tone if place < defects else Tone.NEUTRAL)
        for place, text in enumerate(found.statements[:5])
    ]
    return Statements(items or [Statement(text="Nothing unusual was found in the data.", tone=Tone.GOOD)])


def _activity(bank: BankFolder) -> list[Section]:
    """Transactions, customers and money by month, where there are transactions."""
    if not bank.warehouse.has("transaction"):
        return []
    with Session(bank.warehouse, memory=bank.config.memory, threads=bank.config.threads) as session:
        rows = session.arrow(MONTHLY, {"zone": bank.config.time_zone}).to_pylist()
    currency = bank.warehouse.currency
    peak = max(rows, key=lambda row: row["transactions"])
    active = max(rows, key=lambda row: row["customers"])
    total = sum(int(row["turned_minor"] or 0) for row in rows)
    busy = _monthly(
        rows,
        "transactions",
        Column(label="Transactions", kind=Kind.NUMBER),
        title=f"{fmt.month(peak['month'])} was busiest: {fmt.number(peak['transactions'])} transactions",
        subtitle="Transactions a month, declined ones left out",
    )
    people = _monthly(
        rows,
        "customers",
        Column(label="Customers", kind=Kind.NUMBER),
        title=f"{fmt.number(active['customers'])} customers in {fmt.month(active['month'])}, the most",
        subtitle="Customers with a transaction in the month",
    )
    money = _monthly(
        rows,
        "turned_minor",
        Column(label="Money", kind=Kind.MONEY, unit=currency),
        title=f"{fmt.money(total, currency)} were moved in all",
        subtitle="Money moved a month, in and out together",
    )
    return [Section(title="Activity", blocks=[busy, people, money])]


def _monthly(
    rows: Sequence[Mapping[str, Any]], name: str, measure: Column, *, title: str, subtitle: str
) -> Chart:
    """One column of the monthly query as a line from zero; money takes the whole width."""
    months: list[date] = [row["month"] for row in rows]
    values = [int(row[name] or 0) for row in rows]
    return Chart(
        title=title,
        subtitle=subtitle,
        picture=Lines(
            x=Column(label="Month", kind=Kind.MONTH),
            y=measure,
            at=months,
            from_zero=True,
            series=[Series(name=measure.label, values=values)],
        ),
        sql=Sql(text=MONTHLY),
        name=f"{measure.label.lower()}-by-month",
        wide=measure.kind is Kind.MONEY,
    )


def _loads(bank: BankFolder) -> Facts:
    items = []
    for load in bank.warehouse.manifest.loads:
        rows = sum(one.rows for one in load.tables.values())
        rejected = sum(sum(one.rejects.values()) for one in load.tables.values())
        drawn = f"extract of {load.extract_date}" if load.extract_date else "undated extract"
        text = f"mapping {load.mapping}, {drawn}: {rows:,} rows, {rejected:,} rejected"
        items.append(
            (f"Load {load.number}", text + (f"; ignored {', '.join(load.ignored)}" if load.ignored else ""))
        )
    return Facts(items)

"""The report page "Data and quality": findings as sentences first, then each table with its charts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from bankmine.report import content as report
from bankmine.report import pictures
from bankmine.report.format import instant
from bankmine.report.statements import count
from bankmine.report.values import Kind, Tone
from bankmine.understanding.examine import Understanding
from bankmine.understanding.findings import Finding, Severity
from bankmine.understanding.profile import ColumnProfile, TableProfile
from bankmine.understanding.quality import Quality

TONES = {Severity.CRITICAL: Tone.BAD, Severity.WARNING: Tone.WATCH, Severity.NOTICE: Tone.NEUTRAL}
DISTRIBUTIONS = 4  # histograms or level charts shown for each table
NO_BREAK = "\u00a0"
EPOCH = date(1970, 1, 1).toordinal()
DRIFT_SHOWN = 0.1  # population stability index from which drift is said


def page(understanding: Understanding, *, slug: str = "data", title: str = "Data and quality") -> report.Page:
    """The page of one understanding; it needs nothing but the understanding."""
    defects = len(understanding.defects)
    opened = _opened(understanding)
    return report.Page(
        slug=slug,
        title=title,
        nav_title="Data",
        nav_tone=Tone.WATCH if defects else Tone.GOOD,
        sentence=f"What is in the data and what is wrong with it: {understanding.statements[0]}",
        metrics=_metrics(understanding),
        statements=[_statement(finding) for finding in understanding.findings]
        or [report.Statement("No detector found anything to report.", tone=Tone.GOOD)],
        sections=[
            _overview(understanding),
            *(
                _table_section(profile, understanding, open_fold=profile.name in opened)
                for profile in understanding.tables
            ),
        ],
        how_computed=_how(understanding),
    )


def _statement(finding: Finding) -> report.Statement:
    return report.Statement(
        finding.sentence, tone=TONES[finding.severity], detail=f"{finding.evidence} {finding.advice}"
    )


def _metrics(understanding: Understanding) -> list[report.Metric]:
    rows = sum(profile.rows for profile in understanding.tables)
    defects = len(understanding.defects)
    return [
        report.Metric(
            label="Quality score", value=understanding.score, kind=Kind.SHARE, digits=1,
            note="mean of completeness, validity, uniqueness, consistency and timeliness",
            tone=Tone.GOOD if understanding.score > 0.97 else Tone.WATCH,
        ),
        report.Metric(
            label="Defects", value=defects, note="something the extract got wrong; notices not counted",
            tone=Tone.BAD if defects else Tone.GOOD,
        ),
        report.Metric(label="Rows", value=rows, note=f"in {len(understanding.tables)} tables, last "
        f"versions only"),
    ]  # fmt: skip


def _overview(understanding: Understanding) -> report.Section:
    blocks: list[report.Block] = [_scores(understanding.scores), _findings(understanding.findings)]
    if understanding.overlaps:
        blocks.append(_overlaps(understanding))
    return report.Section(
        title="Tables", sentence="Each table's rows and the parts of its quality score.", blocks=blocks
    )


def _share(label: str) -> report.Column:
    return report.Column(label=label, kind=Kind.SHARE, digits=1)


def _number(label: str) -> report.Column:
    return report.Column(label=label, kind=Kind.NUMBER, digits=0)


def _scores(scores: Sequence[Quality]) -> report.Table:
    parts = ("completeness", "validity", "uniqueness", "consistency", "timeliness")
    columns = [report.Column(label="Table"), _number("Rows"), _share("Score")]
    columns += [_share(part.capitalize()) for part in parts]
    rows = [[q.table, q.rows, q.score, *(getattr(q, part) for part in parts)] for q in scores]
    return report.Table(caption="Quality by table", name="quality", columns=columns, rows=rows)


def _findings(findings: Sequence[Finding]) -> report.Table:
    labels = ("Kind", "Table", "Columns", "From", "To", "Severity", "Certainty", "What to do")
    columns = [report.Column(label=label) for label in labels]
    columns.insert(3, _number("Rows"))
    rows = [
        [
            f.kind.replace("_", " "), f.table, ", ".join(f.columns), f.rows,
            f.period[0] if f.period else None,
            f.period[1] if f.period else None, f.severity.value, f.certainty.value, f.advice,
        ]
        for f in findings
    ]  # fmt: skip
    return report.Table(
        caption="Findings",
        name="findings",
        columns=columns,
        rows=rows,
        empty="No detector found anything to report.",
    )


def _overlaps(understanding: Understanding) -> report.Table:
    columns = [
        report.Column(label="Table"), report.Column(label="Column"), report.Column(label="Points to"),
        _number("Keys here"), _number("Keys there"), _share("Found there"), _share("Found here"),
    ]  # fmt: skip
    rows = [
        [o.table, o.column, o.references, o.keys_here, o.keys_there, o.share_here, o.share_there]
        for o in understanding.overlaps
    ]
    sql = report.Sql(text=understanding.overlaps[0].sql, title="Keys on either side")
    return report.Table(caption="Key overlap", name="key-overlap", columns=columns, rows=rows, sql=sql)


def _opened(understanding: Understanding) -> set[str]:
    """The tables whose columns stand open: those with defects, else the first."""
    named = {finding.table for finding in understanding.defects}
    return named or {profile.name for profile in understanding.tables[:1]}


def _table_section(profile: TableProfile, understanding: Understanding, *, open_fold: bool) -> report.Section:
    """Findings and coverage in sight; the columns' charts and table behind one click."""
    blocks: list[report.Block] = []
    own = [finding for finding in understanding.findings if finding.table == profile.name]
    if own:
        blocks.append(report.Statements([_statement(finding) for finding in own]))
    if len(profile.months) > 1:
        blocks.append(_coverage_chart(profile))
    blocks.append(_columns(profile, understanding, open_fold=open_fold))
    until = f" on {profile.axis}, {profile.first_day} to {profile.last_day}" if profile.axis else ""
    return report.Section(
        title=profile.name, sentence=f"{profile.sentence} {profile.rows:,} rows{until}.", blocks=blocks
    )


def _columns(profile: TableProfile, understanding: Understanding, *, open_fold: bool) -> report.Fold:
    blocks: list[report.Block] = []
    missing = [column for column in profile.columns if 0 < column.missing < profile.rows]
    if missing:
        blocks.append(_missing_chart(profile, missing))
    blocks += [_distribution(profile, column, understanding.currency) for column in _interesting(profile)]
    blocks.append(_columns_table(profile, ZoneInfo(understanding.time_zone)))
    number = len(profile.columns)
    title = f"The {number} columns of {profile.name}: distributions, missing values, drift"
    return report.Fold(title=title, blocks=blocks, open=open_fold)


def _coverage_chart(profile: TableProfile) -> report.Chart:
    months = [date.fromisoformat(f"{month}-01") for month, _ in profile.months]
    counts = [rows for _, rows in profile.months]
    low, high = min(counts), max(counts)
    return report.Chart(
        title=f"Between {low:,} and {high:,} rows a month",
        subtitle=f"{profile.name}: rows by month of {profile.axis}; "
        f"{count(profile.days_without_rows, 'day')} without rows",
        name=f"{profile.name}-months",
        picture=pictures.Lines(
            x=report.Column(label="Month", kind=Kind.MONTH), y=_number("Rows"), at=months,
            series=[pictures.Series(name=profile.name, values=counts)], from_zero=True,
        ),
        sql=report.Sql(text=profile.sql[0], title="Rows by day") if profile.sql else None,
    )  # fmt: skip


def _missing_chart(profile: TableProfile, columns: Sequence[ColumnProfile]) -> report.Chart:
    worst = max(columns, key=lambda column: column.missing_share)
    return report.Chart(
        title=f"{worst.name} is missing most often among the columns in use",
        subtitle=f"{profile.name}: share of rows without a value, columns that are neither full nor empty",
        name=f"{profile.name}-missing",
        wide=False,
        picture=pictures.Bars(
            label=report.Column(label="Column"), measure=_share("Missing"),
            bars=[pictures.Bar(label=column.name, value=column.missing_share) for column in columns],
        ),
    )  # fmt: skip


def _interesting(profile: TableProfile) -> list[ColumnProfile]:
    """The columns worth a picture: amounts, numbers and levels that vary."""
    kinds = ("money", "real", "integer", "code", "date")
    system = ("seq", "load_number", "valid_from", "known_at")
    varied = [c for c in profile.columns if c.type in kinds and not c.constant and c.name not in system]
    shown = [
        c
        for c in varied
        if (len(c.counts) > 2 if c.type != "code" else 1 < (c.distinct or 0) <= 40 and c.top)
    ]
    return shown[:DISTRIBUTIONS]


def _distribution(profile: TableProfile, column: ColumnProfile, currency: str) -> report.Chart:
    sql = report.Sql(text=column.sql[-1], title=column.name) if column.sql else None
    name = f"{profile.name}-{column.name}"
    if column.type == "code":
        value, rows = column.top[0]
        return report.Chart(
            title=f"{column.name}: {value} holds {rows / max(profile.rows - column.missing, 1):.0%}",
            subtitle=f"{profile.name}: rows by {column.name}, the {len(column.top)} commonest", name=name,
            sql=sql,
            wide=False,
            picture=pictures.Bars(
                label=report.Column(label=column.name), measure=_number("Rows"),
                bars=[pictures.Bar(label=str(value), value=rows) for value, rows in column.top],
            ),
        )  # fmt: skip
    measure = _measure(column, currency)
    edges, counts = _bins(column)
    return report.Chart(
        title=f"{column.name}: half of the values lie between {_middle(column)}",
        subtitle=f"{profile.name}: distribution of {column.name}; values beyond the outer half per cent in "
        f"the end bins",
        name=name, sql=sql, wide=False,
        picture=pictures.Histogram(measure=measure, edges=edges, counts=counts),
    )  # fmt: skip


def _measure(column: ColumnProfile, currency: str) -> report.Column:
    if column.type == "money":
        return report.Column(label=column.name, kind=Kind.MONEY, unit=currency)
    if column.type == "date":
        return report.Column(label=column.name, kind=Kind.DATE)
    return report.Column(label=column.name, kind=Kind.NUMBER, unit=column.unit or "")


def _bins(column: ColumnProfile) -> tuple[Sequence[Any], Sequence[int]]:
    """The histogram's edges and counts. Days since 1970 become dates: a bin closed below holds the same
    days when its edge moves up to the next whole day; bins that then hold no day join the next.
    """
    if column.type != "date":
        return column.edges, column.counts
    edges, counts = [_date_of(column.edges[0])], []
    carried = 0
    for edge, rows in zip(column.edges[1:], column.counts, strict=True):
        carried += rows
        if _date_of(edge) > edges[-1]:
            edges.append(_date_of(edge))
            counts.append(carried)
            carried = 0
    counts[-1] += carried
    return edges, counts


def _date_of(days: float) -> date:
    return date.fromordinal(EPOCH + ceil(days))


def _middle(column: ColumnProfile) -> str:
    low, high = column.quantiles["0.25"], column.quantiles["0.75"]
    if column.type == "money":
        return f"{low / 100:,.2f} and {high / 100:,.2f}"
    if column.type == "date":
        return f"{date.fromordinal(EPOCH + int(low))} and {date.fromordinal(EPOCH + int(high))}"
    return f"{low:,.4g} and {high:,.4g}"


def _columns_table(profile: TableProfile, zone: ZoneInfo) -> report.Table:
    labels = ("Column", "Type", "Meaning")
    columns = [report.Column(label=label) for label in labels]
    columns += [
        _share("Filled"),
        _number("Distinct"),
        report.Column(label="Lowest"),
        report.Column(label="Median"),
    ]
    columns += [report.Column(label="Highest"), _number("Outliers"), report.Column(label="Drift")]
    rows = [
        [
            c.name, c.type, c.sentence, 1 - c.missing_share, c.distinct,
            _cell(c.minimum, zone=zone if c.type == "instant" else None),
            _cell(c.quantiles.get("0.5")) if c.type in ("money", "integer", "real") else None,
            _cell(c.maximum, zone=zone if c.type == "instant" else None),
            c.outliers, _drift(c),
        ]
        for c in profile.columns
    ]  # fmt: skip
    return report.Table(
        caption=f"Columns of {profile.name}", name=f"{profile.name}-columns", columns=columns, rows=rows
    )


def _cell(value: Any, *, zone: ZoneInfo | None = None) -> str | None:
    """A value in words; an instant in ISO form is told by the bank's `zone`."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,.6g}"
    if zone is None:
        return str(value)
    return instant(datetime.fromisoformat(value).astimezone(zone)).replace(" ", NO_BREAK)


def _drift(column: ColumnProfile) -> str | None:
    """Drift in words: only where the index is above its sampling band and of some size."""
    if column.drift is None:
        return None
    if column.drift.index <= max(column.drift.band, DRIFT_SHOWN):
        return "none to speak of"
    return f"{column.drift.index:.2f} (by chance below {column.drift.band:.3f})"


def _how(understanding: Understanding) -> report.HowComputed:
    queries = [
        report.Sql(text=f.sql, title=f"{f.kind.replace('_', ' ')} in {f.table}")
        for f in understanding.findings
    ]
    return report.HowComputed(
        goal="To know what the extracts delivered, before anything rests on it.",
        population="All rows of all bank tables as known now: last versions, cancelled rows left out, "
        "transactions of joint accounts counted once.",
        method="Detectors look for the signature of each kind of defect and compare it with the history's "
        "own "
        "variation: a block of days counts only if its likelihood ratio is several times that of the "
        "next best block of the same table. Drift is the population stability index between the first "
        "and last fifth of the rows, beside what sampling alone would give.",
        sql=[query for query in queries if query.text],
    )  # fmt: skip

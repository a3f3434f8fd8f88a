"""All customers at the snapshot's cutoff: how many, how active, where the money is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.overview.words import civil_day
from bankmine.report import (
    Chart,
    Column,
    FeatureNote,
    HowComputed,
    Kind,
    Metric,
    Page,
    Section,
    Sql,
    Statement,
    Statements,
    Table,
)
from bankmine.report import format as fmt
from bankmine.report.pictures import Curve, Gain, Histogram, Mark

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bankmine.customers.feature import Feature
    from bankmine.customers.snapshot import Snapshot
    from bankmine.folder import BankFolder

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
CHARTED = 6


def customers_page(bank: BankFolder, snapshot: Snapshot) -> Page:
    """The customers page, from the kept snapshot."""
    from bankmine.customers import catalogue_of

    catalogue = catalogue_of(bank.folder)
    table = snapshot.read(catalogue=catalogue)
    features = [catalogue[name] for name in snapshot.names]
    numbers = {f.name: values for f in features if (values := _numbers(table.column(f.name))) is not None}
    day = civil_day(bank.warehouse.zone, snapshot.cutoff)
    described = [f for f in features if f.name in numbers]
    return Page(
        slug="customers",
        title="Customers",
        sentence=f"How {snapshot.customers:,} customers differ, as known on {day}.",
        metrics=_metrics(snapshot, described, numbers),
        sections=[
            *_money(bank, described, numbers),
            Section(
                title="How customers differ",
                blocks=_histograms(bank, described, numbers),
                sentence="Each picture counts customers; the line marks the median.",
            ),
            Section(title="Every feature", blocks=[_feature_table(bank, described, numbers)]),
            *_sources(bank, snapshot),
            *_not_possible(snapshot),
        ],
        how_computed=HowComputed(
            goal="Show what the features of a snapshot look like before anything is mined.",
            population=f"All {snapshot.customers:,} customers the bank knew at {day}.",
            method="Window features by the kernel, others by SQL, with what was known at the cutoff only.",
            sql=[Sql(text=text, title=f"Statement {n}") for n, text in enumerate(snapshot.statements[:6], 1)],
            features=[FeatureNote(name=f.name, sentence=f.sentence, unit=f.unit) for f in described],
        ),
    )


def _numbers(column: Any) -> NDArray[np.float64] | None:
    """A numeric feature as floats with NaN where missing; None for codes and empty columns."""
    import pyarrow as pa

    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return None
    values = column.cast(pa.float64(), safe=False).to_numpy()
    return values if np.isfinite(values).any() else None


def _metrics(snapshot: Snapshot, features: Sequence[Feature], numbers: dict[str, Any]) -> list[Metric]:
    covered = [float(np.isfinite(numbers[f.name]).mean()) for f in features]
    metrics = [
        Metric(label="Customers", value=snapshot.customers, kind=Kind.NUMBER, note="known at the cutoff"),
        Metric(
            label="Features",
            value=len(snapshot.names),
            kind=Kind.NUMBER,
            note=f"{len(snapshot.missing)} more need tables or columns this bank lacks",
        ),
    ]
    if covered:
        metrics.append(
            Metric(
                label="Filled",
                value=float(np.mean(covered)),
                kind=Kind.SHARE,
                note="mean share of customers with a value; the rest is missing, not zero",
            )
        )
    return metrics


def _money(bank: BankFolder, features: Sequence[Feature], numbers: dict[str, Any]) -> list[Section]:
    """The concentration curve of the money that moved, over the longest window there is."""
    wanted = [f"{side}_sum_{span}" for span in ("12mo", "6mo", "3mo") for side in ("out", "in")]
    name = next((one for one in wanted if one in numbers and np.nansum(numbers[one]) > 0), None)
    if name is None:
        return []
    values = np.sort(np.nan_to_num(numbers[name]))[::-1]
    share = np.cumsum(values) / values.sum()
    top = float(share[max(0, round(0.2 * len(values)) - 1)])
    places = np.unique(np.linspace(0, len(values) - 1, 101).astype(int))
    curve = Curve(name="Customers", x=[0.0, *((places + 1) / len(values))], y=[0.0, *share[places]])
    chart = Chart(
        title=f"The first fifth of customers moves {fmt.share(top)} of the money",
        subtitle=f"{name}: share of the total against share of customers, largest first",
        picture=Gain(
            curves=[curve],
            marks=[Mark(at=0.2, text="20 %")],
            x=Column(label="Share of customers", kind=Kind.SHARE),
            y=Column(label="Share of the money", kind=Kind.SHARE),
        ),
        name="concentration",
    )
    total = fmt.money(int(values.sum()), bank.warehouse.currency)
    said = Statement(text=f"Customers moved {total} ({name}); half of it is moved by {_half(share)} of them.")
    return [Section(title="Where the money is", blocks=[Statements([said]), chart])]


def _half(share: NDArray[np.float64]) -> str:
    return fmt.share((int(np.searchsorted(share, 0.5)) + 1) / len(share))


def _histograms(bank: BankFolder, features: Sequence[Feature], numbers: dict[str, Any]) -> list[Any]:
    """Pictures of a few features that vary, different in kind."""
    wanted = (
        "recency",
        "count_12mo",
        "count_6mo",
        "out_sum",
        "in_sum",
        "out_mean",
        "balance",
        "active_days",
        "tenure",
        "age",
    )
    chosen: list[Feature] = []
    for word in wanted:
        fitting = [f for f in features if word in f.name and f not in chosen and _varies(numbers[f.name])]
        chosen += fitting[:1]
    charts = [_histogram(bank, f, numbers[f.name]) for f in chosen[:CHARTED]]
    if not charts:
        return [Statements([Statement(text="No feature varies among the customers yet.")])]
    return charts


def _varies(values: NDArray[np.float64]) -> bool:
    known = values[np.isfinite(values)]
    return len(known) > 20 and len(np.unique(known)) > 5


def _histogram(bank: BankFolder, feature: Feature, values: NDArray[np.float64]) -> Chart:
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, [0.0, 0.98])
    edges = np.linspace(low, high if high > low else low + 1, 31)
    counts, _ = np.histogram(known[known <= edges[-1]], edges)
    column = _column(bank, feature)
    median = float(np.median(known))
    beyond = int((known > edges[-1]).sum())
    shown = fmt.amount(_whole(median, column), column, unit=True)
    return Chart(
        title=f"{shown} at the median",
        subtitle=feature.sentence + (f" {beyond:,} customers lie beyond the right edge." if beyond else ""),
        picture=Histogram(
            measure=column,
            edges=[float(e) for e in edges],
            counts=[int(c) for c in counts],
            marks=[Mark(at=median, text="median")],
            count=Column(label="Customers", kind=Kind.NUMBER),
        ),
        name=f"distribution-{feature.name}",
        wide=False,
    )


def _whole(value: float, column: Column) -> float:
    """Money and large counts are shown without decimals."""
    return round(value) if column.kind is Kind.MONEY or value == round(value) else value


def _column(bank: BankFolder, feature: Feature) -> Column:
    if feature.unit == "minor units":
        return Column(label=feature.name, kind=Kind.MONEY, unit=bank.warehouse.currency)
    if feature.unit == "share":
        return Column(label=feature.name, kind=Kind.SHARE)
    return Column(label=feature.name, kind=Kind.NUMBER, unit=feature.unit)


def _feature_table(bank: BankFolder, features: Sequence[Feature], numbers: dict[str, Any]) -> Table:
    columns = [
        Column(label="Feature"),
        Column(label="Missing", kind=Kind.SHARE),
        *(Column(label=f"{q:.0%}", note="Share of customers with this value or less") for q in QUANTILES),
        Column(label="What it says"),
    ]
    rows = []
    for feature in features:
        values, column = numbers[feature.name], _column(bank, feature)
        known = values[np.isfinite(values)]
        quantiles = (float(value) for value in np.quantile(known, QUANTILES))
        shown = [fmt.amount(_whole(value, column), column, unit=True) for value in quantiles]
        rows.append([feature.name, 1 - len(known) / len(values), *shown, feature.sentence])
    return Table(columns=columns, rows=rows, caption="Features of the snapshot", name="features", shown=60)


def _sources(bank: BankFolder, snapshot: Snapshot) -> list[Section]:
    """How old the newest event of each source is: a feed that stopped looks like customers who stopped."""
    if not snapshot.sources:
        return []
    show = bank.warehouse.zone.show
    rows = [
        [one.table, *(at and show(at) for at in (one.newest_event, one.covered_until)), one.days]
        for one in snapshot.sources
    ]
    table = Table(
        columns=[
            Column(label="Source"), Column(label="Newest event known"), Column(label="Extracts speak until"),
            Column(label="Days before the cutoff", kind=Kind.NUMBER, digits=1),
        ],
        rows=rows,
        caption="How old the sources were at the cutoff",
        name="sources",
    )  # fmt: skip
    return [Section(title="How old the sources are", blocks=[table])]


def _not_possible(snapshot: Snapshot) -> list[Section]:
    if not snapshot.missing:
        return []
    table = Table(
        columns=[Column(label="Feature"), Column(label="What it lacks")],
        rows=[[name, reason] for name, reason in sorted(snapshot.missing.items())],
        caption="Features this bank's data do not allow",
        name="features-not-possible",
        shown=20,
    )
    return [Section(title="What is not possible yet", blocks=[table])]

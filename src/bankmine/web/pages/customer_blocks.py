"""The pictures and tables of one customer's page, made of what `access` answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from bankmine.report import Chart, Column, Kind, Table, Tone
from bankmine.report import format as fmt
from bankmine.report.pictures import Lines, Moment, Series, Timeline

if TYPE_CHECKING:
    from bankmine.access import Customer360
    from bankmine.overview.customer_360 import ScoreLine
    from bankmine.web.visit import Visit

LANES = ("Products", "Cards", "Loans", "Voice", "Contacts", "Flags")
HIDDEN = ("valid_from", "kind", "employer_id", "closed_on")
KEYS = "_id"


def pictures(visit: Visit, one: Customer360, currency: str) -> list[Chart]:
    """The timeline, the balance and the money in and out; those for which there is something to draw."""
    return [*_timeline(visit, one), *_balance(visit, one, currency), *_money(visit, one, currency)]


def _timeline(visit: Visit, one: Customer360) -> Iterator[Chart]:
    if not one.moments:
        return
    lanes = [lane for lane in LANES if any(moment.lane == lane for moment in one.moments)]
    first = fmt.day(one.moments[0].day, language=visit.language)
    yield Chart(
        title=visit.t("customers.timeline", n=len(one.moments), day=first),
        subtitle=visit.t("customers.timeline_says"),
        picture=Timeline(
            x=Column(label=visit.t("customers.day"), kind=Kind.DATE),
            lanes=[visit.t.term(lane) for lane in lanes],
            moments=[
                Moment(
                    lane=visit.t.term(moment.lane),
                    at=moment.day,
                    text=visit.t.term(moment.what),
                    tone=Tone(moment.tone),
                )
                for moment in one.moments
            ],
        ),
        name="timeline",
    )


def _balance(visit: Visit, one: Customer360, currency: str) -> Iterator[Chart]:
    if len(one.balances) < 2:
        return
    label = visit.t("customers.balance_axis")
    yield Chart(
        title=visit.t("customers.balance"),
        subtitle=f"{visit.t('customers.balance_says')}, {currency}",
        picture=Lines(
            x=Column(label=visit.t("customers.month"), kind=Kind.MONTH),
            y=Column(label=label, kind=Kind.MONEY, unit=currency),
            at=[month for month, _ in one.balances],
            series=[Series(name=label, values=[minor for _, minor in one.balances])],
        ),
        name="balance",
    )


def _money(visit: Visit, one: Customer360, currency: str) -> Iterator[Chart]:
    months = [month for month in one.profile.timeline if month.transactions is not None]
    if len(months) < 2:
        return
    yield Chart(
        title=visit.t("customers.money"),
        subtitle=f"{visit.t('customers.money_says')}, {currency}",
        picture=Lines(
            x=Column(label=visit.t("customers.month"), kind=Kind.MONTH),
            y=Column(label=visit.t("customers.money_axis"), kind=Kind.MONEY, unit=currency),
            at=[month.month for month in months],
            series=[
                Series(name=visit.t("customers.into"), values=[month.in_minor for month in months]),
                Series(name=visit.t("customers.out"), values=[month.out_minor for month in months]),
            ],
            from_zero=True,
        ),
        name="money",
    )


def facts(one: Customer360) -> list[tuple[str, Any]]:
    """Who the customer is: name of the attribute and its value, those that are known."""
    return [
        (name.removesuffix(KEYS), value.date() if isinstance(value, datetime) else value)
        for name, value in one.profile.who.items()
        if value is not None and name not in HIDDEN
    ]


def spoken(value: Any) -> str:
    """Words of the directory, several of them with commas between."""
    return ", ".join(value) if isinstance(value, tuple | list) else str(value)


def scores_by_task(lines: Sequence[ScoreLine]) -> list[tuple[str, str, Sequence[Any]]]:
    """The scores under their task: its name, its title, its lines, the foremost first."""
    by_task: dict[str, list[Any]] = {}
    for line in lines:
        by_task.setdefault(line.task, []).append(line)
    order = sorted(by_task, key=lambda task: (ORDER.index(task) if task in ORDER else len(ORDER), task))
    return [(task, by_task[task][0].title, sorted(by_task[task], key=_foremost)[:MOST]) for task in order]


def _foremost(line: Any) -> tuple[float, str]:
    return (line.rank / max(line.of, 1), line.question)


MOST = 4
"""How many answers of one task stand in the column of scores; all are in the run's own lists."""

ORDER = ("early_warning", "churn", "cross_sell", "segmentation", "value")
"""What protects comes before what keeps, and that before what sells."""


def next_step(scores: Sequence[ScoreLine]) -> ScoreLine | None:
    """The one line whose action comes first; None where there is none."""
    for task in ORDER[:3]:
        lines = [line for line in scores if line.task == task and line.action]
        if lines:
            return min(lines, key=_foremost)
    return None


def holdings(visit: Visit, one: Customer360, currency: str) -> list[Table]:
    """What the customer holds, a table a kind."""
    return [
        _holding(visit, kind, rows, currency)
        for kind, rows in one.profile.holdings.items()
        if rows and kind not in ("flags", "consents")
    ]


def _holding(visit: Visit, kind: str, rows: Sequence[Mapping[str, Any]], currency: str) -> Table:
    names = [
        name
        for name in rows[0]
        if name not in ("valid_from", "account_id", "card_id", "loan_id", "order_id")
        and any(row[name] is not None for row in rows)
    ]
    columns = [_column(visit, name, currency) for name in names]
    cells = [[_value(visit, name, row[name]) for name in names] for row in rows]
    return Table(
        columns=columns,
        rows=cells,
        caption=visit.t.term(kind).replace("_", " "),
        name=kind.replace("_", "-"),
        shown=10,
    )


def _column(visit: Visit, name: str, currency: str) -> Column:
    label = visit.t.term(name.removesuffix("_minor").removesuffix(KEYS).replace("_", " ").capitalize())
    if name.endswith("_minor"):
        return Column(label=label, kind=Kind.MONEY, unit=currency)
    return Column(label=label, kind=Kind.SHARE if name == "rate" else Kind.TEXT)


def _value(visit: Visit, name: str, value: Any) -> Any:
    if value is None or name.endswith("_minor") or name == "rate":
        return value
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    return visit.t.term(str(value))


def changes(visit: Visit, one: Customer360, currency: str) -> Table | None:
    """Figures of the last month against the customer's own past and its peers, marked ones first."""
    rows = sorted(one.changes, key=lambda change: (not change.marked, -abs(change.own or 0)))
    if not rows:
        return None
    columns = [
        Column(label=visit.t("customers.what")),
        Column(label=visit.t("customers.last_month"), kind=Kind.NUMBER),
        Column(label=visit.t("customers.usual"), kind=Kind.NUMBER),
        Column(label=visit.t("customers.own"), kind=Kind.NUMBER, digits=1),
        Column(label=visit.t("customers.peers"), kind=Kind.NUMBER, digits=1),
    ]
    cells = [
        [
            visit.t.term(change.sentence.rstrip(".").removesuffix(" in the month before the cutoff")),
            _figure(change.now, change.unit),
            _figure(change.usual, change.unit),
            change.own,
            change.peers,
        ]
        for change in rows
    ]
    return Table(columns=columns, rows=cells, caption=visit.t("customers.changes"), name="changes", shown=8)


def _figure(value: float | None, unit: str) -> float | None:
    """In major units where the feature is money; whole numbers as whole."""
    if value is None:
        return None
    value = value / 100 if unit.startswith("minor units") else value
    return int(value) if value == int(value) else value

"""The page of one customer: who, what happened, scores with reasons, offers, changes, peers, similar ones."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from bankmine.bank.keys import show_key
from bankmine.lifecycle.study_pages import cell, column_of
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
from bankmine.report.pictures import Lines, Series, Timeline
from bankmine.report.pictures import Moment as Shown

if TYPE_CHECKING:
    from bankmine.customers.profile import Standing
    from bankmine.overview.customer_360 import Change, Customer360, ScoreLine

TONES = {"neutral": Tone.NEUTRAL, "good": Tone.GOOD, "watch": Tone.WATCH, "bad": Tone.BAD}
LANES = ("Products", "Cards", "Loans", "Voice", "Contacts", "Flags")


def customer_page(one: Customer360, *, currency: str) -> Page:
    """The page; `currency` is the bank's base currency."""
    profile = one.profile
    day = date.fromisoformat(profile.cutoff_shown[:10])
    return Page(
        slug=f"customer-{show_key(profile.customer_id)}",
        title=f"Customer {show_key(profile.customer_id)}",
        sentence=f"Everything the bank knew of this customer on {fmt.day(day)}, and nothing later.",
        as_of=day,
        metrics=_metrics(one, currency),
        statements=_statements(one, currency),
        sections=[
            *_scores(one, currency),
            *_kept(one, currency),
            *_changes(one, currency),
            *_timeline(one),
            *_money(one, currency),
            _who(one),
            *_holdings(one, currency),
            _against_peers(one, currency),
            *_alike(one),
        ],
        how_computed=HowComputed(
            goal="Show one customer whole: who it is, what it holds and did, what the models say and why.",
            population=f"One customer; its peers are {one.profile.peers.words}, at the same cutoff.",
            method="Scores are those of the newest run of each task whose cutoff is not later. Changes are "
            "measured in robust standard deviations of the customer's own months and of its peers' changes.",
            sql=[Sql(text=text, title=f"Statement {n}") for n, text in enumerate(one.statements[:12], 1)],
        ),
    )


def _metrics(one: Customer360, currency: str) -> list[Metric]:
    months = [month for month in one.profile.timeline if month.transactions is not None]
    held = sum(row.get("closed_on") is None for row in one.profile.holdings.get("products", ()))
    found = [
        Metric(label="Flags", value=len(one.conditions), digits=0, note=" · ".join(one.conditions) or "none",
               tone=Tone.BAD if one.conditions else Tone.GOOD),
        Metric(label="Products", value=held, digits=0, note="held at the cutoff"),
    ]  # fmt: skip
    for label, side in (("Money in", "in_minor"), ("Money out", "out_minor")):
        if months:
            total = sum(getattr(month, side) for month in months)
            found.append(
                Metric(label=label, value=total, kind=Kind.MONEY, unit=currency, note=f"{len(months)} months",
                       trend=[float(getattr(month, side)) for month in months])
            )  # fmt: skip
    return found


def _statements(one: Customer360, currency: str) -> list[Statement]:
    said = [
        Statement(f"Flag: {condition}.", tone=Tone.BAD, detail="Lists that sell leave this customer out.")
        for condition in one.conditions
    ]
    said += [
        Statement(
            f"{_short(change)}: {_shown(change.now, change.unit, currency) or 'unknown'} in the last month, "
            f"usually {_shown(change.usual, change.unit, currency) or 'unknown'}.",
            tone=Tone.WATCH,
        )
        for change in one.changes
        if change.marked
    ]
    if not one.scores:
        said.append(
            Statement(
                "No task has a score of this customer at this cutoff or before.",
                detail="Tasks score who is still there and active; `bankmine run` makes scores.",
                tone=Tone.WATCH,
            )
        )
    return said


def _short(change: Change) -> str:
    return change.sentence.rstrip(".").removesuffix(" in the month before the cutoff")


def _scores(one: Customer360, currency: str) -> list[Section]:
    if not one.scores:
        return []
    columns = [
        Column(label="Task"), Column(label="Question"), Column(label="Grade"),
        Column(label="Chance", kind=Kind.SHARE),
        Column(label="Money at stake", kind=Kind.MONEY, unit=currency),
        Column(label="Rank"), Column(label="Before"), Column(label="As of"),
        Column(label="Run", kind=Kind.KEY),
    ]  # fmt: skip
    rows = [_score_row(score) for score in one.scores]
    shown = [at for at, column in enumerate(columns) if any(row[at] not in (None, "") for row in rows)]
    table = Table(
        columns=[columns[at] for at in shown], rows=[[row[at] for at in shown] for row in rows],
        name="scores", shown=len(rows),
    )  # fmt: skip
    sentence = "Each is the newest answer that could be known at the cutoff, the strongest reason first."
    said = Statements([_reasons(score) for score in one.scores])
    return [Section(title="What the models say, and why", sentence=sentence, blocks=[table, said])]


def _reasons(score: ScoreLine) -> Statement:
    what = f"{score.title}, {score.question}" if score.question else score.title
    step = score.action or f"{score.grade}."
    return Statement(f"{what}: {step}", detail=f"Why: {' · '.join(score.why)}" if score.why else "")


def _score_row(score: ScoreLine) -> list[Any]:
    money = round(score.value) if score.unit == "minor units" and score.value is not None else None
    return [
        score.title, score.question or None, score.grade, score.probability, money,
        f"{score.rank:,} of {score.of:,}", score.before, score.cutoff, score.run_id,
    ]  # fmt: skip


def _kept(one: Customer360, currency: str) -> list[Section]:
    sections = []
    for number, kept in enumerate(one.kept, 1):
        table = Table(
            columns=[column_of(shape, currency) for shape in kept.columns.values()],
            rows=[
                [cell(row[name], shape["kind"]) for name, shape in kept.columns.items()] for row in kept.rows
            ],
            name=f"kept-{number}",
        )  # fmt: skip
        sections.append(Section(title=f"{kept.task}: {kept.title}", blocks=[table]))
    return sections


def _changes(one: Customer360, currency: str) -> list[Section]:
    if not one.changes:
        return []
    columns = [
        Column(label="What"), Column(label="Last month"), Column(label="Usual"),
        Column(label="Against own past", kind=Kind.NUMBER, digits=1, note="in robust standard deviations"),
        Column(label="Against peers", kind=Kind.NUMBER, digits=1, note="in robust standard deviations"),
        Column(label="Marked"),
    ]  # fmt: skip
    rows = [
        [_short(c), _shown(c.now, c.unit, currency), _shown(c.usual, c.unit, currency), c.own, c.peers,
         "changed" if c.marked else ""]
        for c in one.changes
    ]  # fmt: skip
    marked = sum(change.marked for change in one.changes)
    sentence = (
        f"{marked} of {len(rows)} figures of the last month differ from the customer's own past and from "
        "what peers did at the same time."
    )
    return [
        Section(
            title="What changed",
            sentence=sentence,
            blocks=[Table(columns=columns, rows=rows, name="changes")],
        )
    ]


def _shown(value: float | None, unit: str, currency: str) -> str | None:
    if value is None:
        return None
    if unit.startswith("minor units"):  # "minor units a month" too
        money = fmt.amount(round(value), Column(label="", kind=Kind.MONEY, unit=currency), unit=True)
        return money + unit.removeprefix("minor units")
    if unit == "share":
        return fmt.share(value)
    whole = int(value) if value == int(value) else value
    return fmt.amount(whole, Column(label="", kind=Kind.NUMBER, unit=unit), unit=True)


def _timeline(one: Customer360) -> list[Section]:
    if not one.moments:
        return []
    lanes = [lane for lane in LANES if any(moment.lane == lane for moment in one.moments)]
    chart = Chart(
        title=f"{len(one.moments)} moments since {fmt.day(one.moments[0].day)}",
        subtitle="What the customer took, gave up, said and was told",
        picture=Timeline(
            x=Column(label="Day", kind=Kind.DATE),
            lanes=lanes,
            moments=[
                Shown(lane=moment.lane, at=moment.day, text=moment.what, tone=TONES[moment.tone])
                for moment in one.moments
            ],
        ),
        name="timeline",
    )
    return [Section(title="What happened", blocks=[chart])]


def _money(one: Customer360, currency: str) -> list[Section]:
    months = [month for month in one.profile.timeline if month.transactions is not None]
    if len(months) < 2:
        return []
    chart = Chart(
        title="Money in and out by month",
        subtitle="Sum of payments received and made",
        picture=Lines(
            x=Column(label="Month", kind=Kind.MONTH),
            y=Column(label="Money", kind=Kind.MONEY, unit=currency),
            at=[month.month for month in months],
            series=[
                Series(name="in", values=[month.in_minor for month in months]),
                Series(name="out", values=[month.out_minor for month in months]),
            ],
            from_zero=True,
        ),
        name="money",
        wide=not one.balances,
    )
    return [Section(title="Money by month", blocks=[chart, *_balance(one, currency)])]


def _balance(one: Customer360, currency: str) -> list[Chart]:
    if len(one.balances) < 2:
        return []
    chart = Chart(
        title="Balance at the end of each month",
        subtitle="Sum over the accounts the customer owns, joint ones in full",
        picture=Lines(
            x=Column(label="Month", kind=Kind.MONTH),
            y=Column(label="Balance", kind=Kind.MONEY, unit=currency),
            at=[month for month, _ in one.balances],
            series=[Series(name="balance", values=[minor for _, minor in one.balances])],
        ),
        name="balance",
        wide=False,
    )
    return [chart]


def _who(one: Customer360) -> Section:
    facts = [
        (name.replace("_", " ").capitalize(), str(_holding_cell(name, value)))
        for name, value in one.profile.who.items()
        if value is not None and name != "valid_from"
    ]  # fmt: skip
    blocks: list[Any] = (
        [Facts(facts)] if facts else [Statements([Statement("The bank holds no attributes.")])]
    )
    return Section(title="Who", sentence="Pseudonymous: names and contacts stay encrypted.", blocks=blocks)


def _holdings(one: Customer360, currency: str) -> list[Section]:
    blocks: list[Any] = []
    for kind, rows in one.profile.holdings.items():
        if not rows:
            continue
        names = [
            name for name in rows[0] if name != "valid_from" and any(row[name] is not None for row in rows)
        ]
        columns = [_holding_column(name, rows, currency) for name in names]
        cells = [[_holding_cell(name, row[name]) for name in names] for row in rows]
        blocks.append(Table(columns=columns, rows=cells, caption=kind.replace("_", " ").capitalize(),
                            name=kind.replace("_", "-"), shown=10))  # fmt: skip
    return [Section(title="What the customer holds", blocks=blocks)] if blocks else []


def _holding_column(name: str, rows: Any, currency: str) -> Column:
    label = name.removesuffix("_minor").replace("_", " ").capitalize()
    if name.endswith("_minor"):
        return Column(label=label, kind=Kind.MONEY, unit=currency)
    if name.endswith("_id") and any(isinstance(row[name], int) for row in rows):
        return Column(label=label, kind=Kind.KEY)
    return Column(label=label)


def _holding_cell(name: str, value: Any) -> Any:
    if value is None or name.endswith("_minor"):
        return value
    if isinstance(value, datetime):
        return value.date().isoformat()
    return show_key(value) if name.endswith("_id") and isinstance(value, int) else str(value)


def _against_peers(one: Customer360, currency: str) -> Section:
    known = [standing for standing in one.profile.features if standing.percentile is not None]
    known.sort(key=lambda standing: (-abs((standing.percentile or 0.5) - 0.5), standing.name))
    columns = [
        Column(label="Feature"), Column(label="Value"),
        Column(label="Percentile among peers", kind=Kind.SHARE),
        Column(label="Peers with a value", kind=Kind.NUMBER, digits=0), Column(label="What it says"),
    ]  # fmt: skip
    rows = [_peer_row(standing, currency) for standing in known]
    table = Table(columns=columns, rows=rows, name="features", shown=15)
    sentence = f"Peers are {one.profile.peers.words}; what sets the customer farthest apart comes first."
    return Section(title="Against its peers", sentence=sentence, blocks=[table])


def _peer_row(standing: Standing, currency: str) -> list[Any]:
    shown = _shown(float(standing.value), standing.unit, currency)
    return [standing.name, shown, standing.percentile, standing.peers, standing.sentence]


def _alike(one: Customer360) -> list[Section]:
    if not one.alike:
        return []
    columns = [
        Column(label="Customer", kind=Kind.KEY), Column(label="Alike by"),
        Column(label="Distance", kind=Kind.NUMBER, digits=3), Column(label="Differs most in"),
    ]  # fmt: skip
    rows = [[show_key(a.customer_id), a.by, a.distance, ", ".join(a.differs)] for a in one.alike]
    table = Table(columns=columns, rows=rows, name="similar")
    sentence = "0 is alike, 1 as far apart as can be; from a sample of peers where there are very many."
    return [Section(title="Similar customers", sentence=sentence, blocks=[table])]

"""What a report is made of, as frozen data: the rooms fill these, `render` turns them into pages.

A `Report` holds pages; a `Page` opens with one sentence, shows metrics, then sections of blocks
(statements, metrics, charts, tables, cards, facts, SQL), and closes with how it was computed.
Two rules of the house are enforced here, when the data are made: a figure never stands alone, and
under every chart lies its table.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeAlias

from bankmine.errors import UsageError
from bankmine.report.pictures import Picture
from bankmine.report.values import Baseline, Column, Interval, Kind, Tone, Value

__all__ = [
    "Baseline",
    "Block",
    "Card",
    "Cards",
    "Chart",
    "Column",
    "Drawing",
    "Facts",
    "FeatureNote",
    "Fold",
    "HowComputed",
    "Interval",
    "Kind",
    "Metric",
    "Metrics",
    "Page",
    "Report",
    "Reproducibility",
    "Section",
    "Sql",
    "Statement",
    "Statements",
    "Table",
    "Test",
    "Tone",
]

_ACTIVE = re.compile(r"<(script|style|a|image|use|foreignobject|iframe)\b|\son\w+\s*=|href|\sstyle\s*=", re.I)
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Statement:
    """One finding as a plain sentence; `detail` is a quieter second one (how, where, what to do)."""

    text: str
    tone: Tone = Tone.NEUTRAL
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure with what it needs to be read: interval, baseline, change or note (at least one).

    `value` follows `kind` (money in minor units of `unit`); `change` is the difference to last time in
    the same unit; `trend` draws a small line; `tone` marks what the figure means.

    Raises UsageError when a figure would stand alone.
    """

    label: str
    value: Value
    kind: Kind = Kind.NUMBER
    unit: str = ""
    digits: int | None = None
    interval: Interval | None = None
    baseline: Baseline | None = None
    change: float | None = None
    note: str = ""
    trend: Sequence[float | None] = ()
    tone: Tone = Tone.NEUTRAL

    def __post_init__(self) -> None:
        if self.interval is None and self.baseline is None and self.change is None and not self.note:
            raise UsageError(
                f"the metric {self.label!r} stands alone",
                hint="Give it an interval, a baseline, a change or a note that says what to compare it with.",
            )

    @property
    def column(self) -> Column:
        return Column(label=self.label, kind=self.kind, unit=self.unit, digits=self.digits)


@dataclass(frozen=True, kw_only=True)
class Sql:
    """A statement that made a number, shown to the user."""

    text: str
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under a caption. Pages show the first `shown` rows; the CSV beside holds all of them.

    `rows` are sequences of values in the order of `columns`. `name` becomes the file's name
    (`data/<page>/<name>.csv`); unnamed tables take it from the caption.

    Raises UsageError when a row has another length than the columns.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    caption: str = ""
    name: str = ""
    shown: int = 200
    sql: Sql | None = None
    empty: str = ""

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows, start=1):
            if len(row) != len(self.columns):
                raise UsageError(
                    f"row {number} of the table {self.caption or self.name!r} has {len(row)} values",
                    hint=f"The table has {len(self.columns)} columns; give one value for each.",
                )


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A picture under its finding.

    `title` says the finding, `subtitle` the measure and unit. `table` is the table under the picture;
    where it is None the picture's own data are tabulated. `wide=False` lets two charts share a row.
    """

    title: str
    subtitle: str
    picture: Picture
    table: Table | None = None
    sql: Sql | None = None
    name: str = ""
    note: str = ""
    wide: bool = True

    @property
    def kind(self) -> str:
        """The kind of the picture: line, bars, estimates, scatter, hexagons, histogram, gain …"""
        return self.picture.kind

    @property
    def data_table(self) -> Table:
        """The table under the picture; never empty of columns."""
        if self.table is not None:
            return self.table
        columns, rows = self.picture.tabulate()
        return Table(columns=columns, rows=rows, name=self.name)


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A drawing made elsewhere (a network of parties), as SVG without script or style, with its table under
    it.

    `svg` is put into the page as it is: only what our own code drew, with every text in it escaped.

    Raises UsageError for anything else than one SVG, or one with a script, style or link in it.
    """

    title: str
    subtitle: str
    svg: str
    table: "Table"
    name: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        svg = self.svg.strip()
        if not (svg.startswith("<svg") and svg.endswith("</svg>")) or _ACTIVE.search(svg):
            raise UsageError(
                f"the drawing {self.title!r} is not a plain SVG",
                hint="Give one <svg> element without script, style, link, image or foreign content.",
            )


@dataclass(frozen=True)
class Statements:
    """Findings, most important first."""

    items: Sequence[Statement]


@dataclass(frozen=True)
class Metrics:
    """A row of figures."""

    items: Sequence[Metric]


@dataclass(frozen=True, kw_only=True)
class Card:
    """One segment, candidate or model as a card: name, one sentence, figures, traits, a small line."""

    title: str
    sentence: str = ""
    tag: str = ""
    figures: Sequence[Metric] = ()
    traits: Sequence[Statement] = ()
    trend: Sequence[float | None] = ()
    trend_label: str = ""


@dataclass(frozen=True)
class Cards:
    """Cards beside each other."""

    items: Sequence[Card]


@dataclass(frozen=True)
class Facts:
    """Names with values, as a list of definitions."""

    items: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Blocks that the reader opens by a click: detail that not every reader wants."""

    title: str
    blocks: Sequence["Block"]
    open: bool = False


Block: TypeAlias = Statement | Statements | Metrics | Chart | Drawing | Table | Cards | Facts | Sql | Fold


@dataclass(frozen=True, kw_only=True)
class Section:
    """A headed part of a page. Charts with `wide=False` stand in pairs; all else takes the whole width."""

    title: str
    blocks: Sequence[Block]
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class FeatureNote:
    """A feature used, with its unit and sentence from the catalogue and, where known, its weight."""

    name: str
    sentence: str
    unit: str = ""
    weight: float | None = None


@dataclass(frozen=True, kw_only=True)
class Test:
    """An honesty test that was run: `passed` is None where it could not be run, and `sentence` says why."""

    __test__ = False  # the name is the field's; pytest must not collect it

    name: str
    passed: bool | None
    sentence: str


@dataclass(frozen=True, kw_only=True)
class HowComputed:
    """Closes every page: goal, population, SQL, features, run, baselines and tests behind its figures."""

    goal: str
    population: str
    method: str = ""
    sql: Sequence[Sql] = ()
    features: Sequence[FeatureNote] = ()
    run_id: str = ""
    baselines: Sequence[str] = ()
    tests: Sequence[Test] = ()

    def __post_init__(self) -> None:
        if not self.goal.strip() or not self.population.strip():
            raise UsageError(
                "a page does not say how it was computed",
                hint="Give `how_computed` a goal and a population, each in a sentence.",
            )


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page. `slug` is its address (lower case, digits, hyphens); `sentence` says what it shows and
    as of when; `as_of` overrides the report's where the page looks at another cutoff; `nav_title`
    is the short name in the navigation and `nav_tone` marks a page that needs attention. Only a page
    that computes nothing has None for `how_computed`.

    Raises UsageError on a slug that cannot be a file name, or a missing sentence.
    """

    slug: str
    title: str
    sentence: str
    sections: Sequence[Section]
    how_computed: HowComputed | None
    nav_group: str = ""
    nav_title: str = ""
    nav_tone: Tone = Tone.NEUTRAL
    as_of: date | datetime | None = None
    metrics: Sequence[Metric] = ()
    statements: Sequence[Statement] = ()

    def __post_init__(self) -> None:
        if not SLUG.fullmatch(self.slug):
            raise UsageError(
                f"the page {self.title!r} has the slug {self.slug!r}",
                hint="Use lower-case letters, digits and single hyphens.",
            )
        if not self.sentence.strip():
            raise UsageError(
                f"the page {self.title!r} has no sentence",
                hint="Say in one sentence what it shows and as of when.",
            )


@dataclass(frozen=True, kw_only=True)
class Reproducibility:
    """What is needed to make the same report again: the command, and facts (versions, seeds, hashes)."""

    command: str
    facts: Sequence[tuple[str, str]] = ()
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """All pages of one bank as of one date; the first page is `index.html`.

    Raises UsageError when there is no page or two pages share a slug.
    """

    bank: str
    as_of: date | datetime
    pages: Sequence[Page]
    reproducibility: Reproducibility
    language: str = field(default="en")

    def __post_init__(self) -> None:
        if not self.pages:
            raise UsageError(
                "the report has no page", hint="Give it at least one page; the first is its index."
            )
        slugs = [page.slug for page in self.pages]
        twice = sorted({slug for slug in slugs if slugs.count(slug) > 1} | ({"index"} & set(slugs[1:])))
        if twice:
            raise UsageError(
                f"the slug {twice[0]!r} is taken by two pages", hint="Every page needs an address of its own."
            )

"""Pictures at the edge: one point, nothing known, zero, all equal, very long names. None may break."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from specimen import specimen

from bankmine.report import Chart, Column, Fold, Kind, Page, Section, Table, Tone, build_report
from bankmine.report import pictures as p
from browsing import NO_BROWSER, Visit

pytestmark = [pytest.mark.slow, NO_BROWSER]

N = Column(label="n", kind=Kind.NUMBER)
MONEY = Column(label="m", kind=Kind.MONEY, unit="CNY")
WHEN = Column(label="When", kind=Kind.MONTH)
NAME = Column(label="Name")
LONG = "A name that is so long that it cannot stand beside its bar without being cut"
NEW_YEAR, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


def lines(x: Column, at: list, *values: list) -> p.Lines:
    series = [p.Series(name=f"{LONG} {i}", values=each) for i, each in enumerate(values)]
    return p.Lines(x=x, y=MONEY, at=at, series=series)


UNKNOWN = p.Series(name="t", values=[None, None], low=[1, None], high=[2, None])
HOURS = [datetime(2026, 1, 1, hour) for hour in range(24)]
EDGES: dict[str, p.Picture] = {
    "one point": lines(WHEN, [NEW_YEAR], [1]),
    "nothing known": replace(
        lines(WHEN, [NEW_YEAR, FEBRUARY], [1, 1]), series=[p.Series(name="s", values=[1, 1]), UNKNOWN]
    ),
    "names as positions": lines(NAME, ["a", "b"], [1, -1], [1, -1], [1, -1], [1, -1], [2, None]),
    "hours": lines(Column(label="At", kind=Kind.INSTANT), HOURS, list(range(24))),
    "a century": lines(WHEN, [date(1900, 1, 1), NEW_YEAR], [1e12, 1e13]),
    "zero": p.Bars(label=NAME, measure=N, bars=[p.Bar(label=LONG, value=0), p.Bar(label="b", value=None)]),
    "negative": p.Bars(
        label=NAME, measure=MONEY, bars=[p.Bar(label=LONG, value=-3e8, low=-4e8, high=1e8, tone=Tone.BAD)]
    ),
    "one estimate": p.Estimates(label=NAME, measure=N, bars=[p.Bar(label="a", value=0.5, low=0.5, high=0.5)]),
    "one bin": p.Histogram(measure=N, edges=[0, 1], counts=[5]),
    "bins of dates": p.Histogram(
        measure=Column(label="Day", kind=Kind.DATE),
        edges=[NEW_YEAR, date(2026, 1, 2), FEBRUARY],
        counts=[1, 2],
    ),
    "long heads": p.HeatMap(
        measure=N, rows=["a", "b"], columns=[LONG, "b", LONG], values=[[1, 2, 3], [3, None, 1]]
    ),
    "five groups": p.Scatter(x=N, y=N, groups=[p.Points(name=f"g{i}", x=[i + 1], y=[1]) for i in range(5)]),
    "logarithmic": p.Scatter(x=N, y=N, logarithmic=True, groups=[p.Points(name="g", x=[1, 1e6], y=[1, 1e6])]),
    "one cell": p.Hexagons(x=N, y=N, xs=[3, 3], ys=[4, 4]),
    "one curve": p.Roc(curves=[p.Curve(name=LONG, x=[0, 1], y=[0, 1])]),
    "one bin of calibration": p.Calibration(predicted=[0.0001], observed=[0], counts=[3]),
    "equal cells": p.HeatMap(measure=N, columns=[LONG, "b"], rows=["r"], values=[[1, 1]]),
    "zero cells": p.HeatMap(measure=N, columns=["a", "b"], rows=[LONG], values=[[0, None]], diverging=True),
    "one panel": p.SmallMultiples(x=WHEN, y=N, at=[NEW_YEAR], series=[p.Series(name=LONG, values=[0])]),
    "one moment": p.Timeline(x=WHEN, lanes=[LONG], moments=[p.Moment(lane=LONG, at=NEW_YEAR, text=LONG)]),
}


@pytest.mark.parametrize("width", [1440, 390])
def test_pictures_at_the_edge_are_drawn_without_complaint(browser, tmp_path, width):
    blocks = [Chart(title=title, subtitle="edge", picture=edge, wide=False) for title, edge in EDGES.items()]
    sections = [Section(title="s", blocks=blocks)]
    page = Page(slug="a", title="A", sentence="S.", sections=sections, how_computed=None)
    folder = build_report(replace(specimen(), pages=[page]), tmp_path / "report").parent
    with Visit(browser, folder, "index", width=width) as visit:
        drawn = visit.page.locator("[data-drawn]").evaluate_all("all => all.map(p => p.dataset.drawn)")
        assert drawn == [edge.kind for edge in EDGES.values()]
        visit.page.screenshot(path=tmp_path / "edges.png", full_page=True)
        assert visit.complaints == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


def folded_report(folder):
    """One page: a fold with a picture and a table of many wide rows."""
    chart = Chart(title="Bins", subtitle="n", picture=EDGES["bins of dates"])
    columns = [Column(label=f"Column {i}") for i in range(9)]
    table = Table(caption="Wide", columns=columns, rows=[[LONG] * 9 for _ in range(40)])
    section = Section(title="s", blocks=[Fold(title="More", blocks=[chart, table])])
    page = Page(slug="p", title="p", sentence="One.", sections=[section], how_computed=None)
    return build_report(replace(specimen(), pages=[page]), folder).parent


DRAWN = "document.querySelector('.picture').dataset.drawn ?? ''"
CUT = """() => {
    const area = document.querySelector('.table-block .scroll');
    const end = area.getBoundingClientRect().top + area.clientHeight;
    const places = [...area.querySelectorAll('tr')].map(row => row.getBoundingClientRect());
    return places.filter(place => place.top < end - 1 && place.bottom > end + 1.5).length;
}"""


def test_an_opened_fold_shows_its_picture_and_says_that_its_table_is_wider_and_cuts_no_row(browser, tmp_path):
    with Visit(browser, folded_report(tmp_path / "r"), "index", width=390) as visit:
        assert not visit.page.locator(".fold .picture").is_visible()
        visit.page.locator(".fold > summary").click()
        visit.page.wait_for_function(f"({DRAWN}) === 'histogram'")
        visit.page.locator(".table-block .sideways").wait_for(state="visible")
        assert visit.page.evaluate(CUT) == 0
        assert visit.complaints == []


def test_a_table_that_fits_has_no_word_about_scrolling(browser, tmp_path):
    table = Table(caption="Small", columns=[NAME], rows=[["a"], ["b"]])
    page = Page(
        slug="p", title="p", sentence="One.", sections=[Section(title="s", blocks=[table])], how_computed=None
    )
    folder = build_report(replace(specimen(), pages=[page]), tmp_path / "r").parent
    with Visit(browser, folder, "index", width=1440) as visit:
        assert not visit.page.locator(".sideways").first.is_visible()

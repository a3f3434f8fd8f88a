"""A report whose every text tries to become markup, script, template or rich text of the pictures."""

from datetime import date

from specimen_common import how

from bankmine.report import (
    Card,
    Cards,
    Chart,
    Column,
    Facts,
    Kind,
    Metric,
    Page,
    Report,
    Reproducibility,
    Section,
    Sql,
    Statement,
    Statements,
    Table,
)
from bankmine.report import pictures as p

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{ 7*7 }}{dot|x}{"


def hostile_report() -> Report:
    number = Column(label=HOSTILE, kind=Kind.NUMBER, unit=HOSTILE, note=HOSTILE)
    series = [p.Series(name=HOSTILE, values=[1, 2])]
    lines = p.Lines(x=Column(label=HOSTILE), y=number, at=[HOSTILE, "b"], series=series)
    metric = Metric(label=HOSTILE, value=HOSTILE, note=HOSTILE, unit=HOSTILE)
    blocks = [
        Chart(
            title=HOSTILE, subtitle=HOSTILE, picture=lines, sql=Sql(text=HOSTILE, title=HOSTILE), note=HOSTILE
        ),
        Table(caption=HOSTILE, columns=[Column(label=HOSTILE), number], rows=[[HOSTILE, 1]]),
        Cards(
            [
                Card(
                    title=HOSTILE,
                    sentence=HOSTILE,
                    tag=HOSTILE,
                    figures=[metric],
                    traits=[Statement(HOSTILE)],
                )
            ]
        ),
        Statements([Statement(HOSTILE, detail=HOSTILE)]),
        Facts(((HOSTILE, HOSTILE),)),
    ]
    section = Section(title=HOSTILE, sentence=HOSTILE, blocks=blocks)
    page = Page(
        slug="a",
        title=HOSTILE,
        sentence=HOSTILE,
        nav_group=HOSTILE,
        metrics=[metric],
        sections=[section],
        how_computed=how(HOSTILE, HOSTILE, run=HOSTILE),
    )
    return Report(
        bank=HOSTILE,
        as_of=date(2026, 5, 31),
        pages=[page],
        reproducibility=Reproducibility(command=HOSTILE, facts=[(HOSTILE, HOSTILE)]),
    )

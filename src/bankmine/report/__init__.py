"""Statements, tables and charts, and the self-contained HTML report built from them.

Owns how bankmine looks and speaks: the tokens (colours, type, space), number and date formats,
sentences, tables, pictures, and the report folder that works offline. May import only errors; it
receives plain data and knows no other room. Start reading at `content.py` (what a page is made of),
then `pictures.py` (which picture answers which question) and `build.py` (how the folder is written).
"""

from bankmine.report.build import build_report
from bankmine.report.content import (
    Baseline,
    Card,
    Cards,
    Chart,
    Column,
    Drawing,
    Facts,
    FeatureNote,
    Fold,
    HowComputed,
    Interval,
    Kind,
    Metric,
    Metrics,
    Page,
    Report,
    Reproducibility,
    Section,
    Sql,
    Statement,
    Statements,
    Table,
    Test,
    Tone,
)
from bankmine.report.render import render_page

__all__ = [
    "Baseline",
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
    "build_report",
    "render_page",
]

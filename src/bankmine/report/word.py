"""A report as a Word document: the same sentences, figures, tables and pictures as its pages.

Equal reports give equal bytes: the core properties carry the report's own date, and every file in the package
has one fixed time. Tables hold the rows a page shows first; a page's features stop at `MOST_FEATURES` and its
SQL is named, not printed, for both fill hundreds of pages and lie with the run.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from bankmine.report import content as c
from bankmine.report import format as fmt
from bankmine.report.word_charts import chart_xml
from bankmine.report.word_widths import widths_cm

FIXED = (1980, 1, 1, 0, 0, 0)
MOST_ROWS, MOST_FEATURES = 60, 40
MARKS = {c.Tone.NEUTRAL: "", c.Tone.GOOD: "✓ ", c.Tone.WATCH: "! ", c.Tone.BAD: "✗ "}
COLOURS = {c.Tone.GOOD: "2F7D4F", c.Tone.WATCH: "B7791F", c.Tone.BAD: "B23A48"}
EMU_CM = 360_000
WIDTH_CM, HEIGHT_CM = 24.0, 8.5
PAGE_CM = 25.7  # between the margins


def write_word(report: c.Report, file: Path) -> Path:
    """Writes the document; the folder must exist. Equal reports give equal bytes."""
    from bankmine.errors import UsageError

    if not file.parent.is_dir():
        raise UsageError(f"there is no folder {file.parent}", hint="Make it, or name another file.")
    made = _Document(report)
    for page in report.pages:
        made.page(page)
    made.reproducibility()
    file.write_bytes(made.content())
    return file


class _Document:
    """A document that grows block by block."""

    def __init__(self, report: c.Report) -> None:
        from docx import Document
        from docx.enum.section import WD_ORIENT
        from docx.shared import Cm, Pt

        self.report, self.word, self.charts = report, Document(), 0
        section = self.word.sections[0]
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = Cm(29.7), Cm(21.0)
        for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
            setattr(section, side, Cm(2))
        self.word.styles["Normal"].font.name = "Calibri"
        self.word.styles["Normal"].font.size = Pt(10)
        self._properties()

    def _properties(self) -> None:
        at = self.report.as_of
        known = self.word.core_properties
        known.author, known.last_modified_by, known.comments = "bankmine", "bankmine", ""
        known.title = f"{self.report.pages[0].title} · {self.report.bank}"
        known.created = known.modified = datetime(at.year, at.month, at.day)
        known.revision = 1

    def content(self) -> bytes:
        """The package's bytes, every file with one fixed time."""
        raw, fixed = BytesIO(), BytesIO()
        self.word.save(raw)
        with zipfile.ZipFile(raw) as old, zipfile.ZipFile(fixed, "w") as new:
            for name in sorted(old.namelist(), key=lambda one: (one != "[Content_Types].xml", one)):
                entry = zipfile.ZipInfo(name, FIXED)
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
                new.writestr(entry, old.read(name))
        return fixed.getvalue()

    def page(self, page: c.Page) -> None:
        """One page: title, sentence, findings, figures, sections, how it was computed."""
        self.word.add_heading(page.title, 0)
        self.word.add_paragraph(page.sentence)
        self._statements(page.statements)
        self._block(c.Metrics(tuple(page.metrics)))
        for section in page.sections:
            self._section(section)
        if page.how_computed is not None:
            self._how(page.how_computed)

    def reproducibility(self) -> None:
        """The command that makes the report again, and facts."""
        known = self.report.reproducibility
        self.word.add_heading("To make it again", 1)
        self.word.add_paragraph(known.command)
        self._block(c.Facts(tuple(known.facts)))

    def _section(self, section: c.Section) -> None:
        self.word.add_heading(section.title, 1)
        if section.sentence:
            self.word.add_paragraph(section.sentence)
        for block in section.blocks:
            self._block(block)

    def _block(self, block: c.Block) -> None:
        match block:
            case c.Statement():
                self._statements([block])
            case c.Statements():
                self._statements(block.items)
            case c.Metrics():
                self._metrics(block.items)
            case c.Chart():
                self._chart(block)
            case c.Drawing():
                self.word.add_heading(block.title, 2)
                self.word.add_paragraph(f"{block.subtitle} The drawing is on the page.")
                self._table(block.table)
            case c.Table():
                self._table(block)
            case c.Facts():
                self._grid([], [list(one) for one in block.items])
            case c.Cards():
                for card in block.items:
                    self._card(card)
            case c.Fold():
                self.word.add_heading(block.title, 2)
                for inner in block.blocks:
                    self._block(inner)
            case c.Sql():
                self.word.add_paragraph(f"SQL: {block.title or 'see the page'}")

    def _statements(self, items: Sequence[c.Statement]) -> None:
        from docx.shared import RGBColor

        for one in items:
            line = self.word.add_paragraph(style="List Bullet")
            said = line.add_run(f"{MARKS[one.tone]}{one.text}")
            if one.tone in COLOURS:
                said.font.color.rgb = RGBColor.from_string(COLOURS[one.tone])
            if one.detail:
                line.add_run(f" ({one.detail})")

    def _metrics(self, items: Sequence[c.Metric]) -> None:
        rows = []
        for one in items:
            against = (
                f"{one.baseline.name}: {fmt.amount(one.baseline.value, one.column)}" if one.baseline else ""
            )
            rows.append([one.label, fmt.estimate(one.value, one.interval, one.column), against, one.note])
        if rows:
            self._grid(["Figure", "Value", "Baseline", "Note"], rows)

    def _card(self, card: c.Card) -> None:
        self.word.add_heading(card.title, 2)
        if card.sentence:
            self.word.add_paragraph(card.sentence)
        self._metrics(card.figures)
        self._statements(card.traits)

    def _chart(self, chart: c.Chart) -> None:
        self.word.add_heading(chart.title, 2)
        line = self.word.add_paragraph(chart.subtitle)
        drawn = chart_xml(chart.picture)
        if drawn is not None:
            line.paragraph_format.keep_with_next = True
            self._draw(drawn, chart.title)
        if chart.note:
            self.word.add_paragraph(chart.note)
        self._table(chart.data_table)

    def _draw(self, drawn: str, title: str) -> None:
        """The chart as a part of the package, shown in a line of its own."""
        from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
        from docx.opc.packuri import PackURI
        from docx.opc.part import Part
        from docx.oxml import parse_xml

        self.charts += 1
        where = PackURI(f"/word/charts/chart{self.charts}.xml")
        part = Part(where, CONTENT_TYPE.DML_CHART, drawn.encode(), self.word.part.package)
        key = self.word.part.relate_to(part, RELATIONSHIP_TYPE.CHART)
        inline = FRAME.format(
            width=round(WIDTH_CM * EMU_CM), height=round(HEIGHT_CM * EMU_CM), number=self.charts,
            title=quoteattr(title), key=key,
        )  # fmt: skip
        self.word.add_paragraph().add_run()._r.append(parse_xml(inline))

    def _table(self, table: c.Table) -> None:
        if table.caption:
            self.word.add_heading(table.caption, 3)
        if not table.rows:
            self.word.add_paragraph(table.empty or "Nothing was found.")
            return
        shown = table.rows[: min(table.shown, MOST_ROWS)]
        cells = [
            [fmt.amount(value, column) for value, column in zip(row, table.columns, strict=True)]
            for row in shown
        ]
        numeric = [i for i, column in enumerate(table.columns) if column.numeric]
        self._grid([one.heading for one in table.columns], cells, numeric)
        if len(shown) < len(table.rows):
            self.word.add_paragraph(f"The first {len(shown)} of {len(table.rows):,} rows.")

    def _grid(self, heads: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[int] = ()) -> None:
        if not rows:
            return
        from docx.oxml import OxmlElement
        from docx.shared import Cm

        grid = self.word.add_table(rows=0, cols=len(rows[0]))
        grid.style = "Light Grid Accent 1" if heads else "Light List Accent 1"
        grid.autofit = False
        texts = [[str(text) for text in row] for row in ([heads] if heads else []) + list(rows)]
        widths = [Cm(one) for one in widths_cm(texts, PAGE_CM)]
        for column, width in zip(grid.columns, widths, strict=True):
            column.width = width
        for row in texts:
            cells = grid.add_row().cells
            self._fill(cells, row, numeric)
            for cell, width in zip(cells, widths, strict=True):
                cell.width = width
        if heads:
            grid.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        self.word.add_paragraph()

    def _fill(self, cells: Any, texts: Sequence[str], numeric: Sequence[int]) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Pt

        for place, (cell, text) in enumerate(zip(cells, texts, strict=True)):
            line = cell.paragraphs[0]
            line.add_run(text).font.size = Pt(8)
            line.paragraph_format.space_after = Pt(0)
            if place in numeric:
                line.alignment = WD_ALIGN_PARAGRAPH.RIGHT

    def _how(self, how: c.HowComputed) -> None:
        self.word.add_heading("How this was computed", 1)
        facts = [
            ("Goal", how.goal), ("Population", how.population), ("Method", how.method), ("Run", how.run_id),
            ("Baselines", "; ".join(how.baselines)), ("SQL", ", ".join(one.title for one in how.sql)),
        ]  # fmt: skip
        self._block(c.Facts(tuple((name, text) for name, text in facts if text)))
        marks = {True: "passed", False: "failed", None: "does not apply"}
        self._grid(["Test", "Result", "What was seen"],
                   [[one.name, marks[one.passed], one.sentence] for one in how.tests])  # fmt: skip
        used = [one for one in how.features if one.weight][:MOST_FEATURES]
        self._grid(["Feature", "Weight", "What it is", "Unit"],
                   [[one.name, f"{one.weight:.1%}", one.sentence, one.unit] for one in used])  # fmt: skip


FRAME = (
    '<w:drawing xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{width}" cy="{height}"/>'
    '<wp:docPr id="{number}" name="Chart {number}" descr={title}/><wp:cNvGraphicFramePr/><a:graphic>'
    '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:chart r:id="{key}"/>'
    "</a:graphicData></a:graphic></wp:inline></w:drawing>"
)

"""Rows that `access` hands over, as a page lists them: headings that sort, cells by kind, files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from bankmine.report import Column, Kind
from bankmine.report.csvfile import cell as csv_cell
from bankmine.report.csvfile import csv_header

if TYPE_CHECKING:
    from bankmine.access import Shown
    from bankmine.web.visit import Visit

PAGE_SIZE = 50
KINDS = {"day": Kind.DATE, **{kind.value: kind for kind in Kind}}


@dataclass(frozen=True)
class Heading:
    """A column of a list: its name in addresses and how its values are written."""

    name: str
    column: Column
    customer: bool
    flags: bool
    sortable: bool = True

    @property
    def long(self) -> bool:
        """Whether it holds sentences."""
        return self.name in ("why", "reason", "step", "cause", "signs")


def headings(columns: Sequence[Shown], currency: str) -> list[Heading]:
    """The columns of rows, in their order."""
    return [
        Heading(
            one.name,
            Column(
                label=one.label,
                kind=KINDS.get(one.kind, Kind.TEXT),
                unit=one.unit or (currency if one.kind == "money" else ""),
                digits=one.digits,
            ),
            customer=one.name == "customer_id",
            flags=one.name in ("flags", "conditions"),
        )
        for one in columns
    ]


def sort_of(visit: Visit) -> tuple[str, bool] | None:
    """The order asked for in the address: `sort=name`, or `sort=-name` for the largest first."""
    text = visit.query.get("sort", "")
    return (text.lstrip("-"), text.startswith("-")) if text else None


def as_csv(name: str, found: Sequence[Heading], rows: Iterable[Sequence[Any]]) -> Response:
    """All rows as a CSV file that spreadsheets open well; formulas are neutralised."""
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}.csv"}
    return StreamingResponse(_csv_lines(found, rows), media_type="text/csv; charset=utf-8", headers=headers)


def _csv_lines(found: Sequence[Heading], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    out.write("\ufeff")
    writer.writerow(csv_header([one.column for one in found]))
    for number, row in enumerate(rows, 1):
        writer.writerow([csv_cell(value, one.column) for value, one in zip(row, found, strict=True)])
        if number % 1_000 == 0:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()

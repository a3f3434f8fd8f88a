"""Encoding damage: text decoded with the wrong table, replacement characters, question marks for letters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bankmine.bank.columns import Type
from bankmine.engine.duck import literal, quoted
from bankmine.understanding.detectors.frozen import days_spanned
from bankmine.understanding.findings import Certainty, Finding, Severity, count, found, percent
from bankmine.understanding.scan import Scan

MOST_VALUES = 50_000
_WRONG = ("latin-1", "cp1252", "cp1250", "cp852", "cp437")
_RIGHT = ("utf-8", "cp1250", "iso8859-2", "cp852", "gb18030")
_QUESTION = re.compile(r"(?<=\w)\?+(?=\w)|(?<=\w)\?+$|^\?+(?=\w)")
_INSIDE = re.compile(r"(?<=\w)\?+(?=\w)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def detect(scans: Mapping[str, Scan]) -> Iterator[Finding]:
    """A finding for each text column with damaged values."""
    for scan in scans.values():
        for column in scan.of_type(Type.CODE, Type.TEXT):
            yield from _column(scan, column.name)


def _column(scan: Scan, name: str) -> Iterator[Finding]:
    got = scan.ask(
        f"SELECT {quoted(name)} AS value, count(*) AS n FROM scan WHERE {quoted(name)} IS NOT NULL "
        f"GROUP BY 1 ORDER BY n DESC, 1 LIMIT {MOST_VALUES}"
    )
    rows = dict(zip(got["value"].to_pylist(), got["n"].to_pylist(), strict=True))
    damaged = {value: meant for value in rows if (meant := damage(value, rows)) is not None}
    if not damaged:
        return
    total = sum(rows[value] for value in damaged)
    shown = sorted(damaged, key=lambda value: (-rows[value], value))
    listed = ", ".join(f"{v!r}" + (f" (for {damaged[v]!r})" if damaged[v] else "") for v in shown[:3])
    inside = ", ".join(literal(value) for value in shown[:500])
    condition = f"{quoted(name)} IN ({inside})"
    yield found(
        scan, kind="encoding_damage", columns=[name], rows=total, condition=condition,
        period=days_spanned(scan, condition),
        sentence=f"{scan.name}.{name} has damaged letters in {count(total)} ({percent(total / scan.rows)}), "
        f"{count(len(damaged), 'value')}: {listed}.",
        severity=Severity.WARNING, certainty=Certainty.LIKELY,
        evidence="The values decode into proper text, or match other values of the column but for lost "
        "letters.",
        advice="Load the extract again with the encoding it was written in.",
    )  # fmt: skip


def damage(value: str, known: Mapping[str, int]) -> str | None:
    """What a damaged value was meant to be ("" where that cannot be said); None where it is sound."""
    if "\ufffd" in value:
        return _resembling(value, "\ufffd", known)
    if _CONTROL.search(value):
        return _decoded(value, known) or ""
    if not value.isascii():
        return _decoded(value, known)
    if _QUESTION.search(value):
        meant = _resembling(value, "?", known)
        return meant if meant or _INSIDE.search(value) else None  # a text may end in a question mark
    return None


def _decoded(value: str, known: Mapping[str, int]) -> str | None:
    """The text whose bytes were read with the wrong table: always for UTF-8, else only if it is known."""
    for wrong in _WRONG:
        try:
            raw = value.encode(wrong)
        except UnicodeEncodeError:
            continue
        for right in _RIGHT:
            if right == wrong:
                continue
            try:
                meant = raw.decode(right)
            except UnicodeDecodeError:
                continue
            if meant == value or _CONTROL.search(meant):
                continue
            if right == "utf-8" or known.get(meant, 0) > known[value]:
                return meant
    return None


def _resembling(value: str, mark: str, known: Mapping[str, int]) -> str:
    """A known value that equals this one but for the marked letters, or nothing."""
    pattern = re.compile(re.escape(value).replace(re.escape(mark), r"\w{1,2}"))
    return next((other for other in known if mark not in other and pattern.fullmatch(other)), "")

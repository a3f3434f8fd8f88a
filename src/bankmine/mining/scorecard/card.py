"""The printed card: every column, every bin, its points, and the figures they come from.

What is printed is the score: edges have all their digits, texts that could be misread are quoted, and a
reader with the page alone gets the points `score` gives (a test reads the page for a million rows).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from bankmine.mining.contract import Floats
from bankmine.mining.scorecard.binning import Binning
from bankmine.mining.scorecard.expression import Choice, Missing, OneOf, Sum, Test, Under
from bankmine.mining.scorecard.rules import Code, plain_code


class CardLine(NamedTuple):
    """One line: a bin with its points. `rows`, `bads` and the rest are those of training."""

    column: str
    attribute: str
    points: float
    rows: float
    bads: float
    bad_rate: float
    low: float
    high: float
    weight_of_evidence: float
    information_value: float


def lines(binnings: Sequence[Binning], points: Sequence[Floats]) -> list[CardLine]:
    """All lines in the order of the card."""
    found = []
    for binning, own in zip(binnings, points, strict=True):
        for attribute, one, point in zip(attributes(binning), binning.table(), own, strict=True):
            found.append(
                CardLine(
                    binning.name, attribute, float(point), one.rows, one.bads, one.bad_rate, one.low,
                    one.high, one.weight_of_evidence, one.information_value,
                )
            )  # fmt: skip
    return found


def tree(base: float, binnings: Sequence[Binning], points: Sequence[Floats]) -> Sum:
    """The card as a tree, for export."""
    return Sum(base, tuple(_choice(binning, own) for binning, own in zip(binnings, points, strict=True)))


def _choice(binning: Binning, own: Floats) -> Choice:
    cases: list[tuple[Test, float]] = [(Missing(), float(own[binning.missing]))]
    for number, (_, codes) in enumerate(binning.specials):
        cases.append((OneOf(codes), float(own[binning.ordinary + number])))
    if binning.edges is None:
        cases += [(OneOf(group), float(own[i])) for i, group in enumerate(binning.groups)]
        return Choice(binning.name, binning.is_text, tuple(cases), float(own[binning.missing + 1]))
    cases += [(Under(edge), float(own[i])) for i, edge in enumerate(binning.edges)]
    return Choice(binning.name, False, tuple(cases), float(own[binning.ordinary - 1]))


def attributes(binning: Binning) -> list[str]:
    """What the card prints for each bin: enough to know without the program which bin a value is in."""
    said = binning.labels()
    if binning.edges is None:
        said[: binning.ordinary] = [", ".join(_level(level) for level in group) for group in binning.groups]
    for number, (label, codes) in enumerate(binning.specials):
        listed = ", ".join(_level(code, also="(") for code in codes)
        plain = len(codes) == 1 and plain_code(codes[0]) == label
        said[binning.ordinary + number] = f"special {listed}" + ("" if plain else f" ({label})")
    return said


def printed(base: float, found: Sequence[CardLine], head: str) -> str:
    """The card as text."""
    width = max([len(line.attribute) for line in found if len(line.attribute) <= 60], default=20)
    width = max(width, 24)
    rows = [
        head,
        "",
        f"{'':{width + 2}}  {'points':>8} {'rows':>9} {'bad rate':>9} {'95 % interval':>16} {'WoE':>7}",
        f"{'base points':{width + 2}}  {_points(base):>8}",
    ]
    column = None
    for line in found:
        if line.column != column:
            column = line.column
            rows += ["", column]
        attribute = f"  {line.attribute:{width}}"
        rows.append(f"{attribute}  {_points(line.points):>8} {int(line.rows):>9}{_figures(line)}".rstrip())
    return "\n".join(rows) + "\n"


def _figures(line: CardLine) -> str:
    if line.rows == 0:
        return ""
    between = f"{100 * line.low:.1f} to {100 * line.high:.1f}"
    return f" {100 * line.bad_rate:>7.1f} % {between:>16} {line.weight_of_evidence:>7.2f}"


def _points(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _level(level: Code, also: str = "") -> str:
    """A level, in quotes where a reader of the card could take it for something else."""
    if not isinstance(level, str):
        return plain_code(level)
    odd = level != level.strip() or level == "" or "  " in level or not level.isprintable()
    taken = level in ("missing", "unseen") or level.startswith("special ")
    if odd or taken or any(mark in level for mark in ',"' + also):
        return json.dumps(level, ensure_ascii=False)
    return level

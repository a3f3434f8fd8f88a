"""The reference page of the features, made from the catalogue."""

from __future__ import annotations

from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.feature import Derived, Direction, Feature
from bankmine.customers.formulas import formula_words

_THEMES = {
    "activity": "How often and how lately a customer pays.",
    "money": "Money in and out, what is left, and how regularly income comes.",
    "balance": "What lies on the accounts.",
    "habits": "How a customer pays: channels, what for, when.",
    "holdings": "What a customer holds at the cutoff.",
    "person": "Who a customer is at the cutoff.",
    "dialogue": "What customers do on screens and say, how they answer, and how they repay.",
    "transaction": "A transaction as the subject: itself, and what went before it.",
}
_DIRECTION = {direction: "" if direction is Direction.NONE else str(direction) for direction in Direction}
_HEAD = """# Features

The {count} features of the catalogue, by theme. A feature is a value of a subject at a cutoff and uses
nothing later: only events before the cutoff that were known by then, and the versions valid and known then.
Money is in minor units. What is missing is empty, never zero: a window that leaves the coverage, a mean of
nothing, a quotient by zero, a table of which the bank knew nothing yet.

A name reads `<what>_<measure>[_<level>][_<window>]`; windows are civil months (`mo`) and days (`d`), hours
(`h`), or all records (`all`). *Higher* says what a higher value usually speaks of: a customer that is
closer or farther, or more risk. Shares by channel and category are shown for the shipped levels; a bank with
others makes its own with `Catalogue.with_levels`.

`bankmine features` lists those that a bank's data allow, and says why not the others.
"""


def reference_page(catalogue: Catalogue = CATALOGUE) -> str:
    """The page in Markdown: a section a theme, a line a feature."""
    parts = [_HEAD.format(count=len(catalogue))]
    themes = dict.fromkeys(feature.theme for feature in catalogue.values())
    for theme in themes:
        mine = [feature for feature in catalogue.values() if feature.theme == theme]
        parts.append(f"\n## {theme.capitalize()}\n\n{_THEMES.get(theme, '')}\n")
        parts.append("| feature | unit | kind | higher | what it is |\n|---|---|---|---|---|")
        parts += [_line(feature) for feature in mine]
    return "\n".join(parts) + "\n"


def _line(feature: Feature) -> str:
    sentence = feature.sentence
    if isinstance(feature.source, Derived):
        sentence += f" = `{formula_words(feature.source.operation, feature.source.inputs)}`"
    cells = (f"`{feature.name}`", feature.unit, feature.kind, _DIRECTION[feature.direction], sentence)
    return f"| {' | '.join(str(cell).replace('|', '/') for cell in cells)} |"

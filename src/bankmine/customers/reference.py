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

- `bankmine features WORDS` lists and searches them; `--unit days`, `--window 3mo`, `--table transaction`,
  `--key terminal_id` and `--kind derived` narrow the list, `--json` prints it for programs.
- `bankmine features --bank BANK` says which of them a bank's data allow, and why not the others.
- `bankmine features explain NAME --bank BANK` tells one whole: sentence, unit, window, key; an example with
  the bank's own numbers, the events that entered it and how the value follows from them; and where each
  column comes from, back to the extracts. In Python `bank.feature(NAME)`.

Each feature has a *version*, twelve digits that name what its declaration says: another window, condition or
input makes another version, other words do not. A snapshot and a run keep the versions of their features;
reading an old snapshot warns where a feature is declared otherwise now.

A bank declares window features of its own in `features.toml` in its folder; they are listed, explained,
versioned and computed as those shipped:

```toml
[events.cash]
table = "transaction"
where = {{ channel = "cash", direction = "out" }}
measure = "base_minor"

[[windows]]
events = "cash"
over = ["1mo", "6mo"]
aggregate = ["count", "sum"]
name = "cash"

[[ratios]]
numerator = "cash_sum_1mo"
denominator = "cash_sum_6mo"
name = "cash_lately"
```
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

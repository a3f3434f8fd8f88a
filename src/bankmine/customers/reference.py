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
    "needs": "What speaks of a need: what is paid for, looked at, asked for, and held.",
    "attrition": "How a customer draws away.",
    "transaction": "A transaction as the subject: itself, and what went before it.",
    "application": "An application for credit as the subject, and what its customer asked for before.",
    "bureau": "What the credit bureau tells of a customer, and how enquiries at other lenders went.",
    "lending": "A loan as the subject (`loan_…`), and all loans of a customer (`loans_…`).",
    "form": "How the form of an application was filled in on the bank's screens.",
    "network": "Whom a customer shares a phone, device, address, employer, guarantor or payment with.",
    "text": "What an applicant wrote, and how it agrees with the form.",
}
_DIRECTION = {direction: "" if direction is Direction.NONE else str(direction) for direction in Direction}
_HEAD = """# Features

The {count} features of the catalogue, by theme. A feature is a value of a subject at a cutoff and uses
nothing later: only events before the cutoff that were known by then, and the versions valid and known then.
Money is in minor units. What is missing is empty, never zero: a window that leaves the coverage, a mean of
nothing, a quotient by zero, a table of which the bank knew nothing yet.

A feature is of the customer, for any row that names one, or of one kind of subject alone: a transaction
(`tx_…`), an application (`app_…`), a loan (`loan_…`). Its kind says where it comes from: `window`,
`versioned`, `derived`, `calendar`, `own` (the subject's own row as it was first known), or a program:
`report`, `loan`, `sequence`, `text`, `network` ([more](#programs)).

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

The features of the themes application, bureau, lending, form, text and network are for decisions on credit
alone: no snapshot and no task about customers takes them. `available.names_for_credit("application")` names
all that an application may ask for.

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

## Programs

What neither windows nor versions can say, a program of `customers/computed` finds, under the same rule of
time: each row sees the events before its cutoff, each at the version that counts by then, and the honesty
tests hold for every one.

**report**: the items of the last report of the credit bureau. A report repeats the whole history, so items
of two reports are never added up: the last one drawn by the cutoff counts, for 24 months; an application
reads the report drawn for it at its own instant. Windows reach back from the report (`bureau_age` says how
old it is). Without a report, or without consent (one to ask the bureau in force at the cutoff; for an
application also the one that the report drawn for it names), `bureau_known`
is 0 and all else missing, never 0. An item dated at or after its report is left out and counted
(`report_of(table).notes`).

*Enquiries and the loans that followed.* An enquiry asks for credit unless its reason is a review. A loan
issued answers the oldest enquiry of the same institution still waiting, if that is at most 30 days old;
each answers one. An enquiry is unfollowed (refused elsewhere, or thought better of) once its 30 days are
over at the report; until then it is open, and counts as neither.

**loan**: where a loan stands. `loan_days_past_due` are those of the last event and the days since; an
instalment that fell due and was not paid counts from its due day; after a write-off they stay.
`loan_unpaid` is what fell due less what was paid, anew from a restructuring on, and never below 0.
`loan_days_late_…` lets each payment answer the oldest instalment; one still unanswered is late by the days
until the cutoff. A next due day before the event that names it contradicts it: it is left out and counted
in the notes. `loans_…` are all loans of the customer together, for any subject.

*Need against use.* `loan_used_share` and `loan_used_hours` look at the payments of the 30 days after a loan
was paid out: who borrows for a purchase pays for it within days, who never meant to moves it on within
hours.

**sequence**: `seq_bureau` and `seq_loan` are lists of events, oldest first, for models that read them in
order ([sequences.md](sequences.md)): `when` (µs since 1970 UTC), `kind` (such as `enquiry:bank:mortgage`),
`amount` and other values in major units, null where missing. They are no columns of a matrix of numbers: a
candidate names them.

```
from bankmine.customers import CATALOGUE, matrix
names = CATALOGUE.available(warehouse).names_for_credit("application")
table = matrix(warehouse, rows, names)  # rows: subject_kind, subject_id, customer_id, cutoff
```

When not to use them: `bureau_…` on a customer without a fresh report says how things stood when it was drawn;
for a decision today, ask the bureau. `loan_…` on a loan older than the records sees only its later course.
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

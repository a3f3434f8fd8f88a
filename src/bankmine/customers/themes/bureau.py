"""What the credit bureau tells: the items of the last report, and how enquiries elsewhere went.

For decisions on credit alone: they rest on a consent to ask the bureau, and are missing without it.
"""

from __future__ import annotations

from bankmine.customers.computed.consents import CONSENT
from bankmine.customers.feature import Computed, Direction, Feature, Need
from bankmine.windows.span import Span

THEME = "bureau"
RISKIER, NONE = Direction.RISKIER, Direction.NONE
MONEY = "minor units"
WINDOWS = ("1mo", "3mo", "6mo", "12mo", "24mo")
_WORDS = {
    "enquiry": "enquiries by other institutions",
    "loan_issued": "loans issued elsewhere",
    "repaid": "loans repaid elsewhere",
    "overdue": "bills overdue elsewhere",
    "address_change": "changes of address",
    "employer_change": "changes of employer",
    "provident_fund_change": "changes of the provident fund",
}
_RISKIER = ("enquiry", "overdue", "address_change", "employer_change")
AMOUNTS = ("loan_issued", "repaid", "overdue", "provident_fund_change")


def _needs(*kinds: str, columns: tuple[str, ...] = ()) -> tuple[Need, ...]:
    values = (("kind", kinds),) if kinds else ()
    return (
        Need(table="bureau_event", columns=columns, values=values),
        Need(table="bureau_report"),
        Need(table="consent", values=(("purpose", ("bureau",)),), optional=True),
    )


_ASKED = _needs("enquiry", columns=("institution_id",))
_ISSUED = _needs("loan_issued", columns=("facility_id",))
_ANSWERED = _needs("loan_issued", columns=("amount_minor",))
# name, column of the program, unit, direction, sentence
_STANDING = (
    ("bureau_age", "age", "days", NONE, "Days since the last report was drawn.", _needs()),
    ("bureau_facilities_open_count", "facilities_open_count", "loans", RISKIER,
     "Number of loans elsewhere issued and not repaid, as the report tells.", _ISSUED),
    ("bureau_facilities_open_sum", "facilities_open_sum", MONEY, RISKIER,
     "Sum issued on the loans elsewhere that are not repaid.", _ISSUED),
    ("bureau_open_enquiry_count", "open_count", "events", RISKIER,
     "Number of enquiries for credit of the last 30 days before the report that no loan has followed yet.",
     _ASKED),
)  # fmt: skip
_WINDOWED = (
    ("bureau_unfollowed_enquiry_count", "unfollowed_count", "events", RISKIER, WINDOWS, _ASKED,
     "Number of enquiries for credit that no loan of the same institution followed in 30 days,"),
    ("bureau_followed_share", "followed_share", "share", NONE, WINDOWS, _ASKED,
     "Share of the enquiries for credit that a loan followed, of those whose 30 days are over,"),
    ("bureau_lenders_count", "lenders_count", "institutions", RISKIER, WINDOWS, _ASKED,
     "Number of different institutions asked for credit"),
    ("bureau_issued_to_asked", "issued_to_asked", "ratio", NONE, ("12mo", "24mo"), _ANSWERED,
     "What was lent as a multiple of what was asked for, of the enquiries that a loan followed,"),
)  # fmt: skip


def report(
    name: str, column: str, unit: str, direction: Direction, sentence: str, needs: tuple[Need, ...],
    window: str | None = None,
) -> Feature:  # fmt: skip
    """A column of the bureau's last report."""
    return Feature(
        name=name, theme=THEME, unit=unit, sentence=sentence, window=window, direction=direction,
        source=Computed("report", column, needs), credit_only=True,
    )  # fmt: skip


def _in_the(span: str) -> str:
    words = Span.parse(span).words.removeprefix("1 ")
    return f"in the {words} before the last report."


def _counted(kind: str, words: str) -> list[Feature]:
    direction = RISKIER if kind in _RISKIER else NONE
    made = [
        report(f"bureau_{kind}_count_{span}", f"{kind}_count_{span}", "events", direction,
               f"Number of {words} {_in_the(span)}", _needs(kind), span)
        for span in WINDOWS
    ]  # fmt: skip
    made += [
        report(f"bureau_{kind}_sum_{span}", f"{kind}_sum_{span}", MONEY, direction,
               f"Sum of {words} {_in_the(span)}", _needs(kind, columns=("amount_minor",)), span)
        for span in WINDOWS if kind in AMOUNTS
    ]  # fmt: skip
    return [
        *made,
        report(f"bureau_days_since_last_{kind}", f"{kind}_days_since_last", "days", NONE,
               f"Days from the last of the {words} to the report.", _needs(kind)),
    ]  # fmt: skip


def _followed() -> list[Feature]:
    return [
        report(f"{name}_{span}", f"{column}_{span}", unit, direction, f"{words} {_in_the(span)}", needs, span)
        for name, column, unit, direction, spans, needs, words in _WINDOWED
        for span in spans
    ]


_KNOWN = report(
    "bureau_known", "known", "reports", NONE,
    "1 where a report may be read that is not older than 24 months, else 0.", _needs(),
)  # fmt: skip
_SEQUENCE = Feature(
    name="seq_bureau", theme=THEME, unit="sequence", credit_only=True,
    sentence="The items of the last report in their order: when, kind with institution and reason, amount in "
    "major units.",
    source=Computed("sequence", "bureau", _needs()),
)  # fmt: skip
FEATURES = (
    CONSENT, _KNOWN, *(report(*one) for one in _STANDING),
    *(feature for kind, words in _WORDS.items() for feature in _counted(kind, words)), *_followed(),
    _SEQUENCE,
)  # fmt: skip

"""A loan as the subject, and all loans of a customer: what is left, what is due, how it was paid.

What the windows kernel can count (due days, payments, early repayments, draws) it counts under the loan's own
key; what must be followed from event to event (what is unpaid, how late, what is due next) comes from
`computed.loans`; what was agreed from the loan's own row and the version in force.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bankmine.customers.feature import Computed, Direction, Feature, Need, Own, Versioned
from bankmine.customers.themes import Measure, derived, observed
from bankmine.windows import Events, events
from bankmine.windows.span import Span

THEME = "lending"
LOAN = "loan"
RISKIER, NONE = Direction.RISKIER, Direction.NONE
MONEY = "minor units"
WINDOWS = ("1mo", "3mo", "6mo", "12mo")
_LATE = ("3mo", "6mo", "12mo")
_OWN = (
    ("loan_amount", "principal_minor", MONEY, "Amount lent, or the limit of a line."),
    ("loan_term_months", "term_months", "months", "Agreed term; a line of credit has none."),
    ("loan_instalment", "instalment_minor", MONEY, "Agreed instalment."),
    ("loan_rate", "rate", "per year", "Agreed rate."),
)
# name, unit, expression over the version in force, columns, sentence
_IN_FORCE: tuple[tuple[str, str, str, tuple[str, ...], str], ...] = (
    ("loan_age", "days", "max(asked_day - granted_on)", ("granted_on",), "Days since the loan was granted."),
    ("loan_months_since_granting", "months", "max(datesub('month', granted_on, asked_day))", ("granted_on",),
     "Whole months since the loan was granted."),
    ("loan_term_share", "share", "max((asked_day - granted_on) / (term_months * 30.436875))",
     ("granted_on", "term_months"), "Share of the agreed term that has run, in months of 30.44 days."),
    ("loan_is_line", "lines", "max(CAST(term_months IS NULL AS INTEGER))", ("principal_minor",),
     "1 for a line of credit without a term, 0 for a loan with one."),
    ("loan_status", "code", "max(status)", ("status",),
     "Status of the loan as the bank knew it at the cutoff."),
)  # fmt: skip
_SECURED: tuple[tuple[str, str, str, tuple[str, ...], str], ...] = (
    ("loan_collateral_value", MONEY, "sum(value_minor)", ("value_minor",), "Value of what secures the loan."),
    ("loan_collateral_kind", "code", "min(kind)", ("kind",),
     "Kind of what secures the loan; of several the first by name."),
)  # fmt: skip
# column of the program, unit, column of loan_event that must be filled, direction, sentence
_STANDS = (
    ("principal_left", MONEY, "principal_after_minor", NONE, "Principal left, or what is drawn of a line."),
    ("days_past_due", "days", "days_past_due", RISKIER,
     "Days past due at the cutoff: those of the last event and the days since."),
    ("unpaid", MONEY, "amount_minor", RISKIER, "What fell due and was not paid yet."),
    ("due_next_days", "days", "due_next_on", NONE, "Days until the next due day."),
    ("due_next_amount", MONEY, "due_next_minor", NONE, "Amount due on the next due day."),
    ("days_since_last_paid", "days", "amount_minor", RISKIER, "Days since the last instalment was paid."),
)  # fmt: skip
_RATIOS = (
    ("loan_left_share", "loan_principal_left", "loan_amount", NONE,
     "Principal left as a fraction of the amount lent; of a line the drawn share of its limit."),
    ("loan_to_value", "loan_principal_left", "loan_collateral_value", RISKIER,
     "Principal left as a fraction of what secures the loan."),
    ("loan_unpaid_instalments", "loan_unpaid", "loan_due_next_amount", RISKIER,
     "What is unpaid in instalments of the next due day."),
    ("loan_instalment_to_income", "loan_due_next_amount", "income_mean_3mo", RISKIER,
     "Amount due on the next due day as a fraction of the mean salary or pension payment."),
)  # fmt: skip
_COUNTED = (
    ("loan_overdue_count", 1, "Number of due days on which an older instalment was unpaid"),
    ("loan_overdue_30_count", 30, "Number of due days on which one was unpaid for 30 days or more"),
)
_PAYMENTS = (
    ("paid", "instalments paid"), ("prepaid", "early repayments"), ("drawn", "amounts drawn"),
)  # fmt: skip
_ALL = (
    ("open_count", "loans", "principal_after_minor", NONE, "Number of loans with something left."),
    ("principal_left_sum", MONEY, "principal_after_minor", NONE, "Principal left on all open loans."),
    ("days_past_due_max", "days", "days_past_due", RISKIER,
     "Most days past due at the cutoff of any open loan."),
    ("unpaid_sum", MONEY, "amount_minor", RISKIER, "What fell due on open loans and was not paid yet."),
    ("due_soon_sum", MONEY, "due_next_minor", NONE, "What is due on open loans in the next 30 days."),
)  # fmt: skip


def followed(
    column: str, unit: str, needed: str, direction: Direction, sentence: str, window: str | None = None
) -> Feature:
    """A column of the program that follows loans: `own_…` of the loan itself, `all_…` of the customer."""
    whose, _, what = column.partition("_")
    return Feature(
        name=f"{'loan' if whose == 'own' else 'loans'}_{what}", theme=THEME, unit=unit, sentence=sentence,
        direction=direction, window=window, subject=LOAN if whose == "own" else "customer",
        source=Computed("loan", column, (Need(table="loan_event", columns=(needed,)),)),
    )  # fmt: skip


def _granted() -> list[Feature]:
    made = [
        Feature(
            name=name, theme=THEME, unit=unit, sentence=sentence, source=Own(column, "loan"), subject=LOAN
        )
        for name, column, unit, sentence in _OWN
    ]
    for table, declared in (("loan", _IN_FORCE), ("collateral", _SECURED)):
        for name, unit, expression, columns, sentence in declared:
            source = Versioned(
                relation=f"own_{table}_asked",
                expression=expression,
                columns=tuple((table, one) for one in columns),
            )
            made.append(
                Feature(name=name, theme=THEME, unit=unit, sentence=sentence, source=source, subject=LOAN)
            )
    return made


def _stands() -> list[Feature]:
    return [
        *(
            followed(f"own_{column}", unit, needed, direction, sentence)
            for column, unit, needed, direction, sentence in _STANDS
        ),
        *(
            derived(
                THEME, name, "ratio", [part, whole], unit="ratio", sentence=sentence, direction=direction,
                subject=LOAN,
            )
            for name, part, whole, direction, sentence in _RATIOS
        ),
    ]  # fmt: skip


def _use() -> list[Feature]:
    """What became of the money: need against use."""
    needs = (
        Need(table="loan_event", columns=("amount_minor",), values=(("kind", ("disbursed",)),)),
        Need(table="transaction", columns=("base_minor",), values=(("direction", ("out",)),)),
    )
    told = (
        ("used_share", "ratio", "Largest payment in the 30 days after the loan was paid out, as a fraction "
         "of it."),
        ("used_hours", "hours", "Hours from the paying out of the loan to the first payment of half of it or "
         "more, of those in 30 days."),
    )  # fmt: skip
    return [
        Feature(
            name=f"loan_{column}", theme=THEME, unit=unit, sentence=sentence, subject=LOAN,
            source=Computed("loan", column, needs),
        )
        for column, unit, sentence in told
    ]  # fmt: skip


def _late(whose: str, measures: Sequence[tuple[str, str]]) -> list[Feature]:
    of = "instalments" if whose == "own" else "instalments of any loan"
    return [
        followed(
            f"{whose}_days_late_{how}_{span}", "days", "kind", RISKIER,
            f"{words} days from the due day to the payment, of the {of} due in the {Span.parse(span).words} "
            "before the cutoff.", span,
        )
        for span in _LATE for how, words in measures
    ]  # fmt: skip


def _of_loan(*kinds: str) -> Events:
    every = events("loan_event", key="loan_id")
    return every.where(kind=kinds) if kinds else every


def _course() -> list[Feature]:
    """What the windows kernel counts of a loan."""
    again = [
        Measure("count", "loan_restructured_count", "Number of times the loan was restructured", RISKIER)
    ]
    worst = [Measure("max", "loan_days_past_due_max", "Most days past due", RISKIER)]
    made = [
        *observed(THEME, _of_loan("restructured"), again, over=("12mo", "24mo"), subject=LOAN),
        *observed(THEME, _of_loan().measure("days_past_due"), worst, over=(*WINDOWS, "24mo"), subject=LOAN),
    ]
    for name, days, words in _COUNTED:
        source, measure = _of_loan("due").at_least(days_past_due=days), Measure("count", name, words, RISKIER)
        made += observed(THEME, source, [measure], over=(*_LATE, "24mo"), subject=LOAN)
    for kind, words in _PAYMENTS:
        measures = [
            Measure("count", f"loan_{kind}_count", f"Number of {words}"),
            Measure("sum", f"loan_{kind}_sum", f"Sum of {words}"),
        ]
        made += observed(THEME, _of_loan(kind).measure("amount_minor"), measures, over=_LATE, subject=LOAN)
    return [*made, *_used()]


def _used() -> list[Feature]:
    """How much was left, or drawn of a limit, on the way."""
    made = []
    for how, words in (("mean", "Mean"), ("max", "Largest")):
        measure = Measure(how, f"loan_principal_{how}", f"{words} principal left after an event")
        left = _of_loan().measure("principal_after_minor")
        made += observed(THEME, left, [measure], over=("3mo", "12mo"), subject=LOAN)
        made += [
            derived(
                THEME, f"loan_left_share_{how}_{span}", "ratio",
                [f"loan_principal_{how}_{span}", "loan_amount"], unit="ratio", window=span, subject=LOAN,
                sentence=f"{words} principal left after an event of the {Span.parse(span).words} before the "
                "cutoff as a fraction of the amount lent or of the limit.",
            )
            for span in ("3mo", "12mo")
        ]  # fmt: skip
    return made


def _of_customer() -> list[Feature]:
    """All loans of the customer together, for any subject that names one."""
    late = [Measure("count", "loans_overdue_count", "Number of due days on which an older instalment of the "
                    "loan was unpaid", RISKIER)]  # fmt: skip
    gone = [Measure("count", "loans_written_off_count", "Number of loans written off", RISKIER)]
    due = events("loan_event").where(kind="due").at_least(days_past_due=1)
    return [
        *(
            followed(f"all_{column}", unit, needed, direction, sentence)
            for column, unit, needed, direction, sentence in _ALL
        ),
        *_late("all", (("max", "Most"),)),
        *observed(THEME, due, late, over=WINDOWS),
        *observed(THEME, events("loan_event").where(kind="written_off"), gone, over=("24mo",)),
        derived(
            THEME, "loans_due_to_income", "ratio", ["loans_due_soon_sum", "income_mean_3mo"], unit="ratio",
            direction=RISKIER,
            sentence="What is due in the next 30 days as a fraction of the mean salary or pension payment.",
        ),
    ]  # fmt: skip


def _sequence() -> Feature:
    return Feature(
        name="seq_loan", theme=THEME, unit="sequence",
        sentence="What happened to the loan (of another subject: to the customer's loans) in order: when, "
        "kind, amount, principal left, next amount due, days to the next due day, days past due, and so far: "
        "most ever left, what is to be found by the next due day, early repayments, times overdue; money in "
        "major units.",
        source=Computed("sequence", "loan", (Need(table="loan_event", columns=("kind",)),)),
    )  # fmt: skip


def _rise() -> Feature:
    return derived(
        THEME, "loan_days_late_rise", "difference", ["loan_days_late_mean_3mo", "loan_days_late_mean_12mo"],
        unit="days", subject=LOAN, direction=RISKIER,
        sentence="Mean days late of the last 3 months less that of the last 12.",
    )  # fmt: skip


FEATURES = tuple(
    replace(one, credit_only=True)
    for one in (
        *_granted(), *_stands(), *_late("own", (("mean", "Mean"), ("max", "Most"))), _rise(), *_course(),
        *_use(),
        *_of_customer(), _sequence(),
    )
)  # fmt: skip

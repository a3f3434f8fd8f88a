"""What is watched: each signal as data, with its sentence, its tables, how it is measured and when it is on.

A signal has a value for every customer at every monthly look and is on from its limit upwards; what the bank
does not know is NaN, and then it is off. The list follows the early-warning indicators of EBA/GL/2020/06
(section 8.4: income, turnover, leverage, arrears, bureau, connected clients, sector, region). Which of them
is worth watching at a bank is measured, never presumed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from bankmine.tasks.contract import Floats
from bankmine.tasks.early_warning import measuring
from bankmine.tasks.early_warning.panel import Panel


class Origin(StrEnum):
    """Where a signal comes from."""

    INCOME = "income"
    ACCOUNT = "account"
    CREDIT = "credit"
    ELSEWHERE = "elsewhere"
    PERSON = "person"
    CONNECTED = "connected"
    SURROUNDINGS = "surroundings"


ORIGINS = {
    Origin.INCOME: "own income or takings",
    Origin.ACCOUNT: "the accounts here",
    Origin.CREDIT: "how the credits are paid and used",
    Origin.ELSEWHERE: "other lenders (bureau)",
    Origin.PERSON: "a change in the person's or company's life",
    Origin.CONNECTED: "somebody connected",
    Origin.SURROUNDINGS: "sector and region",
}


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One thing that is watched.

    `words` says it of a customer, with `{value}` in `unit` and `{s}` where it is not one; `sentence` says
    what it is; `how` how it is measured; `tables` what it reads; on where the value is at least `limit`. A
    higher value is always the worse one; `direction` says what the measured thing itself does: rises, falls
    or changes.
    """

    name: str
    words: str
    sentence: str
    how: str
    tables: tuple[str, ...]
    origin: Origin
    limit: float
    unit: str
    direction: str
    measure: Callable[[Panel], Floats]

    def on(self, panel: Panel) -> tuple[Floats, object]:
        """Values and where they are at or above the limit, both (customers, months)."""
        values = self.measure(panel)
        with np.errstate(invalid="ignore"):
            return values, values >= self.limit


_OWN_PEERS = (
    "Mean of the last two months less the median of the twelve looks before, in spreads of the own past and "
    "of the peers' changes (persons or companies); the smaller of the two."
)
_BUREAU = ("bureau_event",)
_MONEY = ("transaction",)
_CREDIT = ("loan_event", "loan")
SIGNALS: tuple[Signal, ...] = (
    Signal(
        name="income_fell", words="income fell by {value} spread{s}", origin=Origin.INCOME, direction="falls",
        sentence="Wages, takings and transfers received fell against the own past and against peers.",
        how=_OWN_PEERS, tables=_MONEY, limit=3.0, unit="spreads", measure=measuring.fall_of("received"),
    ),
    Signal(
        name="takings_fell", words="takings fell by {value}", origin=Origin.INCOME, direction="falls",
        sentence="Takings of a business fell by a third or more.",
        how="1 less the mean takings of the last two months over the median of the twelve looks before.",
        tables=_MONEY, limit=0.35, unit="share", measure=measuring.takings_lost,
    ),
    Signal(
        name="wage_missing", words="no wage for {value} month{s}", origin=Origin.INCOME, direction="falls",
        sentence="A wage or pension that used to come has not come.",
        how="Months in a row without one (up to six), after four of the six months before had one.",
        tables=_MONEY, limit=1, unit="months", measure=measuring.wage_missing,
    ),
    Signal(
        name="wage_late", words="the wage came {value} day{s} later than usual", origin=Origin.INCOME,
        direction="changes", sentence="The wage came later in the month than it used to.",
        how="Usual days from wage to month's end (median of six looks) less those of this month.",
        tables=_MONEY, limit=4, unit="days", measure=measuring.wage_late,
    ),
    Signal(
        name="wage_cut", words="the wage fell by {value}", origin=Origin.INCOME, direction="falls",
        sentence="The wage still comes but is much smaller.",
        how="1 less the month's wage over the median of the six looks before.",
        tables=_MONEY, limit=0.25, unit="share", measure=measuring.wage_cut,
    ),
    Signal(
        name="balance_run_down", words="balances fell by {value} spread{s}", origin=Origin.ACCOUNT,
        direction="falls", sentence="Balances ran down against the own past and against peers.",
        how=_OWN_PEERS, tables=("balance",), limit=3.0, unit="spreads", measure=measuring.fall_of("balance"),
    ),
    Signal(
        name="overdrawn", words="overdrawn on {value} day{s} more than usual", origin=Origin.ACCOUNT,
        direction="rises", sentence="The account is below zero on more days than it used to be.",
        how="Days of the month below zero less the median of the twelve looks before.",
        tables=_MONEY, limit=4, unit="days", measure=measuring.rise_of("overdrawn_days"),
    ),
    Signal(
        name="declined_payments", words="{value} payment{s} declined more than usual", origin=Origin.ACCOUNT,
        direction="rises", sentence="More payments are declined than used to be.",
        how="Declined payments of the month less the median of the twelve looks before.",
        tables=_MONEY, limit=3, unit="count", measure=measuring.rise_of("declined"),
    ),
    Signal(
        name="cash_withdrawn", words="cash withdrawn rose by {value} spread{s}", origin=Origin.ACCOUNT,
        direction="rises", sentence="Much more cash is withdrawn than used to be.", how=_OWN_PEERS,
        tables=_MONEY, limit=3.0, unit="spreads", measure=measuring.rise_in_spreads("cash"),
    ),
    Signal(
        name="late_now", words="{value} day{s} past due", origin=Origin.CREDIT, direction="rises",
        sentence="An instalment is unpaid five days after it fell due.",
        how="Days past due of the credit that is latest.", tables=_CREDIT, limit=5, unit="days",
        measure=measuring.as_is("days_past_due"),
    ),
    Signal(
        name="late_often", words="fell behind {value} time{s} in a year", origin=Origin.CREDIT,
        direction="rises", sentence="A credit fell behind several times in a year.",
        how="Times in the last twelve months that the worst credit was five or more days past due, from when "
        "it fell behind until it was seen in time again.",
        tables=_CREDIT, limit=2, unit="count", measure=measuring.as_is("late_year"),
    ),
    Signal(
        name="line_drawn", words="the drawn share of lines rose by {value}", origin=Origin.CREDIT,
        direction="rises", sentence="More of the credit lines is drawn than three months ago.",
        how="Drawn share of all lines less that of three looks before.", tables=_CREDIT, limit=0.15,
        unit="share", measure=measuring.line_rise,
    ),
    Signal(
        name="cash_advances", words="{value} drawing{s} in half a year", origin=Origin.CREDIT,
        direction="rises", sentence="The line is used for cash again and again.",
        how="Drawings of the last six months.", tables=_CREDIT, limit=3, unit="count",
        measure=measuring.as_is("drawings"),
    ),
    Signal(
        name="minimum_only", words="only minimum instalments for half a year", origin=Origin.CREDIT,
        direction="changes", sentence="A line is paid with minimum instalments only and does not fall.",
        how="1 where no more was paid than fell due in six months and what is drawn is not less than then.",
        tables=_CREDIT, limit=1, unit="flag", measure=measuring.minimum_only,
    ),
    Signal(
        name="restructured", words="restructured within a year", origin=Origin.CREDIT, direction="changes",
        sentence="A credit was restructured within a year.", how="Restructurings of the last twelve months.",
        tables=_CREDIT, limit=1, unit="count", measure=measuring.as_is("restructured"),
    ),
    Signal(
        name="burden", words="instalments take {value} of what is received", origin=Origin.CREDIT,
        direction="rises", sentence="Instalments take half of the income.",
        how="Instalments over the median of what was received in the last six months.",
        tables=(*_CREDIT, *_MONEY), limit=0.5, unit="share", measure=measuring.burden,
    ),
    Signal(
        name="enquiries", words="enquiries elsewhere in half a year: {value}", origin=Origin.ELSEWHERE,
        direction="rises", sentence="Other institutions asked for a report several times.",
        how="Enquiries of the last six months, as last reported.", tables=_BUREAU, limit=3, unit="count",
        measure=measuring.reported("enquiries"),
    ),
    Signal(
        name="overdue_elsewhere", words="{value} loan{s} elsewhere overdue", origin=Origin.ELSEWHERE,
        direction="rises", sentence="Another lender reported an overdue loan.",
        how="Overdue items of the last twelve months, as last reported.", tables=_BUREAU, limit=1,
        unit="count", measure=measuring.reported("overdue"),
    ),
    Signal(
        name="new_loans_elsewhere", words="{value} new loan{s} elsewhere", origin=Origin.ELSEWHERE,
        direction="rises", sentence="Other lenders granted loans.",
        how="Loans issued elsewhere in the last six months, as last reported.", tables=_BUREAU, limit=1,
        unit="count", measure=measuring.reported("new_loans"),
    ),
    Signal(
        name="refused", words="refused credit {value} time{s} within a year", origin=Origin.ELSEWHERE,
        direction="rises", sentence="The bank itself declined a request for credit.",
        how="Requests declined in the last twelve months.", tables=("credit_application",), limit=1,
        unit="count", measure=measuring.as_is("refused"),
    ),
    Signal(
        name="moved", words="a change of address", origin=Origin.PERSON, direction="changes",
        sentence="The customer moved: a change of address at the bureau, or another region here.",
        how="Changes reported in six months, or another region than six looks before.",
        tables=(*_BUREAU, "customer"), limit=1, unit="count", measure=measuring.changed("moves", "region"),
    ),
    Signal(
        name="changed_employer", words="a change of employer", origin=Origin.PERSON, direction="changes",
        sentence="The customer works elsewhere, or lost the job.",
        how="Changes reported in six months, or another employer than six looks before.",
        tables=(*_BUREAU, "customer"), limit=1, unit="count", measure=measuring.changed("jobs", "employer"),
    ),
    Signal(
        name="guarantor_in_trouble", words="the guarantor is or was {value} days past due",
        origin=Origin.CONNECTED, direction="rises",
        sentence="Who guarantees for the customer fell behind with credits of their own.",
        how="Most days past due of any guarantor in the last twelve looks.", limit=30, unit="days",
        tables=("party_link", *_CREDIT), measure=measuring.trouble_of("guarantor"),
    ),
    Signal(
        name="guaranteed_in_trouble", words="somebody guaranteed for is or was {value} days past due",
        origin=Origin.CONNECTED, direction="rises",
        sentence="Somebody the customer guarantees for fell behind.",
        how="Most days past due of anybody guaranteed for in the last twelve looks.", limit=30, unit="days",
        tables=("party_link", *_CREDIT), measure=measuring.trouble_of("guaranteed"),
    ),
    Signal(
        name="household_in_trouble", words="somebody of the household is or was {value} days past due",
        origin=Origin.CONNECTED, direction="rises", sentence="Somebody of the household fell behind.",
        how="Most days past due of any member in the last twelve looks.", limit=30, unit="days",
        tables=("party_link", *_CREDIT), measure=measuring.trouble_of("household"),
    ),
    Signal(
        name="company_in_trouble", words="the company or its owner is or was {value} days past due",
        origin=Origin.CONNECTED, direction="rises",
        sentence="A company the customer owns, or the owner of the company, fell behind.",
        how="Most days past due of either in the last twelve looks.", limit=30, unit="days",
        tables=("party_link", *_CREDIT), measure=measuring.trouble_of("owner", "owned company"),
    ),
    Signal(
        name="shared_in_trouble", words="who shares phone, device or address is or was {value} days past due",
        origin=Origin.CONNECTED, direction="rises",
        sentence="Somebody with the same phone, device or address on a form fell behind.",
        how="Most days past due of any of them in the last twelve looks.", limit=30, unit="days",
        tables=("party_link", *_CREDIT), measure=measuring.trouble_of("shared"),
    ),
    Signal(
        name="colleagues_unpaid", words="{value} of the colleagues have no wage or a late one",
        origin=Origin.CONNECTED, direction="rises",
        sentence="Several customers of the same employer lost their wage or got it late.",
        how="Share of the other customers of the employer (at least two) with no or a late wage.",
        tables=("customer", *_MONEY), limit=0.4, unit="share", measure=measuring.colleagues_unpaid,
    ),
    Signal(
        name="employer_in_trouble", words="the employer's takings fell by {value}", origin=Origin.CONNECTED,
        direction="falls", sentence="The employer, a customer too, has falling takings.",
        how="Share of the takings lost by any employer among the links.", limit=0.35, unit="share",
        tables=("party_link", *_MONEY), measure=measuring.employer_takings,
    ),
    Signal(
        name="sector_down", words="{value} of the companies of the industry lost takings",
        origin=Origin.SURROUNDINGS, direction="rises", sentence="Takings fall across the industry.",
        how="Share of the other companies of the industry (at least five) that lost a third of takings.",
        tables=("company", *_MONEY), limit=0.3, unit="share", measure=measuring.sector_down,
    ),
    Signal(
        name="region_unemployment", words="unemployment of the region rose by {value}",
        origin=Origin.SURROUNDINGS, direction="rises", sentence="Unemployment rises in the region.",
        how="Newest known figure less that of about half a year before.", tables=("region", "customer"),
        limit=0.003, unit="share", measure=measuring.as_is("unemployment_rise"),
    ),
)  # fmt: skip


def said(signal: Signal, value: float) -> str:
    """The signal of one customer in words."""
    if signal.unit == "share":
        shown = f"{value:.1%}" if value < 0.05 else f"{value:.0%}"
    elif signal.unit == "spreads":
        shown = f"{min(value, 99):.0f}"
    else:
        shown = f"{value:.0f}"
    return signal.words.format(value=shown, s="" if shown == "1" else "s")

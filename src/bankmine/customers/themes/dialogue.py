"""What customers do on screens and say, how they answer, and how they repay."""

from __future__ import annotations

from bankmine.customers.feature import Direction, Feature
from bankmine.customers.themes import Measure, observed
from bankmine.windows import events

THEME = "dialogue"
CLOSER, FARTHER, RISKIER = Direction.CLOSER, Direction.FARTHER, Direction.RISKIER
digital = events("digital_event")
complaints = events("interaction").where(kind="complaint")
contacts = events("contact").where(arm="treated")
dues = events("loan_event").measure("days_past_due")


def _features() -> list[Feature]:
    steps = [
        Measure("count", "digital_count", "Number of steps in the app or on the site", CLOSER),
        Measure("active_days", "digital_days_count", "Number of days in the app or on the site", CLOSER),
    ]
    last_seen = [
        Measure("recency", "digital_days_since_last", "Days since the last step on a screen", FARTHER)
    ]
    said = [Measure("count", "complaints_count", "Number of complaints", FARTHER)]
    said_last = [Measure("recency", "complaint_days_since_last", "Days since the last complaint")]
    sent = [Measure("count", "contacts_count", "Number of campaign contacts")]
    sent_last = [Measure("recency", "contact_days_since_last", "Days since the last campaign contact")]
    late = [Measure("max", "days_past_due_max", "Most days past due on any loan", RISKIER)]
    return [
        *observed(THEME, digital, steps, over=("1mo", "3mo")),
        *observed(THEME, digital, last_seen, over=("all",)),
        *observed(THEME, complaints, said, over=("3mo", "12mo")),
        *observed(THEME, complaints, said_last, over=("all",)),
        *observed(THEME, contacts, sent, over=("1mo", "3mo")),
        *observed(THEME, contacts, sent_last, over=("all",)),
        *observed(THEME, dues, late, over=("3mo", "12mo")),
    ]


FEATURES = tuple(_features())

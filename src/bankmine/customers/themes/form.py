"""How an application was filled in, and how often others gave the same phone, device, address or employer."""

from __future__ import annotations

from bankmine.customers.computed.form import DAYS
from bankmine.customers.computed.links_in_time import KEYS
from bankmine.customers.feature import Computed, Direction, Feature, Need

THEME, PROVIDER, APPLICATION = "form", "form", "application"
RISKIER, NONE = Direction.RISKIER, Direction.NONE
_FORM = Need(table="credit_application")
_SESSION = (Need(table="credit_application", columns=("session_id",)),
            Need(table="digital_event", columns=("session_id", "duration_ms")))  # fmt: skip
_DEVICE = (Need(table="credit_application", columns=("device_id",)),
           Need(table="digital_event", columns=("device_id",)))  # fmt: skip
_COUNTRY = (Need(table="credit_application", columns=("ip_country",)),
            Need(table="digital_event", columns=("ip_country",)))  # fmt: skip
_FROM = Need(table="credit_application", columns=("ip_country",))
_RECORD = (_FROM, Need(table="customer_identity"))
_EMPLOYER = (Need(table="credit_application", columns=("employer_id",)),
             Need(table="customer", columns=("employer_id",)))  # fmt: skip
_SAME_SESSION = (Need(table="credit_application", columns=("session_id",), everyone=True),)
_COLUMNS = (
    ("fields", "fields", "Fields filled in by the cutoff in the application's session.", NONE, _SESSION),
    ("pasted_share", "share", "Share of these that were pasted.", RISKIER, _SESSION),
    ("edited_share", "share", "Share of these that were edited again.", RISKIER, _SESSION),
    ("seconds_a_field", "seconds", "Mean time a typed or edited field took.", NONE, _SESSION),
    ("seconds_a_page", "seconds", "Mean time on a page of the form before it was left.", NONE, _SESSION),
    ("fastest_field_seconds", "seconds", "Time the quickest typed or edited field took.", NONE, _SESSION),
    ("seconds_to_form_sent", "seconds", "Time from the first step to sending, if sent by the cutoff.",
     NONE, _SESSION),
    ("device_new", "flag", "1 where the device was not the customer's in the year before, else 0.",
     RISKIER, _DEVICE),
    ("device_days", "days", "Days since the customer was first seen on it, in a year.", NONE, _DEVICE),
    ("country_away", "flag", "1 where the form came from another country than usual.",
     RISKIER, _COUNTRY),
    ("country_off_home", "flag", "1 where the form came from another country than the bank's own, else 0.",
     RISKIER, (_FROM,)),
    ("country_off_record", "flag",
     "1 where it came from another country than telephone and address on record, else 0.", RISKIER, _RECORD),
    ("session_applications", "applications", "Earlier applications from the same session.", RISKIER,
     _SAME_SESSION),
    ("employer_differs", "flag", "1 where the form names another employer than the record, else 0.",
     RISKIER, _EMPLOYER),
    ("hour", "hour", "Civil hour of the application.", NONE, (_FORM,)),
)  # fmt: skip


def _feature(name: str, column: str, unit: str, sentence: str, direction: Direction, needs: tuple[Need, ...],
             window: str | None = None) -> Feature:  # fmt: skip
    return Feature(
        name=name, theme=THEME, unit=unit, sentence=sentence, direction=direction, subject=APPLICATION,
        credit_only=True, source=Computed(PROVIDER, column, needs), window=window,
    )  # fmt: skip


def _velocity(kind: str, key: str, days: int) -> Feature:
    length = "day" if days == 1 else f"{days} days"
    return _feature(
        f"velocity_{kind}_{days}d", f"velocity_{kind}_{days}d", "applications",
        f"Applications of other customers with the same {kind} in the {length} before.", RISKIER,
        (Need(table="credit_application", columns=(key,), everyone=True),), f"{days}d",
    )  # fmt: skip


FEATURES = (
    *(_feature(f"form_{one[0]}", *one) for one in _COLUMNS),
    *(_velocity(kind, key, days) for kind, key in KEYS.items() for days in DAYS),
)

"""Who a customer is at the cutoff: age, tenure, attributes, region, flags and consent."""

from __future__ import annotations

from bankmine.customers.feature import Calendar, Direction, Feature
from bankmine.customers.themes import derived, versioned

THEME = "person"
RISKIER = Direction.RISKIER
_ATTRIBUTES = (
    ("kind", "Person or company."), ("gender", "Gender as the bank holds it."),
    ("region_id", "Region the customer lives in."), ("branch_id", "Branch that looks after the customer."),
    ("occupation", "Occupation."), ("income_band", "Band of income as the bank defines it."),
    ("education", "Highest education."), ("marital", "Marital status."),
    ("risk_class", "Risk class as the bank holds it."),
)  # fmt: skip
_FIGURES = (
    ("population", "persons", "Inhabitants of the customer's region."),
    ("urban_share", "share", "Share of the region's inhabitants living in towns."),
    ("average_wage_minor", "minor units", "Average monthly wage in the customer's region."),
    ("unemployment", "share", "Unemployment rate of the customer's region."),
    ("entrepreneurs_per_1000", "persons", "Entrepreneurs among 1,000 inhabitants of the customer's region."),
    ("crimes", "crimes", "Crimes committed in the customer's region in the period of the figures."),
)
_FLAGS = (
    ("arrears", "arrears", RISKIER), ("fraud_hold", "a hold for fraud", RISKIER),
    ("complaint_open", "an open complaint", Direction.FARTHER),
    ("deceased", "death", Direction.FARTHER),
    ("vulnerable", "vulnerability", Direction.NONE),
)  # fmt: skip


def _relation() -> list[Feature]:
    return [
        versioned(
            THEME, "age", "max(year(asked_day) - birth_year)", relation="customer",
            columns=["customer.birth_year"], unit="years",
            sentence="Year of the cutoff less the year of birth.",
        ),
        versioned(
            THEME, "tenure", "max(asked_day - since)", relation="customer", columns=["customer.since"],
            unit="days", direction=Direction.CLOSER, sentence="Days since the relation with the bank began.",
        ),
        versioned(
            THEME, "company_employees", "max(employees)", relation="company", columns=["company.employees"],
            unit="persons", sentence="Number of employees of a customer that is a company.",
        ),
        versioned(
            THEME, "company_turnover", "max(turnover_minor)", relation="company",
            columns=["company.turnover_minor"], unit="minor units",
            sentence="Yearly turnover of a customer that is a company.",
        ),
    ]  # fmt: skip


def _attributes() -> list[Feature]:
    return [
        versioned(
            THEME, f"customer_{column}", f"max({column})", relation="customer", unit="code",
            columns=[f"customer.{column}"], sentence=sentence,
        )
        for column, sentence in _ATTRIBUTES
    ]  # fmt: skip


def _region() -> list[Feature]:
    made = []
    for column, unit, sentence in _FIGURES:
        name = "region_" + column.removesuffix("_minor")
        columns = [f"region.{column}", "customer.region_id"]
        made.append(
            versioned(
                THEME,
                name,
                f"max({column})",
                relation="region",
                columns=columns,
                unit=unit,
                sentence=sentence,
            )
        )
    made.append(
        derived(
            THEME, "region_crimes_per_head", "ratio", ["region_crimes", "region_population"],
            unit="crimes a person",
            sentence="Crimes for each inhabitant of the customer's region in the period of the figures.",
        )
    )  # fmt: skip
    return made


def _states() -> list[Feature]:
    made = [
        versioned(
            THEME, f"flag_{flag}", f"count(*) FILTER (flag = '{flag}')", relation="customer_flag", zero=True,
            columns=["customer_flag.flag"], unit="flags", direction=direction,
            sentence=f"1 where the customer is flagged for {words} at the cutoff, else 0.",
        )
        for flag, words, direction in _FLAGS
    ]  # fmt: skip
    made += [
        versioned(
            THEME, f"consent_{purpose}", _given(purpose), relation="consent", zero=True, unit="consents",
            columns=["consent.purpose", "consent.given_at"],
            sentence=f"1 where the customer allows {words} by any channel at the cutoff, else 0.",
        )
        for purpose, words in (("marketing", "marketing"), ("profiling", "profiling"))
    ]  # fmt: skip
    made.append(
        versioned(
            THEME, "relation_closed", "least(1, count(closed_on))", relation="customer", unit="customers",
            columns=["customer.closed_on"], direction=Direction.FARTHER,
            sentence="1 where the customer had ended the relation by the cutoff, else 0.",
        )
    )  # fmt: skip
    return made


def _given(purpose: str) -> str:
    return (
        f"least(1, count(*) FILTER (purpose = '{purpose}' AND given_at IS NOT NULL "
        "AND withdrawn_at IS NULL AND expires_at IS NULL))"
    )


def _calendar() -> list[Feature]:
    return [
        Feature(
            name="cutoff_month", theme=THEME, unit="month of the year", source=Calendar("month"),
            sentence="Month of the year in which the cutoff lies, 1 to 12.",
        )
    ]  # fmt: skip


FEATURES = (*_relation(), *_attributes(), *_region(), *_states(), *_calendar())

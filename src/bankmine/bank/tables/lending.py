"""Loans, what happens to them, collateral, applications and what the credit bureau reports."""

from dataclasses import replace

from bankmine.bank.columns import Kind, Personal, Projection, Table
from bankmine.bank.tables import (
    account_id, boolean, code, customer_id, date, instant, integer, key, money, product_code, real, secret,
)  # fmt: skip

ATTRIBUTE = Personal.ATTRIBUTE
BEHAVIOUR = Personal.BEHAVIOUR
loan_id = key(
    name="loan_id", domain="loan", references="loan", required=True,
    personal=Personal.IDENTIFIER, sentence="Pseudonym of the loan.",
)  # fmt: skip

TABLES = (
    Table(
        name="loan", kind=Kind.VERSIONED, primary_key=("loan_id",), sentence="A loan granted.",
        columns=(
            replace(loan_id, references=None),
            account_id(required=False),
            customer_id(),
            date(name="granted_on", required=True, sentence="Day of granting."),
            money(name="principal_minor", required=True, minimum=0, sentence="Amount lent."),
            integer(name="term_months", unit="months", minimum=1, sentence="Agreed term."),
            money(name="instalment_minor", minimum=0, sentence="Agreed instalment."),
            real(name="rate", unit="per year", sentence="Agreed rate."),
            code(name="status", personal=Personal.FINANCIAL, sentence="Status as known when the version was written.",
                 allowed=("running", "running_in_debt", "finished", "finished_unpaid", "written_off")),
        ),
    ),
    Table(
        name="loan_event", kind=Kind.EVENT, primary_key=("loan_event_id",), sentence="Something that happened to a loan.",
        projections=(Projection("loan_id", ("kind", "amount_minor", "principal_after_minor", "days_past_due")),),
        columns=(
            key(name="loan_event_id", domain="loan_event", required=True, sentence="Token of the event."),
            loan_id,
            customer_id(),
            code(name="kind", required=True, sentence="What happened.",
                 allowed=("disbursed", "drawn", "due", "paid", "prepaid", "restructured", "written_off", "recovered")),
            money(name="amount_minor", sentence="Amount."),
            money(name="principal_after_minor", minimum=0, sentence="Principal left."),
            date(name="due_next_on", sentence="Next due day."),
            money(name="due_next_minor", minimum=0, sentence="Amount due then."),
            integer(name="days_past_due", unit="days", minimum=0, sentence="Days past due after the event."),
        ),
    ),
    Table(
        name="collateral", kind=Kind.VERSIONED, primary_key=("loan_id", "kind"), sentence="What secures a loan.",
        columns=(
            loan_id,
            code(name="kind", required=True, sentence="Kind of collateral."),
            money(name="value_minor", required=True, minimum=0, sentence="Value."),
            date(name="valued_on", sentence="Day of the valuation."),
            integer(name="lien_rank", minimum=1, sentence="Rank of the lien."),
        ),
    ),
    Table(
        name="credit_application", kind=Kind.EVENT, primary_key=("application_id",), sentence="A request for credit.",
        columns=(
            key(name="application_id", domain="application", required=True, sentence="Token of the application."),
            customer_id(),
            product_code(),
            money(name="amount_minor", required=True, minimum=0, sentence="Amount asked for."),
            integer(name="term_months", unit="months", minimum=1, sentence="Term asked for."),
            money(name="stated_income_minor", minimum=0, sentence="Monthly income as stated."),
            key(name="employer_id", domain="employer", personal=ATTRIBUTE, sentence="Token of the employer as stated."),
            secret(name="purpose_text", personal=Personal.FREE_TEXT, sentence="Purpose in the applicant's words."),
            code(name="channel", personal=BEHAVIOUR, sentence="Channel."),
            key(name="session_id", domain="session", personal=BEHAVIOUR, sentence="Token of the session the form was filled in."),
            code(name="ip_country", personal=Personal.LOCATION, sentence="Country of the internet address."),
            key(name="phone", domain="phone", personal=Personal.CONTACT, sentence="Token of the telephone number."),
            key(name="device_id", domain="device", personal=Personal.IDENTIFIER, sentence="Token of the device."),
            key(name="address_id", domain="address", personal=Personal.CONTACT, sentence="Token of the address."),
            code(name="decision", known_by="decided_at", sentence="What was decided.", allowed=("approved", "declined", "withdrawn")),
            instant(name="decided_at", sentence="When it was decided."),
            boolean(name="bad", known_by="bad_known_at", personal=Personal.FINANCIAL, sentence="Whether the credit went bad."),
            instant(name="bad_known_at", sentence="When that became known."),
        ),
    ),
    Table(
        name="bureau_report", kind=Kind.EVENT, primary_key=("report_id",), sentence="A report drawn from the credit bureau.",
        columns=(
            key(name="report_id", domain="bureau_report", required=True, sentence="Token of the report."),
            customer_id(),
            code(name="reason", sentence="Why it was drawn."),
            code(name="consent_id", sentence="Consent it rests on."),
        ),
    ),
    Table(
        name="bureau_event", kind=Kind.EVENT, primary_key=("bureau_event_id",), sentence="One dated item of a bureau report.",
        columns=(
            key(name="bureau_event_id", domain="bureau_event", required=True, sentence="Token of the item."),
            customer_id(),
            key(name="report_id", domain="bureau_report", references="bureau_report", sentence="Report it came with."),
            key(name="institution_id", domain="institution", sentence="Token of the institution."),
            code(name="institution_kind", sentence="Kind of institution."),
            key(name="facility_id", domain="facility", sentence="Token of the credit facility."),
            code(name="kind", required=True, sentence="What happened.",
                 allowed=("enquiry", "loan_issued", "repaid", "overdue", "address_change", "employer_change", "provident_fund_change")),
            code(name="reason", sentence="Reason given."),
            money(name="amount_minor", sentence="Amount."),
        ),
    ),
)  # fmt: skip

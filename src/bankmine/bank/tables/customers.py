"""Who the bank deals with: customers, their identity, flags, consents, and prospects."""

from bankmine.bank.columns import Kind, Personal, Table
from bankmine.bank.tables import code, customer_id, date, instant, integer, key, money, secret

ATTRIBUTE = Personal.ATTRIBUTE

TABLES = (
    Table(
        name="customer", kind=Kind.VERSIONED, primary_key=("customer_id",),
        sentence="A person or company that has or had a relation with the bank.",
        columns=(
            customer_id(references=None),
            code(name="kind", allowed=("person", "company"), required=True, sentence="Person or company."),
            integer(name="birth_year", unit="year", minimum=1850, maximum=2100, personal=ATTRIBUTE, sentence="Year of birth of a person."),
            code(name="gender", allowed=("female", "male", "other"), personal=ATTRIBUTE, sentence="Gender as the bank holds it."),
            code(name="region_id", references="region", personal=ATTRIBUTE, sentence="Region of residence."),
            code(name="branch_id", references="branch", sentence="Branch that looks after the customer."),
            code(name="manager_id", sentence="Relationship manager."),
            code(name="occupation", personal=ATTRIBUTE, sentence="Occupation."),
            code(name="income_band", personal=ATTRIBUTE, sentence="Band of income as the bank defines it."),
            code(name="education", personal=ATTRIBUTE, sentence="Highest education."),
            code(name="marital", personal=ATTRIBUTE, sentence="Marital status."),
            key(name="employer_id", domain="employer", personal=ATTRIBUTE, sentence="Token of the employer."),
            date(name="since", sentence="First day of the relation."),
            date(name="closed_on", sentence="Last day of the relation; empty while it lasts."),
            code(name="risk_class", personal=ATTRIBUTE, sentence="Risk class for suitability or money laundering."),
        ),
    ),
    Table(
        name="company", kind=Kind.VERSIONED, primary_key=("customer_id",),
        sentence="What is known of a customer that is a company.",
        columns=(
            customer_id(),
            code(name="industry", sentence="Industry code."),
            code(name="legal_form", sentence="Legal form."),
            integer(name="employees", unit="persons", minimum=0, sentence="Number of employees."),
            money(name="turnover_minor", sentence="Yearly turnover."),
            date(name="registered_on", sentence="Day of registration."),
            key(name="parent_id", domain="customer", sentence="Pseudonym of the parent company."),
        ),
    ),
    Table(
        name="customer_identity", kind=Kind.VERSIONED, primary_key=("customer_id",),
        sentence="Who the customer really is, encrypted with a key of the person's own.",
        columns=(
            customer_id(),
            secret(name="name", personal=Personal.IDENTIFIER, sentence="Name."),
            secret(name="national_id", personal=Personal.IDENTIFIER, sentence="National identity or birth number."),
            secret(name="phone", personal=Personal.CONTACT, sentence="Telephone number."),
            secret(name="email", personal=Personal.CONTACT, sentence="E-mail address."),
            secret(name="address", personal=Personal.CONTACT, sentence="Postal address."),
        ),
    ),
    Table(
        name="customer_flag", kind=Kind.VERSIONED, primary_key=("customer_id", "flag"),
        sentence="A state that restrains what may be done with a customer.",
        columns=(
            customer_id(),
            code(name="flag", required=True, personal=ATTRIBUTE, sentence="The flag.",
                 allowed=("arrears", "fraud_hold", "complaint_open", "deceased", "vulnerable")),
        ),
    ),
    Table(
        name="consent", kind=Kind.VERSIONED, primary_key=("customer_id", "purpose", "channel"),
        sentence="What a customer allows the bank to do, by purpose and channel.",
        columns=(
            customer_id(),
            code(name="purpose", required=True, allowed=("marketing", "profiling", "bureau", "partner_data"), sentence="Purpose of the use."),
            code(name="channel", required=True, sentence="Channel the consent is for; `any` for all."),
            instant(name="given_at", sentence="When it was given."),
            instant(name="withdrawn_at", sentence="When it was withdrawn."),
            instant(name="expires_at", sentence="When it ends by itself."),
        ),
    ),
    Table(
        name="prospect", kind=Kind.VERSIONED, primary_key=("prospect_id",),
        sentence="A person or company that may become a customer.",
        columns=(
            key(name="prospect_id", domain="prospect", required=True, personal=Personal.IDENTIFIER, sentence="Pseudonym of the prospect."),
            code(name="source", sentence="Where the prospect came from."),
            integer(name="birth_year", unit="year", minimum=1850, maximum=2100, personal=ATTRIBUTE, sentence="Year of birth from the form."),
            code(name="gender", allowed=("female", "male", "other"), personal=ATTRIBUTE, sentence="Gender from the form."),
            code(name="region_id", references="region", personal=ATTRIBUTE, sentence="Region from the form."),
            code(name="occupation", personal=ATTRIBUTE, sentence="Occupation from the form."),
            code(name="income_band", personal=ATTRIBUTE, sentence="Income band from the form."),
            code(name="education", personal=ATTRIBUTE, sentence="Education from the form."),
            code(name="marital", personal=ATTRIBUTE, sentence="Marital status from the form."),
            key(name="employer_id", domain="employer", personal=ATTRIBUTE, sentence="Token of the employer from the form."),
            code(name="consent", sentence="Purposes consented to on the form; `none` for none."),
        ),
    ),
)  # fmt: skip

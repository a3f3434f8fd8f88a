"""What the bank offers and where: branches, regions, products, offers, campaigns, calendar, prices."""

from bankmine.bank.columns import Kind, Table
from bankmine.bank.tables import boolean, code, date, integer, money, product_code, real

PRODUCT_FAMILIES = ("current", "savings", "deposit", "card", "loan", "mortgage", "insurance", "fund")

TABLES = (
    Table(
        name="branch", kind=Kind.REFERENCE, primary_key=("branch_id",), sentence="A branch of the bank.",
        columns=(
            code(name="branch_id", required=True, sentence="Code of the branch."),
            code(name="name", sentence="Name."),
            code(name="region_id", references="region", sentence="Region the branch lies in."),
        ),
    ),
    Table(
        name="region", kind=Kind.REFERENCE, primary_key=("region_id", "period_from"),
        sentence="A region with its figures, one row a period.",
        columns=(
            code(name="region_id", required=True, sentence="Code of the region."),
            date(name="period_from", required=True, sentence="First day the figures speak of."),
            date(name="period_to", sentence="Day after the last day the figures speak of."),
            code(name="name", sentence="Name."),
            code(name="province", sentence="Larger region it belongs to."),
            integer(name="population", unit="persons", minimum=0, sentence="Inhabitants."),
            real(name="urban_share", unit="share", minimum=0, maximum=1, sentence="Share of inhabitants living in towns."),
            money(name="average_wage_minor", personal=None, sentence="Average monthly wage."),
            real(name="unemployment", unit="share", minimum=0, maximum=1, sentence="Unemployment rate."),
            integer(name="entrepreneurs_per_1000", unit="persons", minimum=0, sentence="Entrepreneurs among 1,000 inhabitants."),
            integer(name="crimes", unit="crimes", minimum=0, sentence="Crimes committed in the period."),
        ),
    ),
    Table(
        name="product", kind=Kind.REFERENCE, primary_key=("product_code",), sentence="A product the bank sells.",
        columns=(
            code(name="product_code", required=True, sentence="Code of the product."),
            code(name="name", sentence="Name."),
            code(name="family", required=True, allowed=PRODUCT_FAMILIES, sentence="Family of the product."),
            integer(name="risk_class", minimum=1, maximum=7, sentence="Risk class, 1 (low) to 7."),
        ),
    ),
    Table(
        name="offer", kind=Kind.REFERENCE, primary_key=("offer_id",), sentence="An offer that can be made to a customer.",
        columns=(
            code(name="offer_id", required=True, sentence="Code of the offer."),
            product_code(required=True),
            code(name="channel", sentence="Channel it goes through."),
            money(name="cost_minor", personal=None, minimum=0, sentence="Cost of making it once."),
            code(name="eligibility_rule", sentence="SQL condition over the snapshot."),
        ),
    ),
    Table(
        name="campaign", kind=Kind.REFERENCE, primary_key=("campaign_id",), sentence="A campaign.",
        columns=(
            code(name="campaign_id", required=True, sentence="Code of the campaign."),
            code(name="goal", sentence="What it is to achieve."),
            date(name="starts_on", sentence="First day."),
            date(name="ends_on", sentence="Last day."),
            money(name="budget_minor", personal=None, minimum=0, sentence="Budget."),
        ),
    ),
    Table(
        name="calendar", kind=Kind.REFERENCE, primary_key=("day",), sentence="The bank's calendar.",
        columns=(
            date(name="day", required=True, sentence="Civil day."),
            boolean(name="is_business_day", required=True, sentence="Whether the bank works on that day."),
            code(name="holiday", sentence="Name of the holiday."),
        ),
    ),
    Table(
        name="rate_history", kind=Kind.VERSIONED, primary_key=("product_code",),
        sentence="Rates and fees of a product in the course of time.",
        columns=(
            product_code(required=True),
            real(name="customer_rate", unit="per year", sentence="Rate paid to or by the customer."),
            real(name="transfer_rate", unit="per year", sentence="Internal rate of the bank's treasury."),
            money(name="fee_minor", personal=None, sentence="Fee a month."),
        ),
    ),
    Table(
        name="channel_cost", kind=Kind.VERSIONED, primary_key=("channel",), sentence="What one contact or booking costs by channel.",
        columns=(
            code(name="channel", required=True, sentence="Channel."),
            money(name="unit_cost_minor", personal=None, minimum=0, sentence="Cost of one use."),
        ),
    ),
)  # fmt: skip

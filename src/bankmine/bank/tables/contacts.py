"""What customers do and say, what the bank says to them, and how they are linked."""

from bankmine.bank.columns import Kind, Personal, Table
from bankmine.bank.tables import (
    code, customer_id, instant, integer, key, money, product_code, real, secret,
)  # fmt: skip

BEHAVIOUR = Personal.BEHAVIOUR
LINKS = ("phone", "device", "address", "employer", "guarantor", "household", "owner")

TABLES = (
    Table(
        name="digital_event", kind=Kind.EVENT, primary_key=("digital_event_id",), sentence="A step in the app or on the site.",
        columns=(
            key(name="digital_event_id", domain="digital_event", required=True, sentence="Token of the step."),
            customer_id(required=False),
            key(name="prospect_id", domain="prospect", references="prospect", personal=Personal.IDENTIFIER, sentence="Prospect, where not a customer."),
            code(name="channel", personal=BEHAVIOUR, sentence="App or web."),
            code(name="event", required=True, personal=BEHAVIOUR, sentence="What was done."),
            code(name="page", personal=BEHAVIOUR, sentence="Where."),
            product_code(),
            key(name="session_id", domain="session", personal=BEHAVIOUR, sentence="Token of the session."),
            key(name="device_id", domain="device", personal=Personal.IDENTIFIER, sentence="Token of the device."),
            code(name="ip_country", personal=Personal.LOCATION, sentence="Country of the internet address."),
            integer(name="duration_ms", unit="milliseconds", minimum=0, sentence="How long it took."),
        ),
    ),
    Table(
        name="interaction", kind=Kind.EVENT, primary_key=("interaction_id",), sentence="Something a customer told the bank.",
        columns=(
            key(name="interaction_id", domain="interaction", required=True, sentence="Token of the interaction."),
            customer_id(),
            key(name="thread_id", domain="thread", sentence="Token of the conversation."),
            code(name="channel", personal=BEHAVIOUR, sentence="Channel."),
            code(name="kind", required=True, allowed=("complaint", "survey", "call", "chat", "post"), sentence="Kind."),
            code(name="language", sentence="Language, ISO 639-1."),
            secret(name="text", personal=Personal.FREE_TEXT, sentence="What was said."),
            real(name="rating", sentence="Rating given."),
            real(name="scale_min", sentence="Lowest rating of the scale."),
            real(name="scale_max", sentence="Highest rating of the scale."),
            code(name="topic", sentence="Topic."),
            product_code(),
            code(name="branch_id", references="branch", sentence="Branch concerned."),
            instant(name="resolved_at", sentence="When it was settled."),
        ),
    ),
    Table(
        name="contact", kind=Kind.EVENT, primary_key=("contact_id",), sentence="One contact of a campaign, or its control.",
        columns=(
            key(name="contact_id", domain="contact", required=True, sentence="Token of the contact."),
            customer_id(),
            code(name="campaign_id", references="campaign", sentence="Campaign."),
            code(name="offer_id", references="offer", sentence="Offer."),
            code(name="channel", sentence="Channel."),
            code(name="arm", allowed=("treated", "control"), sentence="Arm of the experiment."),
            real(name="propensity", minimum=0, maximum=1, unit="probability", sentence="Probability with which the arm was drawn."),
            key(name="decision_id", domain="decision", sentence="Decision behind it."),
            money(name="cost_minor", personal=None, minimum=0, sentence="Cost."),
            code(name="response", known_by="responded_at", personal=BEHAVIOUR, sentence="What the customer answered."),
            instant(name="responded_at", sentence="When."),
            money(name="revenue_minor", known_by="responded_at", sentence="Revenue that followed."),
        ),
    ),
    Table(
        name="party_link", kind=Kind.VERSIONED, primary_key=("from_id", "to_id", "kind"), sentence="Two parties that share or owe something.",
        columns=(
            key(name="from_id", domain="customer", required=True, personal=Personal.IDENTIFIER, sentence="One side."),
            key(name="to_id", domain="customer", required=True, personal=Personal.IDENTIFIER, sentence="The other side."),
            code(name="kind", required=True, allowed=LINKS, sentence="Kind of link."),
        ),
    ),
    Table(
        name="series", kind=Kind.EVENT, primary_key=("series_id", "entity_id", "event_time"), sentence="A value of a macro, market or business series.",
        columns=(
            code(name="series_id", required=True, sentence="Code of the series."),
            code(name="entity_kind", sentence="What the entity is."),
            key(name="entity_id", domain="entity", required=True, sentence="Token of what the value is about."),
            real(name="value", required=True, sentence="Value."),
            code(name="unit", sentence="Unit of the value."),
            code(name="frequency", sentence="Frequency."),
        ),
    ),
    Table(
        name="feedback", kind=Kind.EVENT, primary_key=("subject_kind", "subject_id", "label"), sentence="A human's or an investigation's verdict.",
        columns=(
            code(name="subject_kind", required=True, sentence="Kind of subject."),
            key(name="subject_id", domain="transaction", domain_from="subject_kind", required=True, sentence="Token of the subject, in the subject kind's domain."),
            customer_id(required=False),
            code(name="label", required=True, sentence="What was judged: fraud, laundering, a class of complaint."),
            code(name="verdict", required=True, allowed=("confirmed", "refuted"), sentence="The verdict."),
        ),
    ),
)  # fmt: skip

"""What can be permitted, and which role is permitted what: one table, deny by default.

A permission is a `noun:verb`. Rights over the bank's money, its customers and its accounts of people lie
apart: whoever gives roles sees no customer, whoever mines sees no name, and whoever reads the audit changes
nothing.
"""

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    """Everything a route, command or act can ask for, alphabetically."""

    API_TOKENS = "api:tokens"
    AUDIT_READ = "audit:read"
    CHURN_READ = "churn:read"
    CONTACTS_WRITE = "contacts:write"
    CREDIT_DECIDE = "credit:decide"
    CREDIT_READ = "credit:read"
    CUSTOMERS_NOTE = "customers:note"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_UNMASK = "customers:unmask"
    DATA_CARE = "data:care"
    DATA_READ = "data:read"
    FRAUD_READ = "fraud:read"
    FRAUD_WRITE = "fraud:write"
    JOBS_CANCEL = "jobs:cancel"
    JOBS_READ = "jobs:read"
    JOBS_START = "jobs:start"
    LISTS_EXPORT = "lists:export"
    LISTS_READ = "lists:read"
    LISTS_WRITE = "lists:write"
    MEANINGS_SIGN = "meanings:sign"
    MODELS_READ = "models:read"
    MODELS_SIGN = "models:sign"
    OFFERS_DECIDE = "offers:decide"
    OFFERS_READ = "offers:read"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    SCORECARDS_WRITE = "scorecards:write"
    SEGMENTS_READ = "segments:read"
    SEGMENTS_WRITE = "segments:write"
    SESSIONS_END = "sessions:end"
    SETTINGS_READ = "settings:read"
    SETTINGS_WRITE = "settings:write"
    STRATEGIES_WRITE = "strategies:write"
    VALUE_READ = "value:read"
    WARNINGS_READ = "warnings:read"
    WARNINGS_WRITE = "warnings:write"


class Role(StrEnum):
    """What somebody is at the bank; a person may be several."""

    operator = "operator"
    risk_officer = "risk_officer"
    fraud_analyst = "fraud_analyst"
    data_miner = "data_miner"
    database_administrator = "database_administrator"
    auditor = "auditor"
    administrator = "administrator"


_P = Permission
_SELLING = frozenset({_P.CHURN_READ, _P.OFFERS_READ, _P.SEGMENTS_READ, _P.VALUE_READ})
_LISTS = frozenset({_P.LISTS_EXPORT, _P.LISTS_READ, _P.LISTS_WRITE})
_CUSTOMERS = frozenset({_P.CUSTOMERS_NOTE, _P.CUSTOMERS_READ, _P.CUSTOMERS_UNMASK})

ROLES: Mapping[Role, frozenset[Permission]] = {
    Role.operator: _CUSTOMERS
    | _SELLING
    | _LISTS
    | {_P.CONTACTS_WRITE, _P.DATA_READ, _P.MEANINGS_SIGN, _P.MODELS_READ, _P.MODELS_SIGN, _P.OFFERS_DECIDE},
    Role.risk_officer: _CUSTOMERS
    | _LISTS
    | {_P.CREDIT_DECIDE, _P.CREDIT_READ, _P.DATA_READ, _P.JOBS_READ, _P.MEANINGS_SIGN, _P.MODELS_READ}
    | {_P.MODELS_SIGN, _P.SCORECARDS_WRITE, _P.SEGMENTS_READ, _P.STRATEGIES_WRITE, _P.VALUE_READ}
    | {_P.WARNINGS_READ, _P.WARNINGS_WRITE},
    Role.fraud_analyst: _CUSTOMERS
    | _LISTS
    | {_P.CREDIT_READ, _P.DATA_READ, _P.FRAUD_READ, _P.FRAUD_WRITE, _P.MODELS_READ},
    Role.data_miner: _SELLING
    | {_P.CREDIT_READ, _P.CUSTOMERS_READ, _P.DATA_READ, _P.FRAUD_READ, _P.JOBS_CANCEL, _P.JOBS_READ}
    | {_P.JOBS_START, _P.LISTS_READ, _P.LISTS_WRITE, _P.MEANINGS_SIGN, _P.MODELS_READ, _P.MODELS_SIGN}
    | {_P.SCORECARDS_WRITE, _P.SEGMENTS_WRITE, _P.WARNINGS_READ},
    Role.database_administrator: frozenset(
        {_P.DATA_CARE, _P.DATA_READ, _P.JOBS_CANCEL, _P.JOBS_READ, _P.JOBS_START, _P.MEANINGS_SIGN}
    )
    | {_P.MODELS_READ, _P.MODELS_SIGN, _P.SETTINGS_READ},
    Role.auditor: frozenset(
        {_P.AUDIT_READ, _P.DATA_READ, _P.JOBS_READ, _P.MODELS_READ, _P.PEOPLE_READ, _P.SETTINGS_READ}
    ),
    Role.administrator: frozenset(
        {_P.API_TOKENS, _P.AUDIT_READ, _P.PEOPLE_READ, _P.PEOPLE_WRITE, _P.SESSIONS_END, _P.SETTINGS_READ}
    )
    | {_P.SETTINGS_WRITE},
}


def permissions_of(roles: tuple[Role, ...]) -> frozenset[Permission]:
    """All that any of the roles is permitted; nothing for no role."""
    return frozenset().union(*(ROLES[role] for role in roles))


def table_lines() -> list[str]:
    """The table as Markdown: a line a permission, a column a role; docs/people.md shows it."""
    roles = list(Role)
    lines = ["| permission | " + " | ".join(role.replace("_", " ") for role in roles) + " |"]
    lines.append("|---|" + ":-:|" * len(roles))
    for permission in Permission:
        marks = " | ".join("yes" if permission in ROLES[role] else "–" for role in roles)
        lines.append(f"| `{permission}` | {marks} |")
    return lines

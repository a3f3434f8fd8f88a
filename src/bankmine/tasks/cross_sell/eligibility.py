"""Who may be offered what: rules as data, each refusal with its reason.

The shipped rules lie in `eligibility.toml`; a bank names a file of its own. Conditions are SQL over features
of the catalogue, as those of the table `offer` are; they are parsed first, and what is more than arithmetic
and comparison of features is refused.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.bank.tables.reference import PRODUCT_FAMILIES
from bankmine.errors import ConfigurationError
from bankmine.tasks.contract import Bank, Truth

SHIPPED = Path(__file__).parent / "eligibility.toml"
ANY = "any"
_KEYS = {"families", "needs", "refused", "unknown"}
_CALLS = ("Coalesce", "Abs", "Least", "Greatest", "And", "Or", "Case", "Cast")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`needs` must hold where one of `families` is offered; else `refused` is the reason. `unknown` says
    whether a condition that cannot be told holds."""

    families: tuple[str, ...]
    needs: str
    refused: str
    unknown: bool = False

    def speaks_of(self, family: str) -> bool:
        """Whether the rule is for the family."""
        return family in self.families or ANY in self.families


@dataclass(frozen=True)
class Eligibility:
    """The rules, and the highest risk class of a product for each risk class of a customer."""

    rules: tuple[Rule, ...]
    highest: Mapping[str, int]

    @property
    def features(self) -> tuple[str, ...]:
        """The features the conditions read."""
        return features_of(rule.needs for rule in self.rules)

    def may_bear(self, customer_class: str | None, product_class: int | None) -> bool:
        """Whether a product's risk class is not above what the customer's class allows; unknown ones are."""
        if customer_class is None or product_class is None:
            return True
        if customer_class.strip().isdigit():
            return product_class <= int(customer_class)
        return product_class <= self.highest.get(customer_class, product_class)


def eligibility(bank: Bank) -> Eligibility:
    """The bank's own rules (setting `eligibility`, beside bankmine.toml), else the shipped ones.

    ConfigurationError for a file that cannot be read or says what no rule can.
    """
    own = bank.settings.get("eligibility")
    file = SHIPPED if own is None else bank.warehouse.folder.parent / str(own)
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(
            f"the eligibility rules in {file} cannot be read: {error}", hint="Mend the file, or leave it out."
        ) from None
    return _checked(content, file)


def features_of(conditions: Iterable[str]) -> tuple[str, ...]:
    """The names of the features that conditions read, each once; ConfigurationError for other than that."""
    import sqlglot
    from sqlglot import exp

    found: dict[str, None] = {}
    for text in conditions:
        try:
            tree = sqlglot.parse_one(text, dialect="duckdb")
        except sqlglot.errors.SqlglotError:
            raise _bad(text, "is no SQL condition") from None
        for node in tree.walk():
            call = isinstance(node, exp.Func) and type(node).__name__ not in _CALLS
            if call or isinstance(node, exp.Query | exp.Subquery | exp.Command | exp.DDL | exp.DML):
                raise _bad(text, "is more than a comparison of features")
            if isinstance(node, exp.Column):
                found[node.name] = None
    return tuple(found)


def holds(bank: Bank, features: Any, conditions: Sequence[str]) -> list[tuple[Truth, Truth]]:
    """For each condition over the matrix of features: the rows where it holds, and where it can be told."""
    from bankmine.engine.session import Session

    if not conditions:
        return []
    shown = ", ".join(f"({text}) AS c{place}" for place, text in enumerate(conditions))
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory, threads=1) as session:
        names = dict.fromkeys(features.column_names)
        numbered = features.select(list(names)).append_column("row_number", [np.arange(features.num_rows)])
        session.register("asked_features", numbered)
        found = session.arrow(f"SELECT {shown} FROM asked_features ORDER BY row_number")
    made = []
    for place in range(len(conditions)):
        column = found.column(f"c{place}").combine_chunks()
        told = np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)
        true = np.asarray(column.fill_null(False).to_numpy(zero_copy_only=False), dtype=np.bool_)
        made.append((true, told))
    return made


def _checked(content: Mapping[str, Any], file: Path) -> Eligibility:
    rules = []
    for number, one in enumerate(content.get("rule", []), start=1):
        families = tuple(one.get("families", ()))
        wrong = sorted(set(one) - _KEYS) + [name for name in families if name not in (*PRODUCT_FAMILIES, ANY)]
        if wrong or not families or not one.get("needs") or not one.get("refused"):
            raise ConfigurationError(
                f"rule {number} of {file.name} {f'says {wrong[0]!r}' if wrong else 'lacks a part'}",
                hint='A rule has families (or "any"), needs, refused and may have unknown = "allow".',
            )
        features_of([one["needs"]])
        rules.append(
            Rule(
                families=families, needs=one["needs"], refused=one["refused"],
                unknown=one.get("unknown") == "allow",
            )
        )  # fmt: skip
    highest = content.get("highest_product_risk", {})
    if any(not isinstance(value, int) for value in highest.values()):
        raise ConfigurationError(
            f"highest_product_risk of {file.name} holds something else than whole numbers",
            hint="Give a product's risk class, 1 to 7, for each risk class of customers.",
        )
    return Eligibility(tuple(rules), dict(highest))


def _bad(text: str, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"the condition {text!r} {what}", hint="Compare features, such as age >= 18 AND flag_arrears = 0."
    )

"""The draft of segments by rules as a form sends it, and what its buttons do to it.

Fields are named by place: `r0_name`, `r0_sentence`, `r0_c1_column`, `r0_c1_test`, `r0_c1_value`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bankmine.access.segment_rules import BARE, MOST_CONDITIONS, MOST_RULES, TESTS, Ask, Asked, Rule

NO_ASK = Ask("", "", "")
EMPTY = Rule("", "", (NO_ASK,))


@dataclass(frozen=True)
class Draft:
    """Rules that somebody edits; `rules_id` is empty for a new set."""

    rules_id: str
    name: str
    rules: tuple[Rule, ...]


def read(form: Mapping[str, str]) -> Draft:
    """The draft of a form; places that are not there end it."""
    rules = []
    for i in range(MOST_RULES):
        if f"r{i}_name" not in form:
            break
        asks = []
        for j in range(MOST_CONDITIONS):
            front = f"r{i}_c{j}_"
            if f"{front}column" not in form:
                break
            column, test, value = (form.get(f"{front}{one}", "") for one in ("column", "test", "value"))
            asks.append(Ask(column.strip(), test.strip(), "" if test in BARE else value.strip()))
        rules.append(Rule(_line(form[f"r{i}_name"]), _line(form.get(f"r{i}_sentence", "")), tuple(asks)))
    return Draft(form.get("set", ""), _line(form.get("set_name", "")), tuple(rules))


def _line(text: str) -> str:
    return " ".join(text.split())


def changed(draft: Draft, do: str) -> Draft:
    """The draft after a button: `add`, `drop-0`, `up-1`, `down-0` (rules), `add-0`, `drop-0-1` (conditions).

    Anything else, or a place that is not there, changes nothing.
    """
    act, *places = do.split("-")
    if not all(one.isdecimal() and len(one) < 3 for one in places):
        return draft
    at = [int(one) for one in places]
    rules = list(draft.rules)
    if act == "add" and not at and len(rules) < MOST_RULES:
        rules.append(EMPTY)
    elif not at or at[0] >= len(rules):
        return draft
    elif len(at) == 1:
        _change_rule(rules, act, at[0])
    else:
        asks = [one for place, one in enumerate(rules[at[0]].asks) if act != "drop" or place != at[1]]
        rules[at[0]] = replace(rules[at[0]], asks=tuple(asks))
    return replace(draft, rules=tuple(rules))


def _change_rule(rules: list[Rule], act: str, at: int) -> None:
    if act == "drop":
        del rules[at]
    elif act == "add" and len(rules[at].asks) < MOST_CONDITIONS:
        rules[at] = replace(rules[at], asks=(*rules[at].asks, NO_ASK))
    elif act in ("up", "down"):
        other = at + (-1 if act == "up" else 1)
        if 0 <= other < len(rules):
            rules[at], rules[other] = rules[other], rules[at]


def complete(rule: Rule) -> Rule:
    """The rule with those of its conditions that are filled in, for counting while it is written."""
    asks = tuple(ask for ask in rule.asks if ask.column and ask.test and (ask.value or ask.test in BARE))
    return replace(rule, asks=asks)


def fitted(rules: tuple[Rule, ...], columns: Mapping[str, Asked]) -> tuple[Rule, ...]:
    """The rules with tests and values that fit their columns: what another column made senseless is new."""
    return tuple(replace(rule, asks=tuple(_fitted(ask, columns) for ask in rule.asks)) for rule in rules)


def _fitted(ask: Ask, columns: Mapping[str, Asked]) -> Ask:
    column = columns.get(ask.column)
    if column is None:
        return ask
    tests = TESTS[column.kind]
    test = ask.test if ask.test in tests else tests[0]
    senseless = test in BARE or (test != ask.test and column.kind != "word")
    senseless = senseless or bool(column.words and ask.value not in column.words)
    return Ask(ask.column, test, "" if senseless else ask.value)

"""A credit strategy tried on applications of the past, beside the policy in force and what was decided.

A strategy is the content of a policy's file (`decisions/credit_policy`), changed. It is judged by the very
simulation of `bankmine policy simulate`: on the test of the run, whose outcomes are known, and on the
applications scored last, whose outcomes are the run's own chances. It speaks of the whole bank.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bankmine.access.lending import TASK, policy_file
from bankmine.bank.currencies import exponent_of
from bankmine.decisions.credit_policy.applicants import fields_of
from bankmine.decisions.credit_policy.checking import Check, check
from bankmine.decisions.credit_policy.deciding import Decider
from bankmine.decisions.credit_policy.desk import Desk
from bankmine.decisions.credit_policy.money import TermsBook
from bankmine.decisions.credit_policy.reading import policy_of, read_content
from bankmine.errors import FeasibilityError, Forbidden, NotFound
from bankmine.governance import Permission

if TYPE_CHECKING:
    from bankmine.access.view import View
    from bankmine.decisions.credit_policy.applicants import Applicants
    from bankmine.decisions.credit_policy.cutoffs import CutOff
    from bankmine.decisions.credit_policy.policy import Policy
    from bankmine.decisions.credit_policy.strategy import Book, Simulation

NAMED = Path("strategy")
"""How errors call what is tried."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Trial:
    """A strategy beside the policy in force (`tested`, `scored`: the latter is the champion) and what was
    decided (`today`, over those scored last). `checked` counts over those scored last."""

    policy: Policy
    checked: Check
    tested: Simulation
    scored: Simulation
    today: Book
    same: bool


@dataclass(frozen=True)
class Bench:
    """The applications on which strategies are tried, and the policy in force."""

    desk: Desk
    tested: Applicants
    scored: Applicants
    content: Mapping[str, Any]
    policy: Policy
    cut_off: CutOff | None


def bench(view: View) -> Bench:
    """What strategies are tried on as of the view's date.

    Forbidden without `credit:read` or for whoever sees a part of the bank; NotFound without a run to use.
    """
    view.person.require(Permission.CREDIT_READ)
    if not view.everything:
        raise Forbidden("a strategy speaks of the whole bank", hint="Ask somebody who sees all of it.")
    run = view.state.usable(view.cutoff).get(TASK)
    if run is None:
        raise NotFound(f"no run of {TASK} was made by {view.day}", hint="Run the task, or look later.")
    file = policy_file(view)
    changed = file.stat().st_mtime_ns if file.exists() else 0
    made: Bench = view.place.seen.get(
        ("strategies", view.state.name, str(run.folder), file, changed), lambda: _made(view, run, file)
    )
    return made


def _made(view: View, run: Any, file: Path) -> Bench:
    content = read_content(file)
    policy = policy_of(content, file)
    desk = Desk(view.state.bank, run, TermsBook())
    try:
        cut_off = desk.cut_off()
    except FeasibilityError:
        cut_off = None
    return Bench(desk, desk.tested(policy), desk.scored(policy), content, policy, cut_off)


def trial(view: View, content: Mapping[str, Any]) -> Trial:
    """The strategy of such content on trial. ConfigurationError, in one line, where it cannot be meant."""
    made, policy = bench(view), policy_of(content, NAMED)
    found: Trial = view.place.seen.get(
        ("trial", view.state.name, str(made.desk.run.folder), made.policy.version, policy.version),
        lambda: _tried(made, policy),
    )
    return replace(found, policy=policy)


def _tried(made: Bench, policy: Policy) -> Trial:
    new = set(fields_of(policy)) - set(fields_of(made.policy))
    tested = made.desk.tested(policy, made.policy) if new else made.tested
    scored = made.desk.scored(policy, made.policy) if new else made.scored
    return Trial(
        policy,
        check(Decider(policy), scored.table),
        made.desk.simulate(policy, made.policy, tested),
        made.desk.simulate(policy, made.policy, scored),
        made.desk.simulate(policy, None, scored).champion,
        policy.version == made.policy.version,
    )


def exponent(view: View) -> int:
    """Decimals of the bank's currency."""
    return exponent_of(view.currency)


def as_file(content: Mapping[str, Any]) -> str:
    """The content as a policy's file, TOML; `policy_of` of it says the same."""
    lines = [f"{key} = {_value(value)}" for key, value in content.items() if key not in ("fields", "rows")]
    for name, said in content["fields"].items():
        lines += [
            "",
            f"[fields.{_key(name)}]",
            *(f"{_key(key)} = {_value(one)}" for key, one in said.items()),
        ]
    for row in content["rows"]:
        lines += ["", "[[rows]]", *(f"{_key(key)} = {_value(one)}" for key, one in row.items())]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {_value(one)}' for key, one in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False)

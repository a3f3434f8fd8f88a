"""Classification: the classes the bank defines, foreseen for each customer by seven families and the bar.

A definition is one SQL statement (`classes.py`). Each class is a question of its own, one against the rest,
and goes the whole honest way; the most probable class of a customer is the answer. Families stand side by
side with their rules. A stranger's class is answered from a form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from bankmine.errors import ConfigurationError, FeasibilityError
from bankmine.mining.classification.families import FAMILIES
from bankmine.mining.form.model import FormModel
from bankmine.tasks.classification.classes import (
    Definition,
    Looks,
    class_names,
    definition_of,
    fingerprint,
)
from bankmine.tasks.classification.families import rules_of_class, side_by_side
from bankmine.tasks.classification.question import NEEDS, InClass
from bankmine.tasks.classification.together import (
    form_figures,
    learn_form,
    newest_look,
    tested_together,
    together,
)
from bankmine.tasks.contract import Bank, Feasibility, Goal, Shown
from bankmine.tasks.flags import FLAGS, conditions_at, with_flags
from bankmine.tasks.labels import LabelRule
from bankmine.tasks.study import Answer, Asked, Kept, Refused, Shape, Study, Work


class Classification(Study):
    """Subjects: customers; the form answers strangers."""

    name = "classification"
    title = "Classification"
    sentence = "Which of the bank's classes each customer will be in"
    needs = NEEDS
    horizon_words = "90 days"
    settings = MappingProxyType(
        {
            "classes": "file in the bank's folder with the SQL that gives customer_id and class; shipped "
            "classes where it is left out",
            "horizon_days": "length of the period ahead, 90 by default",
            "test_months": "how many of the last months test, 2 by default",
            "customer_kind": "person (the default), company or any",
            "families": "names of the families to try; all by default",
        }
    )
    whole_numbers = ("horizon_days", "test_months")
    goal = Goal(
        question="Which of the bank's classes will each customer be in during the period ahead?",
        success="Customers put into the class they turn out to be in, more often than by assuming that "
        "nothing changes.",
        owner="Head of customer relations",
        use="The service model of each class, in time; the class of a newcomer from the form.",
        plan="One question a class, each tried by seven families beside logistic regression and boosting.",
        feasibility=Feasibility(subjects=300),
    )

    def check_settings(self, given: Mapping[str, Any]) -> None:
        """ConfigurationError for a setting the task does not have, or one that cannot be meant."""
        super().check_settings(given)
        families = given.get("families", list(FAMILIES))
        wrong = [one for one in families if one not in FAMILIES] if isinstance(families, list) else families
        if wrong or not families:
            raise ConfigurationError(
                f"tasks.classification.families is {families!r}", hint=f"There are {', '.join(FAMILIES)}."
            )
        kind = given.get("customer_kind", "person")
        if kind not in ("person", "company", "any"):
            raise ConfigurationError(
                f"tasks.classification.customer_kind is {kind!r}", hint="Give person, company or any."
            )
        if not isinstance(given.get("classes", ""), str):
            raise ConfigurationError(
                f"tasks.classification.classes is {given['classes']!r}",
                hint='Give the path of a file in the bank\'s folder: classes = "classes.sql".',
            )

    def depends_on(self, bank: Bank) -> str:
        """What the definition says is part of what a run rests on."""
        return fingerprint(_definition(bank))

    def study(self, work: Work) -> Answer:
        """Asks each class, lays the families side by side, answers by the most probable class."""
        bank = work.bank
        looks = _looks(bank)
        questions = self._questions(bank, looks)
        asked, kept = [], []
        for one in questions:
            found = work.try_ask(one)
            if not isinstance(found, Refused):
                asked.append(found)
                kept.append(one)
        if len(asked) < 2:
            raise FeasibilityError(
                f"{len(asked)} of {len(questions)} classes could be asked",
                hint="A class needs 100 customers in it and 100 out of it, both to learn and to test.",
            )
        work.stage("rules")
        figures = _figures(work, looks, kept, asked)
        work.stage("classes")
        names = [one.wanted for one in kept]
        tested = tested_together(bank, looks, names, asked)
        stays = tested["more_than_before"]["high"] < 0
        block, table, counts = together(bank, looks, names, asked, as_before=stays)
        figures |= {"classes": counts, "together": tested}
        form = learn_form(bank, looks, newest_look(bank, looks, asked[0].plan.cutoffs))
        figures |= {"form_tested": form_figures(form)} if isinstance(form, FormModel) else {"no_form": form}
        return Answer(
            blocks=[block, *(one.block() for one in asked)], figures=figures,
            tables={"classes": _kept(bank, table)}, verdict=_verdict(figures),
            actions=block.decision.actions, form=form if isinstance(form, FormModel) else None,
            use="as before" if stays else "study",
        )  # fmt: skip

    def show(self, about: Mapping[str, Any]) -> Shown:
        """The page's own part."""
        from bankmine.tasks.classification.page import show

        return show(about)

    def summary(self, bank: Bank, figures: Mapping[str, Any]) -> list[str]:
        """How many in each class, and the best family of each."""
        counts = [f"{one['foreseen']:,} {name}" for name, one in figures["classes"].items()]
        ranked = []
        for name, one in figures["families"].items():
            lines = [line for line in one["lines"] if not line["baseline"]]
            best = max(lines, key=lambda line: float(line["auc"]))
            ranked.append(
                f"{name}: {best['family']} {best['auc']:.3f} (as before {one['persistence']['auc']:.3f})"
            )
        return [f"Foreseen: {', '.join(counts)}.", f"Ranks best, AUC: {'; '.join(ranked)}."]

    def _questions(self, bank: Bank, looks: Looks) -> list[InClass]:
        """One question a class that was seen at the cutoffs, rarest first."""
        families = list(bank.settings.get("families", list(FAMILIES)))
        kind = str(bank.settings.get("customer_kind", "person"))
        first = InClass(looks, "", families=families, kind=kind)
        plan = first.plan(bank)
        known = np.array([at for at in plan.cutoffs if at != bank.cutoff], dtype=np.int64)
        made = [InClass(looks, name, families=families, kind=kind) for name in class_names(looks, known)]
        twice = {one.name for one in made if sum(other.name == one.name for other in made) > 1}
        if twice:
            raise ConfigurationError(
                f"two classes are spelt almost alike ({min(twice)})", hint="Give classes different names."
            )
        return made


def _definition(bank: Bank) -> Definition:
    file = bank.settings.get("classes")
    return definition_of(Path(bank.warehouse.folder).parent, None if file is None else str(file))


def _looks(bank: Bank) -> Looks:
    """The definition with its rule of time; FeasibilityError where the bank lacks a table it reads."""
    definition = _definition(bank)
    absent = [table for table in definition.tables if not bank.warehouse.has(table)]
    if absent:
        raise FeasibilityError(
            f"the classes in {definition.name}.sql read {absent[0]}, of which this bank has no rows",
            hint="Load an extract that fills it, or define the classes otherwise.",
        )
    days = int(bank.settings.get("horizon_days", 90))
    return Looks(bank, definition, LabelRule(horizon_days=days, delay_days=1, tables=definition.tables))


def _figures(
    work: Work, looks: Looks, questions: Sequence[InClass], asked: Sequence[Asked]
) -> dict[str, Any]:
    """The definition, and for each class the families side by side with their rules."""
    families = {}
    for question, one in zip(questions, asked, strict=True):
        said = rules_of_class(work, question, one)
        families[question.wanted] = {
            "lines": side_by_side(one, said),
            "texts": {name: rules["texts"] for name, rules in said.items()},
            "refusals": {name: rules["refusal"] for name, rules in said.items() if rules.get("refusal")},
            "use": one.use,
            "persistence": one.figures["task"]["persistence"],
        }
    return {
        "definition": {
            "name": looks.definition.name, "title": looks.definition.title,
            "sentence": looks.definition.sentence, "days": looks.rule.horizon_days,
        },
        "families": families,
    }  # fmt: skip


def _kept(bank: Bank, table: Any) -> Kept:
    return Kept(
        table=with_flags(table, conditions_at(bank)),
        title="Every customer's class, changes first",
        sentence="Now: the class in the period just ended. Foreseen: the class in the next; chance: of that.",
        columns={
            "customer_id": Shape("Customer", "key"), "flags": FLAGS, "now": Shape("Now"),
            "foreseen": Shape("Foreseen"), "chance": Shape("Chance", "share"), "second": Shape("Second"),
            "value_minor": Shape("Came in last period", "money"),
        },
    )  # fmt: skip


def _verdict(figures: Mapping[str, Any]) -> str:
    """How often the most probable class was right, against assuming that nothing changes."""
    one = figures["together"]
    gap = one["more_than_before"]
    said = (
        f"Of {one['rows']:,} test rows {one['right']['value']:.1%} were put into the right class "
        f"({one['right']['low']:.1%}–{one['right']['high']:.1%}); assuming that nothing changes is right for "
        f"{one['as_before']:.1%}, saying the largest class always for {one['largest']:.1%}."
    )
    if gap["low"] > 0:
        return said
    if gap["high"] < 0:
        return f"{said} The list therefore gives the class of the period just ended."
    return f"{said} As a class it is no better than the class of the period just ended; use the chances."


TASK = Classification()

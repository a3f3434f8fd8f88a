"""Writes the generated pages of docs/, and with `--check` verifies all documentation.

Checked: generated pages are current; every command, setting, room and mapping is documented under its
name; every link inside the documentation leads somewhere; no page names a figure's script that is not
there.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


def generated() -> dict[Path, str]:
    """Each generated page and its text."""
    from bankmine import customers
    from bankmine.bank import reference_page

    return {
        DOCS / "bank-tables.md": reference_page.reference_page(),
        DOCS / "features.md": customers.reference_page(),
        DOCS / "commands.md": commands_page(),
        DOCS / "mappings.md": mappings_page(),
        DOCS / "scenarios.md": scenarios_page(),
        DOCS / "tasks.md": tasks_page(),
    }


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every command with its name; those of a group under the group's name."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def commands_page() -> str:
    """Every command with its arguments and options, from the commands themselves."""
    import typer.main

    from bankmine.cli.app import app

    group = typer.main.get_command(app)
    lines = ["# Commands", "", "Written by `make docs` from the commands. Any command takes `--debug`.", ""]
    for name, command in _commands(group):
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        options = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
        signature = " ".join(["bankmine", name, *(_argument(p) for p in arguments)])
        lines += [f"## {name}", "", f"`{signature}`", "", " ".join((command.help or "").split()), ""]
        if options:
            lines += ["| option | meaning |", "|---|---|"]
            lines += [f"| `{'`, `'.join(p.opts)}` | {_meaning(p)} |" for p in options]
            lines.append("")
    lines += [
        "## Exit codes", "",
        "| code | meaning |", "|---|---|",
        "| 0 | done |",
        "| 1 | another error a user can mend |",
        "| 2 | a name, option or value that does not exist |",
        "| 3 | `bankmine.toml`, a mapping or a declaration |",
        "| 4 | an extract is missing or unreadable |",
        "| 5 | too many rows break the contract |",
        "| 6 | the warehouse is locked or damaged, or a check failed |",
        "| 7 | a cutoff or window reaches where the data say nothing |", "| 8 | too few data for the task |",
        "| 9 | a leak was found |",
        "| 10 | Spark cannot be started, or broke down |",
        "| 11 | the operational database cannot be used |",
        "| 12 | not permitted |",
        "| 13 | sign-in refused, or its issuer cannot be used |", "| 14 | not found |",
        "| 70 | a fault in bankmine |",
        "| 74 | the machine refused to read or write |",
        "| 130 | interrupted |", "",
    ]  # fmt: skip
    return "\n".join(lines)


OWN_PAGES = {
    "segmentation": "segments.md", "churn": "churn.md", "value": "value.md", "cross_sell": "cross-sell.md",
    "acquisition": "acquisition.md", "behaviour": "behaviour.md", "classification": "classification.md",
    "application_fraud": "application-fraud.md",
    "behaviour_score": "behaviour-score.md",
    "early_warning": "early-warning.md",
    "rating": "rating.md",
    "application_score": "application-score.md",
}  # fmt: skip


def tasks_page() -> str:
    """Every shipped task: question, success, needs and settings, from the tasks themselves."""
    from bankmine.tasks.registry import TASKS

    lines = [
        "# Tasks", "",
        "Written by `make docs` from the tasks. A section `[tasks.NAME]` of a bank's `bankmine.toml` turns a",
        "task on for `bankmine run`; `bankmine run BANK --task NAME` runs one. A bank's own tasks are Python",
        "files in its folder `tasks/`. Every task also takes `cutoff`, the civil date at which it looks at",
        "the bank.", "",
    ]  # fmt: skip
    for name, task in TASKS.items():
        goal, needs = task.goal, task.needs
        lines += [f"## {name}", "", goal.question, "", f"- Success: {goal.success}", f"- Use: {goal.use}"]
        lines.append(f"- Needs the tables {', '.join(needs.tables)}" + _used(needs.usable))
        if task.sells:
            lines.append("- Its lists sell: customers to whom nothing may be sold are kept out of them.")
        if name in OWN_PAGES:
            lines.append(f"- More: [{OWN_PAGES[name]}]({OWN_PAGES[name]})")
        lines.append("")
        if task.settings:
            lines += ["| setting | meaning |", "|---|---|"]
            lines += [f"| `{key}` | {words} |" for key, words in task.settings.items()]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _used(tables: tuple[str, ...]) -> str:
    return f"; uses {', '.join(tables)} where the bank has them" if tables else ""


def mappings_page() -> str:
    """Every shipped mapping: its extracts, tables, rules and licence, and how to write one's own."""
    from bankmine import sources
    from bankmine.sources.macros import MACROS

    lines = [
        "# Mappings",
        "",
        "Written by `make docs` from the mappings themselves.",
        "",
        "A mapping turns a bank's extracts into bank tables. It is a folder with `mapping.toml` (files,",
        "time zone, rules) and one `<bank table>.sql` for each bank table it fills: one SELECT",
        "over views named after the extracts. To map your own bank, copy the shipped one that is nearest and",
        "give its folder to `bankmine init --mapping`.",
        "",
        "What a SELECT may call:", "", "| macro | meaning |", "|---|---|",
        *(f"| `{name}` | {sentence} |" for name, (_, sentence) in MACROS.items()), "",
    ]  # fmt: skip
    for one in sources.mappings():
        lines += [
            f"## `{one.name}`",
            "",
            f"{one.title}. Time zone {one.time_zone}, currency {one.currency}.",
            "",
        ]
        lines += ["| extract | files, the first that is there | what it holds |", "|---|---|---|"]
        for extract in one.extracts.values():
            files = ", ".join(f"`{a.file}`" if a.file else a.connector for a in extract.alternatives)
            optional = "" if extract.required else " (optional)"
            lines.append(f"| {extract.name}{optional} | {files} | {extract.sentence} |")
        lines += ["", f"Fills {', '.join(f'`{table}`' for table in one.tables)}.", ""]
        lines += [f"- {rule}" for rule in one.rules]
        lines += ["", f"Licence of the data: {one.licence}", ""] if one.licence else [""]
    return "\n".join(lines)


def scenarios_page() -> str:
    """Every strength of a scenario: what it is, its usual value, the values it may take, the shipped ones."""
    from dataclasses import fields

    from bankmine.simulation.scenario import SHIPPED, Scenario, load_scenario

    usual, shipped = Scenario(), {name: load_scenario(name) for name in SHIPPED}
    lines = [
        "# Scenarios of the simulated bank", "",
        "Written by `make docs` from the settings themselves. What they do: [simulation.md](simulation.md).",
        "",
        "`bankmine simulate DIR --scenario NAME` takes a shipped scenario, `--scenario file.toml` one of",
        "your own, which names only what differs from the usual. A strength of 0 turns a cause off.", "",
    ]  # fmt: skip
    for section in fields(Scenario):
        values = getattr(usual, section.name)
        if section.name == "name":
            continue
        lines += [f"## [{section.name}]", "", " ".join((values.__doc__ or "").split()), ""]
        lines += [f"| setting | what it is | from | to | usual | {' | '.join(SHIPPED)} |"]
        lines += ["|---|---|---|---|---|" + "---|" * len(SHIPPED)]
        for one in fields(values):
            own = [getattr(getattr(scenario, section.name), one.name) for scenario in shipped.values()]
            standard = getattr(values, one.name)
            cells = [f"{value:g}" if value != standard else "" for value in own]
            about = one.metadata
            lines.append(
                f"| `{one.name}` | {about['words']} | {about['low']:g} | {about['high']:g} | {standard:g} | "
                f"{' | '.join(cells)} |"
            )
        lines.append("")
    return "\n".join(lines)


def _argument(parameter: object) -> str:
    name = str(getattr(parameter, "metavar", None) or getattr(parameter, "name", "")).upper()
    return name if getattr(parameter, "required", False) else f"[{name}]"


def _meaning(parameter: object) -> str:
    default = getattr(parameter, "default", None)
    shown = f" Default {default}." if isinstance(default, int) and not isinstance(default, bool) else ""
    return f"{' '.join((getattr(parameter, 'help', '') or '').split())}{shown}".strip()


def faults() -> Iterator[str]:
    """What is wrong with the documentation, one line each."""
    for page, text in generated().items():
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            yield f"{page.relative_to(ROOT)} is not current; run `make docs`"
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]
    for page in pages:
        yield from _broken_links(page)
    yield from _undocumented()


def _broken_links(page: Path) -> Iterator[str]:
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose):
        if "://" not in target and not (page.parent / target).exists():
            yield f"{page.relative_to(ROOT)} links to {target}, which is not there"
    for script in re.findall(r"`(?:python -m )?(benchmarks[./][a-z_./]+)`", text):
        path = ROOT / script.replace(".py", "").replace(".", "/")
        if not (path.with_suffix(".py").exists() or path.is_dir()):
            yield f"{page.relative_to(ROOT)} names {script}, which is not there"


def _undocumented() -> Iterator[str]:
    house = (DOCS / "house.md").read_text(encoding="utf-8")
    for room in sorted((ROOT / "src" / "bankmine").iterdir()):
        if (room / "__init__.py").exists() and f"`{room.name}/`" not in house:
            yield f"docs/house.md does not name the room {room.name}/"
    settings = (DOCS / "settings.md").read_text(encoding="utf-8") if (DOCS / "settings.md").exists() else ""
    from bankmine.config import _KNOWN

    for section, keys in _KNOWN.items():
        for key in keys:
            if f"`{section}.{key}`" not in settings:
                yield f"docs/settings.md does not explain `{section}.{key}`"
    sources = DOCS / "mappings.md"
    text = sources.read_text(encoding="utf-8") if sources.exists() else ""
    for folder in sorted((ROOT / "src" / "bankmine" / "sources" / "mappings").glob("*/mapping.toml")):
        if f"`{folder.parent.name}`" not in text:
            yield f"docs/mappings.md does not name the mapping `{folder.parent.name}`"


def main() -> int:
    """Writes, or checks with `--check`."""
    if "--check" in sys.argv:
        found = list(faults())
        for fault in found:
            print(fault)
        print(f"documentation: {len(found)} faults")
        return 1 if found else 0
    for page, text in generated().items():
        page.write_text(text, encoding="utf-8")
        print(page.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())

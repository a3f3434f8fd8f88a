"""What a page can refuse is said in Chinese: every error raised where pages act, found in the code itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import bankmine
from bankmine.web.texts import texts

ROOMS = ("web", "work", "governance", "access")
SHOWN = ("UsageError", "Forbidden", "CutoffError", "FeasibilityError")
VALUES = ("3", "'something'", "2026-05-31", "a, b", "company", "failed", "2026-05-31T10:00")
INSIDE = {
    "audit.py", "replies.py", "secret.py", "routing.py", "app.py", "leads_of.py", "issuer.py",
}  # fmt: skip
"""Modules whose errors speak to programs or to whoever runs the bank's server, never on a page."""


def written(node: ast.AST) -> str:
    """A message as code writes it, places to fill in as a sign."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(written(part) if isinstance(part, ast.Constant) else "\0" for part in node.values)
    return "\0"


def messages() -> Iterator[tuple[str, str]]:
    """Module and sentence of all that is raised with a hint."""
    for room in ROOMS:
        for file in (Path(bankmine.__file__).parent / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in SHOWN:
                    continue
                hints = [one.value for one in node.keywords if one.arg == "hint"]
                for part in (*node.args[:1], *hints):
                    yield file.name, written(part)


def test_every_error_of_a_page_is_said_in_chinese():
    unknown = {
        (module, text)
        for module, text in messages()
        if module not in INSIDE
        and re.sub(r"[\0\W]", "", text)
        and not any(
            texts("zh").known(text.replace("\0", value).rstrip(".") + ".") is not None for value in VALUES
        )
    }
    assert not unknown


def test_there_is_something_to_look_at():
    assert len(list(messages())) > 100

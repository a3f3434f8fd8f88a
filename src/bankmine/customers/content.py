"""What a feature's declaration says, apart from words: its version names it.

Two declarations of one version give the same values from the same warehouse; a sentence, a theme, a hint of
direction or the feature's own name may change without making another version. A derived feature's version
holds those of its inputs, so that a change below shows above.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from bankmine.customers.feature import Derived, Feature
from bankmine.customers.formulas import FORMULAS

MEANING = 1  # raised when the same declaration is computed to mean something else
_DIGITS = 12


def content(feature: Feature, versions: Mapping[str, str]) -> dict[str, Any]:
    """The declaration as plain data: source, unit, subject; of a derived feature its inputs' versions."""
    source = feature.source
    if isinstance(source, Derived):
        made: Any = {
            "operation": FORMULAS[source.operation].words,
            "inputs": [versions[name] for name in source.inputs],
        }
    else:
        made = plain(source)
    return {
        "meaning": MEANING, "kind": str(feature.kind), "subject": feature.subject, "unit": feature.unit,
        "source": made,
    }  # fmt: skip


def version_of(feature: Feature, versions: Mapping[str, str]) -> str:
    """Twelve digits that name the content of a feature; `versions` has those of its inputs."""
    return digest(content(feature, versions))


def digest(said: Any) -> str:
    """Twelve hexadecimal digits of plain data, the same on every machine."""
    text = json.dumps(said, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def changes(then: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """For each feature of `then` (versions by name) that is not the same `now`, what became of it."""
    found = {}
    for name, version in then.items():
        if name not in now:
            found[name] = f"{name} is no longer declared (it was version {version})"
        elif now[name] != version:
            found[name] = f"{name} is version {version} here; it is declared as version {now[name]} now"
    return found


def plain(value: Any) -> Any:
    """A declaration as numbers, texts, lists and mappings; names and what makes no difference left out."""
    if is_dataclass(value) and not isinstance(value, type):
        told = [field.name for field in fields(value) if field.compare and field.name != "name"]
        return {name: plain(getattr(value, name)) for name in told}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(one) for one in value]
    return value

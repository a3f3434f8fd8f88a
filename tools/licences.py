"""Every installed dependency must have a licence on the allow-list; run by `make check`.

Names the package and the licence it states, so that a new dependency cannot slip in unread.
"""

import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

ALLOWED = re.compile(
    r"Apache|MIT|BSD|PSF|Python Software Foundation|ISC|MPL|Mozilla Public License 2|Zlib|CC0|Unlicense",
    re.IGNORECASE,
)
REFUSED = re.compile(r"\bA?GPL|Affero|Elastic|BUSL|Business Source|Proprietary|SSPL", re.IGNORECASE)
# Packages whose metadata state no licence in words; each was read by hand.
READ_BY_HAND = {
    "adbc-driver-manager": "Apache-2.0 (LICENSE.txt of Apache Arrow ADBC)",
    "adbc-driver-postgresql": "Apache-2.0 (LICENSE.txt of Apache Arrow ADBC)",
    "axe-playwright-python": "MIT (LICENSE); the axe-core in it, for tests alone, is MPL-2.0",
    "grimp": "BSD-2-Clause",
}


def stated(distribution: Distribution) -> str:
    """The licence a package states: expression, short text or classifiers."""
    meta = distribution.metadata
    words = [meta.get("License-Expression") or "", (meta.get("License") or "")[:200]]
    words += [c.rsplit("::", 1)[-1] for c in meta.get_all("Classifier") or [] if c.startswith("License")]
    return " ".join(word for word in words if word and word != "UNKNOWN").strip()


def verdict(name: str, licence: str) -> str | None:
    """What is wrong with a package's licence, or None."""
    if name in READ_BY_HAND:
        return None
    if ALLOWED.search(licence) and not REFUSED.search(licence):
        return None
    return f"{name}: states {licence[:80]!r}, which is not allowed"


def locked() -> set[str]:
    """Names in the lock the project ships."""
    text = Path(__file__).parents[1].joinpath("locks", "test.lock").read_text()
    return {
        re.sub(r"[-_.]+", "-", m).lower() for m in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)
    }


def main() -> int:
    """Prints what is wrong; exit code 1 if anything is."""
    names = locked()
    seen = {}
    for distribution in distributions():
        name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()
        if name in names:
            seen[name] = stated(distribution)
    wrong = [fault for name, licence in sorted(seen.items()) if (fault := verdict(name, licence))]
    for fault in wrong:
        print(fault)
    print(f"licences of {len(seen)} packages read, {len(wrong)} refused")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

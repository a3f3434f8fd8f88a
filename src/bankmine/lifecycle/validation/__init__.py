"""A validation pack for any score: what supervisors ask of it, from the evidence its run kept.

Start at `pack.py` (the chapters, the page and the document), then one chapter a file: `discrimination`,
`calibrating`, `stability`, `fair`, `sensitive`; `subject.py` is what is validated. Figures are made in
`bankmine.evaluation`; nothing is fitted here.
"""

from bankmine.lifecycle.validation.findings import Chapter, Finding, Verdict
from bankmine.lifecycle.validation.pack import Pack, validate

__all__ = ["Chapter", "Finding", "Pack", "Verdict", "validate"]

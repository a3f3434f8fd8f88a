"""A whole report made by code: the six pages of a first run, with invented but plausible figures.

`python tests/report/specimen.py FOLDER` writes it, to look at.
"""

import sys
from datetime import date
from pathlib import Path

from specimen_bank import customers_page, data_page, home
from specimen_tasks import fraud_page, inactivity_page, segmentation_page

from bankmine.report import (
    Report,
    Reproducibility,
    build_report,
)


def specimen() -> Report:
    return Report(
        bank="Demo Bank",
        as_of=date(2026, 5, 31),
        pages=[home(), data_page(), customers_page(), segmentation_page(), inactivity_page(), fraud_page()],
        reproducibility=Reproducibility(
            command="bankmine run demo-bank --as-of 2026-05-31",
            facts=[
                ("bankmine", "0.1.0"),
                ("warehouse", "9f2c41d07a55e1b2"),
                ("configuration", "41aa90cd"),
                ("seed", "20260531"),
                ("Python", "3.11.2"),
                ("duckdb", "1.5.1"),
            ],
        ),
    )


if __name__ == "__main__":
    print(build_report(specimen(), Path(sys.argv[1])))

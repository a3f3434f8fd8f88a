"""Takes the README's picture: `python tools/picture.py REPORT PAGE docs/pictures/report.png`.

Needs Debian's chromium; run it after a change of the report's look.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


def main() -> int:
    """Opens the page at 1,280 × 960 and saves the first screen."""
    from playwright.sync_api import sync_playwright

    report, page, target = sys.argv[1:4]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGUMENTS))
        view = browser.new_page(viewport={"width": 1280, "height": 900})
        view.goto((Path(report).resolve() / f"{page}.html").as_uri())
        view.wait_for_timeout(1200)
        view.screenshot(path=target)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Pictures of the demo's report for the README: `python -m tests.browser.screenshots docs/images`."""

import sys
import tempfile
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from reviewer.commands.demo import run
from tests.browser.chromium import Opened, missing, started

SIZE = (1200, 1240)
LARGEST = 300_000


def pictures(folder: Path) -> None:
    """report-light.png and report-dark.png of the demo."""
    reason = missing()
    if reason:
        sys.exit(f"No pictures were taken: {reason}.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        report = Path(temporary) / "report.html"
        with redirect_stdout(StringIO()):
            run(report.parent, False, Console(quiet=True), time.monotonic())
        with started() as browser:
            for theme in ("light", "dark"):
                _picture(browser, report, folder / f"report-{theme}.png", theme)


def _picture(browser: Any, report: Path, path: Path, theme: str) -> None:
    opened = Opened(browser, report, *SIZE, color_scheme=theme)
    opened.page.screenshot(path=path)
    opened.close()
    size = path.stat().st_size
    if size > LARGEST or opened.problems:
        sys.exit(f"{path} is not fit to be shown: {size:,} bytes, {opened.problems}")
    print(f"{path}: {size:,} bytes")


if __name__ == "__main__":
    pictures(Path(sys.argv[1]))

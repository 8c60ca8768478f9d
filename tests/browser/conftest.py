"""One browser for a module; a test without one is skipped, and says what is missing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reviewer.core.report import Report
from reviewer.publish.html import write_html
from tests.browser.chromium import Opened, missing, started
from tests.browser.material import audit


# Not for the session: while Playwright is there, its event loop runs, and nobody else's can.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    with started() as found:
        yield found


@pytest.fixture(scope="session")
def night() -> Report:
    """An audit of 60 findings."""
    return audit(60, 120)


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Opens a report; nothing may have gone wrong in it by the end of the test."""
    pages: list[Opened] = []

    def open_(report: Report, **options: Any) -> Opened:
        file = tmp_path / f"report{len(pages)}.html"
        write_html(report, file)
        pages.append(Opened(browser, file, **options))
        return pages[-1]

    yield open_
    problems = [problem for page in pages for problem in page.problems]
    for page in pages:
        page.close()
    assert problems == []

"""A Chromium from this machine, driven by Playwright; a page that tells what it asked for and what went wrong in it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Root has no sandbox to give away, a container often none at all; the rest keeps the browser from calling home.
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip


def missing() -> str:
    """Why there is no browser; empty where there is one."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "Playwright is not installed: pip install --require-hashes -r locks/browser.txt"
    return "" if located() else f"no Chromium on the PATH: none of {', '.join(NAMES)}"


def located() -> str | None:
    """The browser's path."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def started() -> Iterator["Browser"]:
    """The browser, ended at the end."""
    from playwright.sync_api import sync_playwright

    # A home of its own: Chromium leaves things in it.
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": home, "LANG": "C.UTF-8"}
        browser = playwright.chromium.launch(executable_path=located(), args=ARGUMENTS, env=env)
        try:
            yield browser
        finally:
            browser.close()


class Opened:
    """A report in the browser, without a network. `problems` are console messages, errors and requests."""

    def __init__(self, browser: "Browser", file: Path, width: int = 1280, height: int = 900, **context: Any) -> None:
        self.problems: list[str] = []
        context.setdefault("color_scheme", "light")
        self._context = browser.new_context(viewport={"width": width, "height": height}, offline=True, **context)
        self.page: Page = self._context.new_page()
        self.page.on("console", lambda message: self.problems.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("request", lambda request: self._asked(request.url, file))
        self.page.goto(file.as_uri())

    def _asked(self, url: str, file: Path) -> None:
        if url.partition("#")[0] != file.as_uri():
            self.problems.append(f"request: {url}")

    def shown(self) -> int:
        """How many findings are on the page."""
        return int(self.page.evaluate(_SHOWN))

    def close(self) -> None:
        """Close the tab."""
        self._context.close()


_SHOWN = "[...document.querySelectorAll('.finding')].filter((one) => !one.closest('[hidden]')).length"

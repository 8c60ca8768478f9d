"""Cutting Markdown to a limit so that what is left still renders as it did."""

import re

SHORTENED = "_Shortened: there was no room for the rest._"


def clip(text: str, limit: int, notice: str = SHORTENED, *, utf8: bool = False) -> str:
    """The text, or its first lines with open fences and details closed and the notice behind, within the limit.

    The limit counts characters, or UTF-8 bytes. ValueError when the notice alone is longer.
    """

    def size(part: str) -> int:
        return len(part.encode("utf-8", "surrogatepass")) if utf8 else len(part)

    if size(text) <= limit:
        return text
    if size(notice) > limit:
        raise ValueError(f"the notice of {size(notice)} does not fit into {limit}")
    parts, used, read = _Open(), 0, 0
    kept, tail = 0, notice
    for line in (part + "\n" for part in text.split("\n")[:-1]):
        used, read = used + size(line), read + len(line)
        if used > limit:
            break
        parts.read(line)
        ending = f"{parts.closing()}\n{notice}"
        if used + size(ending) <= limit:
            kept, tail = read, ending
    return text[:kept] + tail


class _Open:
    """What a Markdown text, read line by line, has open: a fence, and details around each other."""

    _FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
    _DETAILS = re.compile(r"<(/?)details\b", re.IGNORECASE)

    def __init__(self) -> None:
        self.fence, self.details = "", 0

    def read(self, line: str) -> None:
        """Takes in the next line."""
        mark = self._FENCE.match(line)
        if self.fence:
            if mark and mark[1].startswith(self.fence) and not mark[2].strip():
                self.fence = ""
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            self.fence = mark[1]
        else:
            for closes in self._DETAILS.findall(line):
                self.details = max(0, self.details - 1) if closes else self.details + 1

    def closing(self) -> str:
        """The lines that close what is open."""
        return (f"{self.fence}\n" if self.fence else "") + "\n</details>\n" * self.details

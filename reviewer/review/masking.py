"""Credentials taken out of changed files before anything is sent, quoted or printed: same lines, same numbers.

The new text is searched as a whole where it is at hand, so that hunks and content are masked alike and still agree; the
old side is searched hunk by hunk.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from reviewer.core.change import ChangedFile, Hunk, Line
from reviewer.core.view import agrees, content_lines
from reviewer.guard.secrets import Secret, find_secrets, mask, mask_found


@dataclass(frozen=True, slots=True)
class Credential:
    """What looks like a secret of `kind`, on new lines `first` to `last`."""

    kind: str
    first: int
    last: int


def mask_file(file: ChangedFile) -> tuple[ChangedFile, tuple[Credential, ...]]:
    """The file with every credential masked, and those of its new side; the same file where there is none."""
    lines = content_lines(file)
    found, new = _in_lines(range(1, len(lines) + 1), lines) if lines else ([], {})
    removed: dict[int, str] = {}
    for hunk in file.hunks:
        if lines is None or not agrees(hunk, lines):
            shown = [line for line in hunk.lines if line.new is not None]
            more, masked = _in_lines([line.new or 0 for line in shown], [line.text for line in shown])
            found += more
            new |= masked
        if any(line.mark == "-" for line in hunk.lines):
            _mask_old_side(hunk, new, removed)
    if not new and not removed:
        return file, tuple(found)
    content = file.content
    if lines is not None and content is not None:
        end = "\n" if content.endswith("\n") else ""
        content = "\n".join(new.get(number, text) for number, text in enumerate(lines, 1)) + end
    hunks = tuple(_masked(hunk, new, removed) for hunk in file.hunks)
    return replace(file, content=content, hunks=hunks), tuple(found)


def _in_lines(numbers: Sequence[int], lines: Sequence[str]) -> tuple[list[Credential], dict[int, str]]:
    """Credentials of lines that follow each other, and the masked texts of the lines that they touch."""
    text = "\n".join(lines)
    secrets = find_secrets(text)
    if not secrets:
        return [], {}
    spans = list(_rows(secrets, lines))
    after = mask_found(text, secrets).split("\n")
    touched = {row for first, last in spans for row in range(first, last + 1)}
    found = [
        Credential(secret.kind, numbers[first], numbers[last])
        for secret, (first, last) in zip(secrets, spans, strict=True)
    ]
    return found, {numbers[row]: after[row] for row in touched}


def _rows(secrets: Iterable[Secret], lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Index of the first and last line of each."""
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    for secret in secrets:
        yield bisect_right(starts, secret.start) - 1, bisect_right(starts, secret.end - 1) - 1


def _mask_old_side(hunk: Hunk, new: dict[int, str], removed: dict[int, str]) -> None:
    """Removed lines by their old numbers; a context line that only the old side shows as a secret's goes with them."""
    shown = [line for line in hunk.lines if line.old is not None]
    masked = _in_lines([line.old or 0 for line in shown], [line.text for line in shown])[1]
    for line in hunk.lines if masked else ():
        if line.old in masked and line.old is not None:
            if line.mark == "-":
                removed[line.old] = masked[line.old]
            elif line.new is not None:
                new.setdefault(line.new, masked[line.old])


def _masked(hunk: Hunk, new: Mapping[int, str], removed: Mapping[int, str]) -> Hunk:
    lines = tuple(_line(line, new, removed) for line in hunk.lines)
    return replace(hunk, lines=lines, section=mask(hunk.section))


def _line(line: Line, new: Mapping[int, str], removed: Mapping[int, str]) -> Line:
    text = removed.get(line.old or 0) if line.mark == "-" else new.get(line.new or 0)
    return line if text is None else replace(line, text=text)

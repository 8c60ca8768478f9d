"""The names of a changed file, from the header lines of its part of a unified diff."""

import re
from collections.abc import Mapping

Names = tuple[str | None, str | None]

_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_NO_NAME = "/dev/null"
_PREFIXES = {frozenset(pair.split()) for pair in ("a b", "i w", "c i", "c w", "o w", "1 2")}
"""Letters that git puts before the two names, in either order."""


def changed_names(start: str, fields: Mapping[str, str]) -> Names:
    """The old and the new name of a file, None for a side that has none.

    `start` is the first line of its header, `fields` holds the other ones (`rename from`, `---`, ...) by name.
    """
    for kind in ("rename", "copy"):
        if f"{kind} from" in fields and f"{kind} to" in fields:
            return unquote(fields[f"{kind} from"]), unquote(fields[f"{kind} to"])
    line = _git_line(start)
    old, new = line
    if "---" in fields and "+++" in fields:
        old, new = _side(fields["---"]), _side(fields["+++"])
    pair = (old, new) if old and new else line
    if pair != (None, None) and not _prefixed(*pair):
        return old, new  # written with --no-prefix
    return _unprefixed(old), _unprefixed(new)


def _prefixed(old: str | None, new: str | None) -> bool:
    if not (old and new and old[1:2] == new[1:2] == "/"):
        return False
    return frozenset((old[0], new[0])) in _PREFIXES


def _unprefixed(name: str | None) -> str | None:
    return name[2:] if name and name[1:2] == "/" else name


def _side(text: str) -> str | None:
    """A name from a `---` or `+++` line: unquoted, without the timestamp behind a tab."""
    name = unquote(text) if text.startswith('"') else text.partition("\t")[0]
    return None if name == _NO_NAME else name


def _git_line(line: str) -> Names:
    """Both names from `diff --git a/X b/X`, as they stand there; no names where they cannot be told apart."""
    if line.startswith(("diff --cc ", "diff --combined ")):
        name = unquote(line.split(" ", 2)[2])
        return f"a/{name}", f"b/{name}"
    rest = line.removeprefix("diff --git ")
    if rest.startswith('"'):
        end = _quote_end(rest)
        return unquote(rest[: end + 1]), unquote(rest[end + 2 :])
    half = len(rest) // 2
    if len(rest) % 2 == 1 and rest[half] == " " and rest[:half][2:] == rest[half + 1 :][2:]:
        return rest[:half], rest[half + 1 :]
    return None, None


def _quote_end(text: str) -> int:
    index = 1
    while index < len(text) and text[index] != '"':
        index += 2 if text[index] == "\\" else 1
    return index


def unquote(name: str) -> str:
    r"""Undo git's C-style quoting of a path: octal escapes are UTF-8 bytes, any others stay `\xff`.

    Unquoted names come back as they are.
    """
    if not (len(name) >= 2 and name.startswith('"')):
        return name
    out = bytearray()
    body = name[1 : _quote_end(name)]
    index = 0
    while index < len(body):
        char = body[index]
        if char != "\\" or index + 1 >= len(body):
            out += char.encode("utf-8", "surrogateescape")
            index += 1
        elif body[index + 1] in _ESCAPES:
            out.append(_ESCAPES[body[index + 1]])
            index += 2
        elif re.fullmatch(r"[0-3][0-7]{2}", body[index + 1 : index + 4]):
            out.append(int(body[index + 1 : index + 4], 8))
            index += 4
        else:
            out += body[index + 1].encode("utf-8", "surrogateescape")
            index += 2
    return out.decode("utf-8", "backslashreplace")

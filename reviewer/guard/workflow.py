"""GitHub Actions: workflow commands, log lines and GITHUB_OUTPUT entries that untrusted text cannot forge.

The runner reads each line of stdout and stderr. It takes `::name::` at the line's start (leading white space aside)
as a command, and the old form `##[name]` anywhere in the line.
"""

import re
from collections.abc import Iterable, Iterator

from reviewer.guard.hidden import line_ends, reveal
from reviewer.guard.outgoing import clean

MESSAGE_LIMIT = 4096
"""The runner cuts an annotation's message at this many characters."""

_COMMAND_NAME = re.compile(r"[a-z][a-z-]*")
_PROPERTY_NAME = re.compile(r"[A-Za-z][A-Za-z_-]*")
_OUTPUT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_DELIMITER = re.compile(r"[A-Za-z0-9_-]+")
_COMMAND_START = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
_OLD_COMMAND = re.compile(r"#(?=#\[)")


def command(name: str, message: str, **properties: str | int | None) -> str:
    """One workflow command line without its line end; properties keep their order, None and empty ones are left out.

    ValueError when the command's or a property's name is malformed.
    """
    if not _COMMAND_NAME.fullmatch(name) or not all(map(_PROPERTY_NAME.fullmatch, properties)):
        raise ValueError(f"malformed workflow command: {name!r} with {sorted(properties)}")
    given = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value not in (None, ""))
    text = _shown(message)
    if len(text) > MESSAGE_LIMIT:
        text = text[: MESSAGE_LIMIT - 1] + "…"
    return f"::{name}{' ' if given else ''}{given}::{_data(text)}"


def masks(values: Iterable[str], least: int) -> Iterator[str]:
    """The commands by which the runner hides values in the job's log; each line of `least` or more characters is one.

    A shorter mask would hide parts of ordinary words.
    """
    for line in dict.fromkeys(line.strip() for value in values for line in value.splitlines()):
        if len(line) >= least:
            yield f"::add-mask::{_data(line)}"


def log(text: str) -> str:
    """Text that may be printed: no line acts as a workflow command, controls and hidden characters are shown."""
    return _COMMAND_START.sub(r"\1: ", _shown(text))


def output(name: str, value: str, delimiter: str) -> str:
    """The lines for GITHUB_OUTPUT that set `name`; `delimiter` must be random for each write.

    ValueError when the value contains the delimiter, or when name or delimiter are malformed.
    """
    if not _OUTPUT_NAME.fullmatch(name) or not _DELIMITER.fullmatch(delimiter):
        raise ValueError(f"malformed output name or delimiter: {name!r}, {delimiter!r}")
    if delimiter in value:
        raise ValueError(f"the value of output {name!r} contains the delimiter; take another delimiter")
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _shown(text: str) -> str:
    return _OLD_COMMAND.sub("# ", reveal(line_ends(clean(text))))


def _property(text: str) -> str:
    return _data(_shown(text)).replace(":", "%3A").replace(",", "%2C")


def _data(text: str) -> str:
    # The percent sign first, or the escapes themselves would be escaped.
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

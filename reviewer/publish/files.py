"""Writing report files: whole or not at all."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from reviewer.errors import InputError
from reviewer.guard.outgoing import clean


def write_whole(path: Path, text: str) -> None:
    """Write by way of a temporary file beside it, so that no reader sees half a report; missing folders are made.

    A pipe or a device, such as `/dev/stdout`, is written to as it is. InputError where it cannot be done.
    """
    write_parts(path, [text])


def write_parts(path: Path, parts: Iterable[str]) -> None:
    """The same for a text that is too long to be held at once. Nothing to be kept secret may reach over two parts."""
    cleaned = map(clean, parts)
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
                file.writelines(cleaned)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, cleaned)
    except OSError as error:
        raise InputError(
            f"The report could not be written to {path}: {error.strerror or error}.",
            "The folder may be full, read-only or no folder at all.",
            "Name a file in a folder that this user may write to.",
        ) from error


def _replace(path: Path, parts: Iterable[str]) -> None:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", errors="replace", newline="\n", dir=path.parent, prefix=".reviewer-", delete=False
    ) as file:
        temporary = Path(file.name)
        try:
            file.writelines(parts)
            file.flush()
            # A temporary file is private; a report is read by the steps that follow, perhaps as another user.
            temporary.chmod(0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

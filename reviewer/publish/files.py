"""Writing report files: whole or not at all."""

import tempfile
from pathlib import Path

from reviewer.errors import InputError
from reviewer.guard.outgoing import clean


def write_whole(path: Path, text: str) -> None:
    """Write by way of a temporary file beside it, so that no reader sees half a report; missing folders are made.

    A pipe or a device, such as `/dev/stdout`, is written to as it is. InputError where it cannot be done.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
                file.write(clean(text))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, clean(text))
    except OSError as error:
        raise InputError(
            f"The report could not be written to {path}: {error.strerror or error}.",
            "The folder may be full, read-only or no folder at all.",
            "Name a file in a folder that this user may write to.",
        ) from error


def _replace(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", errors="replace", newline="\n", dir=path.parent, prefix=".reviewer-", delete=False
    ) as file:
        temporary = Path(file.name)
        try:
            file.write(text)
            file.flush()
            # A temporary file is private; a report is read by the steps that follow, perhaps as another user.
            temporary.chmod(0o644)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

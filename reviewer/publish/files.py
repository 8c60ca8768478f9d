"""Writing report files: whole or not at all."""

import tempfile
from pathlib import Path

from reviewer.errors import InputError


def write_whole(path: Path, text: str) -> None:
    """Write by way of a temporary file beside it, so that no reader sees half a report; missing folders are made.

    InputError where that cannot be done.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", errors="replace", newline="\n", dir=path.parent, prefix=".reviewer-", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(text)
        # A temporary file is private; a report is read by the steps that follow, perhaps as another user.
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        raise InputError(
            f"The report could not be written to {path}: {error.strerror or error}.",
            "The folder may be full, read-only or no folder at all.",
            "Name a file in a folder that this user may write to.",
        ) from error

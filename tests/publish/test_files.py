import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewer.errors import InputError
from reviewer.publish.files import write_parts, write_whole


def test_report_is_there_whole_and_readable(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.json"
    write_whole(path, "a\n")
    write_whole(path, "b\n")

    assert path.read_bytes() == b"b\n"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [found.name for found in path.parent.iterdir()] == ["report.json"]


def test_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", list[str]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_whole(pipe, "a\n")
    reader.join(timeout=5)

    assert (read, pipe.is_fifo()) == (["a\n"], True)


@pytest.mark.parametrize("name", ["", "file/report.json"], ids=["a folder", "below a file"])
def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(InputError, match="could not be written"):
        write_whole(tmp_path / name, "a\n")

    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_parts_that_fail_leave_the_file_as_it_was_and_nothing_beside_it(tmp_path: Path) -> None:
    def parts() -> Iterator[str]:
        yield "new\n" * 100_000
        raise ZeroDivisionError

    write_whole(tmp_path / "report.json", "old\n")
    for name in ("report.json", "other.json"):
        with pytest.raises(ZeroDivisionError):
            write_parts(tmp_path / name, parts())

    assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] == [("report.json", "old\n")]


def test_full_disk_is_said() -> None:
    with pytest.raises(InputError, match="No space left"):
        write_whole(Path("/dev/full"), "a\n")

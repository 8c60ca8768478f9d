"""Hunks from two texts: as git's where git is asked, and always such that they lead from the one to the other."""

import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.core.change import Hunk
from reviewer.core.diff import parse_hunks
from reviewer.forge.compare import CONTEXT, compare

TEXTS = st.lists(st.sampled_from(["a", "b", "", "c\r", "d\x0c"]), max_size=40).flatmap(
    lambda lines: st.sampled_from(["", "\n"]).map(lambda end: "\n".join(lines) + end)
)


def applied(old: str, hunks: tuple[Hunk, ...]) -> list[str]:
    """The new side's lines: the old ones outside the hunks, the hunks' own inside."""
    lines, made, at = old.split("\n"), list[str](), 0
    lines = lines[:-1] if lines[-1] == "" else lines
    for hunk in hunks:
        start = hunk.old_start - 1 if hunk.old_count else hunk.old_start
        made += lines[at:start]
        assert lines[start : start + hunk.old_count] == [line.text for line in hunk.lines if line.old is not None]
        made += [line.text for line in hunk.lines if line.new is not None]
        at = start + hunk.old_count
    return made + lines[at:]


@given(TEXTS, TEXTS)
def test_hunks_lead_from_old_to_new(old: str, new: str) -> None:
    hunks = compare(old, new)

    assert hunks is not None
    assert applied(old, hunks) == (new[:-1] if new.endswith("\n") else new).split("\n")[: None if new else 0]
    for hunk in hunks:
        marks = "".join(line.mark for line in hunk.lines)
        assert [line.old for line in hunk.lines if line.old] == [hunk.old_start + n for n in range(hunk.old_count)]
        assert [line.new for line in hunk.lines if line.new] == [hunk.new_start + n for n in range(hunk.new_count)]
        assert len(marks) - len(marks.lstrip(" ")) <= CONTEXT
        assert len(marks) - len(marks.rstrip(" ")) <= CONTEXT


NUMBERED = "".join(f"{n}\n" for n in range(1, 41))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (NUMBERED, NUMBERED.replace("5\n", "five\n", 1)),
        (NUMBERED, "0\n" + NUMBERED + "41\n"),
        (NUMBERED, NUMBERED.replace("\n12\n", "\n").replace("\n19\n", "\n")),
        (NUMBERED, NUMBERED.replace("\n12\n", "\n").replace("\n20\n", "\n")),
        (NUMBERED, NUMBERED.removesuffix("\n")),
        (NUMBERED, ""),
        ("", "a\n"),
        ("a", "a\n"),
        (NUMBERED, NUMBERED),
    ],
)
def test_hunks_are_gits(tmp_path: Path, old: str, new: str) -> None:
    for name, text in (("old", old), ("new", new)):
        (tmp_path / name).write_text(text)
    diff = ["git", "diff", "--no-index", "--no-color", "old", "new"]
    shown = subprocess.run(diff, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    _, found, patch = shown.partition("\n@@")
    hunks = parse_hunks(f"@@{patch}" if found else "")

    assert isinstance(hunks, tuple)
    assert compare(old, new) == tuple(replace(hunk, section="") for hunk in hunks)


def test_blank_lines_between_changed_ones_take_no_time() -> None:
    old, new = ("\n\n".join(f"{side} {n}" for n in range(700)) for side in ("old", "new"))
    start = time.process_time()

    assert compare(old, new) is not None
    assert time.process_time() - start < 1


def test_too_many_lines_are_not_compared() -> None:
    old, new = ("".join(f"{side} {n}\n" for n in range(1501)) for side in ("old", "new"))

    assert compare(old, new) is None
    assert compare("", new) is not None

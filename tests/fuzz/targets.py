"""One function a target: bytes in, and whatever they are, either a value that holds together or a stated refusal."""

import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from reviewer.config.loading import load, show
from reviewer.core.anchor import anchor
from reviewer.core.answer import Reviewed, Unusable, parse_review, parse_verdicts
from reviewer.core.attributes import parse_attributes
from reviewer.core.change import ChangedFile, ChangeSet, Hunk
from reviewer.core.diff import count_changes, parse_hunks
from reviewer.core.finding import Category, Claim, Confidence, Severity
from reviewer.core.globs import ignore_spec
from reviewer.core.patchfile import parse_patch_file
from reviewer.core.plan import make_plan
from reviewer.core.select import select
from reviewer.errors import ConfigError, EventError, ExitCode, InputError, ReviewerError
from reviewer.forge.compare import compare
from reviewer.forge.event import read_event
from reviewer.guard import markdown, workflow
from reviewer.guard.hidden import find_disguised, find_hidden, reveal
from reviewer.guard.injection import find_injection
from reviewer.guard.redaction import Redactor
from reviewer.guard.secrets import find_secrets, mask
from reviewer.guard.terminal import plain
from reviewer.guard.untrusted import block, encode, new_tag
from reviewer.model.batch_rows import ResultsCut, read_rows
from reviewer.model.batch_values import row_to_reply
from reviewer.publish.saved_report import read_report

SECRET = "sk-ant-api03-qZ7rT1xW9vLk2mPn"
EVENTS = ("pull_request", "pull_request_target", "merge_group", "workflow_dispatch", "schedule")
_SLOW = 4.0
"""Seconds of processor for 40,000 characters, beyond which a detector is not linear. Instrumented code takes longer."""
_FOLDER = Path(tempfile.mkdtemp(prefix="reviewer-fuzz-"))


def patch(data: bytes) -> None:
    """A unified diff: every file once, counted right, its hunks the same when written and read again."""
    files = _files(data)
    assert len({file.path for file in files}) == len(files)
    for file in files:
        if file.unreadable is None:
            assert (file.additions, file.deletions) == count_changes(file.hunks)
            _check_hunks(file.hunks)
            written = "".join(map(_written, file.hunks))
            assert parse_hunks(written) == file.hunks, written
    changes = ChangeSet("", "", "", files, changed_files=len(files))
    selection = select(changes)
    assert sorted([*(f.path for f in selection.chosen), *(s.file.path for s in selection.skipped)]) == sorted(
        file.path for file in files
    )
    make_plan(changes, selection)


def anchoring(data: bytes) -> None:
    """A claim over a diff: its place is one that a hunk shows, on the side it says."""
    numbers, _, rest = data.partition(b"\n")
    path, _, rest = rest.partition(b"\n")
    quote, _, diff = rest.partition(b"\n")
    files = _files(diff)
    start, end = (int.from_bytes(part[:4], "big", signed=True) for part in (numbers[:2], numbers[2:4]))
    claim = Claim(
        _text(path), start, end, _text(quote).replace("\\n", "\n"), Severity.HIGH, Confidence.HIGH,
        Category.CORRECTNESS, "t", "e", "",
    )  # fmt: skip
    found = anchor(claim, ChangeSet("", "", "", files, changed_files=len(files)))
    assert found.start_line <= found.end_line
    if found.kind in ("line", "hunk"):
        (file,) = (file for file in files if file.path == found.path)
        assert any(_shows(hunk, found.side, found.start_line, found.end_line) for hunk in file.hunks), found


def comparing(data: bytes) -> None:
    """Two texts: the hunks between them lead from the one to the other."""
    old, _, new = _text(data).partition("\0")
    hunks = compare(old, new)
    if hunks is not None:
        _check_hunks(hunks)
        assert _applied(old, hunks) == _lines(new)


def configuration(data: bytes) -> None:
    """A configuration file: settings that can be shown, or ConfigError."""
    try:
        show(load(_text(data), "reviewer.yml", {}, {}))
    except ConfigError as refusal:
        _check_words(refusal)


def environment(data: bytes) -> None:
    """`REVIEWER_*` variables, one a line, the lines' own breaks as tabs."""
    pairs = (line.partition("=") for line in _text(data).split("\n"))
    try:
        show(load(None, "reviewer.yml", {f"REVIEWER_{k}": v.replace("\t", "\n") for k, _, v in pairs}, {}))
    except ConfigError as refusal:
        _check_words(refusal)


def event(data: bytes) -> None:
    """The file of an event: one that Reviewer knows, or EventError."""
    path = _FOLDER / "event.json"
    path.write_bytes(data)
    for name in EVENTS:
        try:
            read_event({"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path), "GITHUB_REPOSITORY": "o/r"})
        except EventError as refusal:
            _check_words(refusal)


def results(data: bytes) -> None:
    """The results of a batch: the same rows however they are cut in chunks, and each becomes a reply."""
    rows = _rows([data])
    assert rows == _rows([data[at : at + 7] for at in range(0, len(data), 7)])
    for row in rows[0]:
        row_to_reply(row, "claude-sonnet-5-5", "msgbatch_1")


def answer(data: bytes) -> None:
    """A model's answer: claims, verdicts, or why it is unusable."""
    text = _text(data)
    for parsed in (parse_review(text), parse_verdicts(text)):
        assert isinstance(parsed, Reviewed | Unusable | dict)
        assert not isinstance(parsed, Unusable) or parsed.reason


def saved_report(data: bytes) -> None:
    """A report that is to be posted: one, or InputError."""
    path = _FOLDER / "report.json"
    path.write_bytes(data)
    try:
        read_report(path)
    except InputError as refusal:
        _check_words(refusal)


def attributes(data: bytes) -> None:
    """A `.gitattributes` file and a path behind its last line; also the line as patterns to ignore."""
    text, _, path = _text(data).rpartition("\n")
    parse_attributes({"": text}).of(path)
    try:
        spec = ignore_spec(text.split("\n"))
    except ValueError:
        return
    spec.match_file(path)


def sanitisers(data: bytes) -> None:
    """One sanitiser per medium: nothing of its medium's syntax comes through."""
    text = _text(data)
    for safe in (workflow.log(text), workflow.command("error", text, title=text)):
        assert "##[" not in safe
        assert not any(line.lstrip().startswith("::") for line in safe.split("\n")[1:])
    assert not workflow.log(text).lstrip().startswith("::")
    assert "\x1b" not in plain(text)
    for made in (markdown.inline(text), markdown.code(text), markdown.cell(text), markdown.hidden_comment(text)):
        assert "\n" not in made
        assert reveal(made) == made
    fenced = markdown.fence(text, text).split("\n")
    assert not any(line.strip().startswith(fenced[-1]) for line in fenced[1:-1])
    markdown.prose(text, "https://github.com/o/r")
    tag = new_tag(b"x" * 16)
    assert block("diff", tag, encode(text)).count(tag) == 2


def detectors(data: bytes) -> None:
    """Secrets, instructions and hidden text are found without fail, and a protected value does not come through."""
    text = _text(data)
    for secret in find_secrets(text):
        assert secret
    mask(text)
    find_injection(text)
    assert find_hidden(reveal(text)) == ()
    assert SECRET not in Redactor([SECRET]).redact(text[: len(text) // 2] + SECRET + text[len(text) // 2 :])


def linear(data: bytes) -> None:
    """The same over a long repetition: time must follow length."""
    text = _text(data[:400])
    text = (text * (40_000 // max(1, len(text)) + 1))[:40_000] if text else ""
    for work in _LINEAR:
        began = time.process_time()
        work(text)
        took = time.process_time() - began
        assert took < _SLOW, f"{work} took {took:.1f} s"


_LINEAR: tuple[Callable[[str], object], ...] = (
    find_secrets, find_injection, find_hidden, find_disguised, reveal, plain, workflow.log,
    Redactor([SECRET]).redact, markdown.inline, markdown.code, markdown.fence, markdown.hidden_comment,
    markdown.prose, parse_patch_file,
    lambda text: parse_attributes({"": text}), parse_review,
)  # fmt: skip

TARGETS: dict[str, Callable[[bytes], None]] = {
    "patch": patch, "anchoring": anchoring, "comparing": comparing, "configuration": configuration,
    "environment": environment, "event": event, "results": results, "answer": answer, "saved_report": saved_report,
    "attributes": attributes, "sanitisers": sanitisers, "detectors": detectors, "linear": linear,
}  # fmt: skip


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _files(data: bytes) -> tuple[ChangedFile, ...]:
    try:
        return parse_patch_file(_text(data))
    except InputError as refusal:
        _check_words(refusal)
        return ()


def _check_words(refusal: ReviewerError) -> None:
    assert refusal.what
    assert refusal.exit_code == ExitCode.USAGE


def _check_hunks(hunks: tuple[Hunk, ...]) -> None:
    for hunk in hunks:
        old = [line.old for line in hunk.lines if line.mark != "+"]
        new = [line.new for line in hunk.lines if line.mark != "-"]
        assert (len(old), len(new)) == (hunk.old_count, hunk.new_count)
        assert all(after == before + 1 for side in (old, new) for before, after in pairwise(side))


def _written(hunk: Hunk) -> str:
    head = f"@@ -{hunk.old_start},{hunk.old_count} +{hunk.new_start},{hunk.new_count} @@"
    return "\n".join([f"{head} {hunk.section}".rstrip(" "), *(line.mark + line.text for line in hunk.lines), ""])


def _shows(hunk: Hunk, side: str, start: int, end: int) -> bool:
    shown = {line.new if side == "RIGHT" else line.old for line in hunk.lines}
    return start in shown and end in shown


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]


def _applied(old: str, hunks: tuple[Hunk, ...]) -> list[str]:
    """The new side's lines; hunks know no missing line feed at the end, so lines come without them."""
    before, made, at = _lines(old), [], 0
    for hunk in hunks:
        first = hunk.old_start - bool(hunk.old_count)
        made += before[at:first] + [line.text for line in hunk.lines if line.mark != "-"]
        at = first + hunk.old_count
    return made + before[at:]


def _rows(chunks: list[bytes]) -> tuple[list[object], str]:
    rows: list[object] = []
    try:
        rows.extend(read_rows(chunks))
    except ResultsCut as cut:
        return rows, str(cut)
    return rows, ""

"""Which files of a commit are audited: first by their listing, then, once it is read, by their content."""

from collections.abc import Iterable, Sequence

from pathspec import GitIgnoreSpec

from reviewer.core.attributes import Attributes
from reviewer.core.change import ChangedFile, ChangeSet, Hunk, Line
from reviewer.core.globs import ignore_spec
from reviewer.core.inventory import Listed, NotAudited, Rules, lines_of, unchanged_file
from reviewer.core.select import Reason, select

_SNIFF = 8_000
_LONG_LINE = 5_000
_AT_A_TIME = 4_000
"""Files that are chosen together."""


def choose(entries: Iterable[Listed], rules: Rules) -> tuple[list[Listed], list[NotAudited]]:
    """Sort a commit's files by name, mode and size; the chosen ones come folder by folder."""
    wanted = ignore_spec(rules.paths) if rules.paths else None
    ordered = sorted(entries, key=lambda entry: (entry.folder, entry.path))
    chosen: list[Listed] = []
    passed: list[NotAudited] = []
    for start in range(0, len(ordered), _AT_A_TIME):
        few = ordered[start : start + _AT_A_TIME]
        why = _refused([_probe(entry, rules.attributes) for entry in few], rules.ignore)
        for entry in few:
            reason = why.get(entry.path) or _by_listing(entry, wanted, rules.max_bytes)
            if reason:
                passed.append(NotAudited(entry.path, reason))
            else:
                chosen.append(entry)
    return chosen, passed


def inspect(entry: Listed, data: bytes | None) -> ChangedFile | NotAudited:
    """A file's content as it is shown, or why it is not reviewed after all."""
    if data is None:
        return NotAudited(entry.path, f"{Reason.UNREADABLE}: its blob {entry.blob[:12]} is missing", failed=True)
    if b"\0" in data[:_SNIFF]:
        return NotAudited(entry.path, str(Reason.BINARY))
    text = data.decode("utf-8", "replace")
    if not text.strip():
        return NotAudited(entry.path, "empty")
    refused = _refused([_added(entry.path, text)], ())
    if refused:
        return NotAudited(entry.path, refused[entry.path])
    return unchanged_file(entry.path, text)


def _refused(files: Sequence[ChangedFile], ignore: Sequence[str]) -> dict[str, str]:
    """The reasons by which selection refuses files; having no hunks is none in an audit."""
    found = select(ChangeSet("", "", "", tuple(files)), ignore)
    return {each.file.path: str(each) for each in found.skipped if each.reason is not Reason.UNCHANGED}


def _probe(entry: Listed, attributes: Attributes) -> ChangedFile:
    generated, vendored = attributes.of(entry.path)
    return ChangedFile(
        entry.path,
        "changed",
        symlink=entry.mode == "120000",
        submodule=entry.mode == "160000",
        generated=generated,
        vendored=vendored,
    )


def _by_listing(entry: Listed, wanted: GitIgnoreSpec | None, max_bytes: int) -> str:
    if wanted and not wanted.match_file(entry.path):
        return "outside of the audit's paths"
    if entry.size == 0:
        return "empty"
    if entry.size > max_bytes:
        return f"too large for source code: {entry.size / 1e6:.1f} MB, more than {max_bytes / 1e6:.1f} MB"
    return ""


def _added(path: str, text: str) -> ChangedFile:
    """The file as if it were new, which is how selection judges a header and over-long lines."""
    lines = lines_of(text)
    shown = lines if len(text) > _LONG_LINE and len(max(lines, key=len)) > _LONG_LINE else lines[:1]
    added = tuple(Line("+", None, number, line) for number, line in enumerate(shown, 1))
    return ChangedFile(path, "added", hunks=(Hunk(0, 0, 1, len(added), added),), content=text)

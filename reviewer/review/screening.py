"""Every change is screened before a model sees it: credentials masked, orders to the reviewer and hidden text found.

No model is needed for it, so its findings are there also where nothing can be asked. Only what the change adds is
reported; what it removes or leaves is masked all the same.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from reviewer.core.change import ChangedFile, ChangeSet, Mark
from reviewer.core.finding import Finding
from reviewer.guard.secrets import find_secrets, mask, mask_found
from reviewer.review.masking import mask_file
from reviewer.review.screen_findings import Place, findings_of, secret
from reviewer.review.sighting import Passage, Sighting, is_prose, see


@dataclass(frozen=True, slots=True)
class Screened:
    """The change with every credential masked, and what was found in it."""

    changes: ChangeSet
    findings: tuple[Finding, ...] = ()


def screen(changes: ChangeSet) -> Screened:
    """Screen a change: its files, their names, its title, body and commit messages. In linear time."""
    found: list[Finding] = []
    files: list[ChangedFile] = []
    named, names = _suspect_names(changes.files), set[str]()
    for file in changes.files:
        shown, sightings = screen_file(file, "+")
        if named:
            shown = _under_safe_name(shown, names)
            found += _in_names(file, shown)
        files.append(shown)
        names.add(shown.path)
        found += findings_of(Place("in the code", shown), sightings)
    title, body = _text(changes.title), _text(changes.body)
    commits = [_text(message) for message in changes.commits]
    found += findings_of(Place("in the title"), title[1])
    found += findings_of(Place("in the description"), body[1])
    found += findings_of(Place("in a commit message"), (each for _, seen in commits for each in seen))
    screened = replace(
        changes,
        files=tuple(files),
        title=title[0],
        body=body[0],
        commits=tuple(text for text, _ in commits),
        guidelines={name: mask(text) for name, text in changes.guidelines.items()},
    )
    return Screened(screened, tuple(found))


def masked(changes: ChangeSet) -> ChangeSet:
    """The change as it may be shown: for reports that tell of an earlier review's findings, or of none."""
    return screen(changes).changes


def screen_whole(file: ChangedFile) -> tuple[ChangedFile, list[Finding]]:
    """A file of which all lines count, as an audit reads it, and what was found in it and in its name.

    The name stays as it is: an audit knows its files by their names.
    """
    shown, sightings = screen_file(file, " ")
    return shown, [*_in_names(file, shown), *findings_of(Place("in the code", shown), sightings)]


def screen_file(file: ChangedFile, mark: Mark) -> tuple[ChangedFile, list[Sighting]]:
    """The file with credentials masked, and what stands in its lines with the mark."""
    masked, credentials = mask_file(file)
    runs = [[(line.new or 0, line.text) for line in hunk.lines if line.mark == mark] for hunk in masked.hunks]
    seen: list[Sighting] = []
    if credentials:
        counted = {number for run in runs for number, _ in run}
        for each in credentials:
            line = next((number for number in range(each.first, each.last + 1) if number in counted), None)
            if line is not None:
                seen.append(secret(each.kind, line))
    return masked, seen + see(Passage(runs, is_prose(file.path)))


def _suspect_names(files: Iterable[ChangedFile]) -> bool:
    """Whether any name is worth a look of its own: nearly never, and one look at all of them is cheap."""
    names = [name for file in files for name in (file.path, file.old_path) if name]
    return bool(find_secrets("\n".join(names)) or see(_words_of(names)))


def _under_safe_name(file: ChangedFile, known: Container[str]) -> ChangedFile:
    """The file under a name without credentials. The forge knows no such name, so it takes no comments there."""
    old_path = mask(file.old_path) if file.old_path else file.old_path
    path, number = mask(file.path), 2
    if path == file.path:
        return file if old_path == file.old_path else replace(file, old_path=old_path)
    while path in known:
        path, number = f"{mask(file.path)} ({number})", number + 1
    return replace(file, path=path, old_path=old_path, commentable=False)


def _in_names(file: ChangedFile, shown: ChangedFile) -> Iterator[Finding]:
    names = [name for name in (file.path, file.old_path) if name]
    seen = [secret(each.kind, 0) for name in names for each in find_secrets(name)]
    seen += see(_words_of([name for name in (shown.path, shown.old_path) if name]))
    yield from findings_of(Place("in a file's name", shown), seen)


def _words_of(names: Iterable[str]) -> Passage:
    """Names whose words stand apart as in prose."""
    return Passage([[(0, name.replace("_", " "))] for name in names], prose=True)


def _text(text: str) -> tuple[str, list[Sighting]]:
    """A text that is no file, masked, and what stands in it; all of it as of one place."""
    secrets = find_secrets(text)
    shown = mask_found(text, secrets)
    lines: Sequence[str] = shown.replace("\r\n", "\n").split("\n")
    seen = [secret(each.kind, 0) for each in secrets]
    seen += [replace(each, line=0) for each in see(Passage([list(enumerate(lines, 2))], prose=True))]
    return shown, seen

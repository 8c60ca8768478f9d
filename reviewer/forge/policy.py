"""Policy of a repository, read from the base commit and never from the work tree or the head (rule 8)."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from reviewer.core.attributes import Attributes
from reviewer.core.change import ChangedFile
from reviewer.errors import ConfigError, InputError
from reviewer.forge.git import READ_LIMIT, Git

CONFIG_PATHS = (".github/reviewer.yml", ".github/reviewer.yaml")
GUIDELINE_PATHS = ("REVIEW.md", "AGENTS.md", "CLAUDE.md")
GUIDELINE_LIMIT = 40_000
"""Characters of one guideline file that reach the model."""

_ATTRIBUTES = ".gitattributes"


@dataclass(frozen=True, slots=True)
class PolicyFiles:
    """Texts by which a review is steered: the configuration, guidelines by name, `.gitattributes` by folder.

    Folders are written as `core.attributes` wants them: "" for the root, else with a trailing slash.
    """

    config: str | None
    guidelines: Mapping[str, str]
    attributes: Mapping[str, str]


def local_policy(repo: Path, base: str) -> PolicyFiles:
    """The policy that a revision of a local repository holds."""
    git = Git(repo)
    return commit_policy(git, git.resolve(base))


def commit_policy(git: Git, commit: str) -> PolicyFiles:
    """The policy of a commit, in two git processes."""
    tree = git.tree(commit)
    attributes = [path for path, (mode, _) in tree.items() if _is_attributes(path) and mode.startswith("100")]
    names = [*CONFIG_PATHS, *GUIDELINE_PATHS]
    links = git.read_blobs([tree[name][1] for name in names if name in tree and tree[name][0] == "120000"])
    blob_of = {path: tree[path][1] for path in attributes}
    for name in names:
        target = _target(name, tree, links)
        if target:
            blob_of[name] = tree[target][1]
    texts = git.read_blobs(list(blob_of.values()))
    text_of = {path: _decoded(path, texts.get(blob)) for path, blob in blob_of.items()}
    return PolicyFiles(
        config=next((text_of[path] for path in CONFIG_PATHS if path in text_of), None),
        guidelines={name: cut_guideline(text_of[name]) for name in GUIDELINE_PATHS if name in text_of},
        attributes={path.removesuffix(_ATTRIBUTES): text_of[path] for path in attributes if path in text_of},
    )


def unreadable(path: str, cause: str, step: str) -> InputError:
    """The failure for a policy that is there and cannot be read: it must not pass for one that is not there."""
    return InputError(f"{path} of the base commit cannot be read, so its policy is not known.", cause, step)


def _decoded(path: str, raw: bytes | None) -> str:
    if raw is None:
        cause = f"It has more than {READ_LIMIT / 1e6:.0f} MB, or the clone is partial."
        raise unreadable(path, cause, "Make it smaller, or fetch the base commit whole.")
    try:
        text = raw.decode("utf-8-sig", "strict" if path in CONFIG_PATHS else "replace")
    except UnicodeDecodeError:
        raise ConfigError(f"{path} of the base commit is no UTF-8 text.", step="Save it as UTF-8.") from None
    if "\0" in text:
        raise unreadable(path, "It is no text, or text in UTF-16.", "Save it as UTF-8.")
    return text


def cut_guideline(text: str) -> str:
    """A guideline's text, cut at `GUIDELINE_LIMIT` characters with a note of how many are left out."""
    left_out = len(text) - GUIDELINE_LIMIT
    if left_out <= 0:
        return text
    return f"{text[:GUIDELINE_LIMIT]}\n\n(The last {left_out:,} characters of this file are left out.)"


def mark(files: tuple[ChangedFile, ...], attributes: Attributes) -> tuple[ChangedFile, ...]:
    """The files with `generated` and `vendored` set as the attributes say."""
    return tuple(_marked(file, *attributes.of(file.path)) for file in files)


def _marked(file: ChangedFile, generated: bool, vendored: bool) -> ChangedFile:
    return replace(file, generated=generated, vendored=vendored) if generated or vendored else file


def _is_attributes(path: str) -> bool:
    return path.rpartition("/")[2] == _ATTRIBUTES


def _target(name: str, tree: Mapping[str, tuple[str, str]], links: Mapping[str, bytes]) -> str | None:
    """The regular file that a name leads to, through one symbolic link at most (`CLAUDE.md -> AGENTS.md`)."""
    if name in tree and tree[name][1] in links:
        name = posixpath.normpath(
            posixpath.join(posixpath.dirname(name), links[tree[name][1]].decode("utf-8", "replace"))
        )
    return name if name in tree and tree[name][0].startswith("100") else None

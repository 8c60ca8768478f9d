"""The policy of a base commit through the API, for runs without a checkout that has it (rule 8)."""

import posixpath
from collections.abc import Mapping

from reviewer.forge.blobs import Blob, BlobReader
from reviewer.forge.client import Client
from reviewer.forge.policy import CONFIG_PATHS, GUIDELINE_PATHS, PolicyFiles, cut_guideline, unreadable

_ATTRIBUTES = ".gitattributes"


def read_policy(client: Client, base_sha: str) -> PolicyFiles:
    """Configuration, guidelines and the root's `.gitattributes`, in one call where GraphQL answers."""
    paths = (*CONFIG_PATHS, *GUIDELINE_PATHS, _ATTRIBUTES)
    # A policy that could not be read must not pass for one that is not there.
    blobs = BlobReader(client, strict=True).read(f"{base_sha}:{path}" for path in paths)
    found = {
        path: _text(path, blob) for path in paths if (blob := blobs.get(f"{base_sha}:{path}")) and not blob.submodule
    }
    texts = {path: _followed(path, found).removeprefix("\ufeff") for path in found}
    return PolicyFiles(
        config=next((texts[path] for path in CONFIG_PATHS if path in texts), None),
        guidelines={name: cut_guideline(texts[name]) for name in GUIDELINE_PATHS if name in texts},
        attributes={"": texts[_ATTRIBUTES]} if _ATTRIBUTES in texts else {},
    )


def _text(path: str, blob: Blob) -> str:
    if blob.text is None:
        cause = (
            "It is no text, or text in UTF-16." if blob.binary else "GitHub shows only a part of files of this size."
        )
        raise unreadable(path, cause, "Save it as UTF-8." if blob.binary else "Make it smaller.")
    return blob.text


def _followed(path: str, texts: Mapping[str, str]) -> str:
    """A text, or the one it links to: the API shows a symbolic link (`CLAUDE.md -> AGENTS.md`) as the target's name."""
    target = texts[path]
    if "\n" in target or len(target) > 200:
        return target
    return texts.get(posixpath.normpath(posixpath.join(posixpath.dirname(path), target)), target)

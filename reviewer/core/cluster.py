"""Groups of related files, each small enough for one context: by shared names, then by folder."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import PurePosixPath

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{3,}")
_COMMON = 24
"""A name that more files share ties none of them together."""
_FEW = 8
"""Up to here a name ties every pair of its users, above it each to the next: pairs grow with the square."""
_WORD = 0.25
"""What a name weighs that may as well be a word of plain prose."""
_TELLING = 40
"""Shared names of one file that are weighed, the rarest: pairs grow with names times their users."""


@dataclass(frozen=True, slots=True)
class Related:
    """One file to be grouped: its path, the texts that name what it shares with others, its size in tokens."""

    path: str
    texts: tuple[str, ...]
    tokens: int


def cluster(files: Sequence[Related], limit: int) -> list[tuple[str, ...]]:
    """Groups of paths of at most `limit` tokens each; every path is in exactly one; order follows the input.

    The strongest ties are joined first, as far as the limit allows; small groups that are left are packed by folder.
    """
    owner = {file.path: file.path for file in files}
    size = {file.path: file.tokens for file in files}
    for one, other in _ties(files):
        a, b = _root(owner, one), _root(owner, other)
        if a != b and size[a] + size[b] <= limit:
            owner[b] = a
            size[a] += size[b]
    groups: dict[str, list[str]] = defaultdict(list)
    for file in files:
        groups[_root(owner, file.path)].append(file.path)
    return _pack(groups, size, limit)


def _root(owner: dict[str, str], path: str) -> str:
    while owner[path] != path:
        owner[path] = owner[owner[path]]
        path = owner[path]
    return path


def _ties(files: Sequence[Related]) -> Iterator[tuple[str, str]]:
    """Pairs of files that share names, the rarest and most first."""
    users: Mapping[str, set[str]] = defaultdict(set)
    words: set[str] = set()
    for file in files:
        names = {name for text in file.texts for name in _NAME.findall(text)}
        words.update(name for name in names if name.islower() and "_" not in name)
        for name in names | {PurePosixPath(file.path).stem}:
            users[name.lower()].add(file.path)
    words.difference_update(PurePosixPath(file.path).stem.lower() for file in files)
    shared = sorted((len(paths), name) for name, paths in users.items() if 2 <= len(paths) <= _COMMON)
    weighed: dict[str, int] = defaultdict(int)
    weights: dict[tuple[str, str], float] = defaultdict(float)
    for count, name in shared:
        paths = sorted(path for path in users[name] if weighed[path] < _TELLING)
        for path in paths:
            weighed[path] += 1
        for pair in combinations(paths, 2) if count <= _FEW else pairwise(paths):
            weights[pair] += (_WORD if name in words else 1) / count
    return iter(sorted(weights, key=lambda pair: (-weights[pair], pair)))


def _pack(groups: Mapping[str, list[str]], size: Mapping[str, int], limit: int) -> list[tuple[str, ...]]:
    packed: list[tuple[str, ...]] = []
    current: list[str] = []
    filled = 0
    for root in sorted(groups, key=lambda root: (str(PurePosixPath(root).parent), root)):
        if current and filled + size[root] > limit:
            packed.append(tuple(current))
            current, filled = [], 0
        current.extend(groups[root])
        filled += size[root]
    if current:
        packed.append(tuple(current))
    return packed

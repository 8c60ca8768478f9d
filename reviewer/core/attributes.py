"""`.gitattributes`, as far as linguist reads it: which paths a repository calls generated or vendored."""

from collections.abc import Mapping
from dataclasses import dataclass

from pathspec import GitIgnoreSpec

_NAMES = ("linguist-generated", "linguist-vendored")
_FALSE = {"false", "0", "no", "off", "unset"}


@dataclass(frozen=True, slots=True)
class _Rule:
    folder: str
    spec: GitIgnoreSpec
    values: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Attributes:
    """Rules of all `.gitattributes` files, outermost first; the last match of an attribute wins, as in git."""

    rules: tuple[_Rule, ...] = ()

    def of(self, path: str) -> tuple[bool, bool]:
        """Whether a path is (generated, vendored)."""
        state = dict.fromkeys(_NAMES, False)
        for rule in self.rules:
            if path.startswith(rule.folder) and rule.spec.match_file(path[len(rule.folder) :]):
                state.update(rule.values)
        return state[_NAMES[0]], state[_NAMES[1]]


def parse_attributes(files: Mapping[str, str]) -> Attributes:
    """Read the texts of `.gitattributes` files, keyed by their folder (`""` for the root, else with a trailing slash)."""
    rules = []
    for folder in sorted(files, key=len):
        for line in files[folder].splitlines():
            pattern, *attributes = line.split()[:20] or [""]
            if not pattern or pattern.startswith(("#", "[attr]", "!")):
                continue
            values = dict(found for attribute in attributes if (found := _value(attribute)))
            if values:
                rules.append(_Rule(folder, GitIgnoreSpec.from_lines([pattern]), values))
    return Attributes(tuple(rules))


def _value(attribute: str) -> tuple[str, bool] | None:
    name, _, value = attribute.lstrip("-!").partition("=")
    if name not in _NAMES:
        return None
    return name, not attribute.startswith(("-", "!")) and value.lower() not in _FALSE

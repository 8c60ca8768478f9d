"""`.gitattributes`, as far as linguist reads it: which paths a repository calls generated or vendored."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pathspec.patterns.gitignore import GitIgnorePatternError

from reviewer.core.globs import ignore_spec
from reviewer.core.patchnames import unquote

_NAMES = ("linguist-generated", "linguist-vendored")
_FALSE = {"false", "0", "no", "off", "unset"}
_LINE = re.compile(r'[ \t\r]*("(?:[^"\\]|\\.)*"|[^ \t\r]+)(.*)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Rule:
    folder: str
    pattern: re.Pattern[str]
    everything_below: bool
    values: Mapping[str, bool]

    def matches(self, path: str) -> bool:
        """Unlike `.gitignore`, a pattern for a folder says nothing of what is in it, except `folder/**`."""
        if not path.startswith(self.folder):
            return False
        found = (self.pattern.match if self.everything_below else self.pattern.fullmatch)(path[len(self.folder) :])
        return found is not None


@dataclass(frozen=True, slots=True)
class Attributes:
    """Rules of all `.gitattributes` files, outermost first; the last match of an attribute wins, as in git."""

    rules: tuple[_Rule, ...] = ()

    def of(self, path: str) -> tuple[bool, bool]:
        """Whether a path is (generated, vendored)."""
        state = dict.fromkeys(_NAMES, False)
        for rule in self.rules:
            if rule.matches(path):
                state.update(rule.values)
        return state[_NAMES[0]], state[_NAMES[1]]


def parse_attributes(files: Mapping[str, str]) -> Attributes:
    """Read the texts of `.gitattributes` files, keyed by their folder (`""` for the root, else ending in a slash)."""
    rules = []
    for folder in sorted(files, key=len):
        for line in files[folder].split("\n"):
            parts = _LINE.fullmatch(line)
            if not parts or parts[1].startswith(("#", "[attr]", "!")):
                continue
            values = dict(found for attribute in re.split(r"[ \t\r]+", parts[2]) if (found := _value(attribute)))
            regex = _regex(unquote(parts[1])) if values else None
            if regex:
                rules.append(_Rule(folder, regex, regex.pattern == "." or regex.pattern.endswith("/"), values))
    return Attributes(tuple(rules))


def _regex(pattern: str) -> re.Pattern[str] | None:
    """None for a pattern that git cannot match with either."""
    try:
        (parsed,) = ignore_spec([pattern]).patterns
    except (GitIgnorePatternError, ValueError):
        return None
    return parsed.regex


def _value(attribute: str) -> tuple[str, bool] | None:
    name, _, value = attribute.lstrip("-!").partition("=")
    if name not in _NAMES:
        return None
    return name, not attribute.startswith(("-", "!")) and value.lower() not in _FALSE

"""YAML as a configuration takes it: plain values, nothing that refers to or replaces something else."""

from typing import Any

import yaml

from reviewer.errors import ConfigError


class _Loader(yaml.SafeLoader):
    """Refuses aliases, which let a small file expand without bound, and keys that stand there twice."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "an alias (*name) is not taken here", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                problem = f"the key {key.value!r} stands there twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            if isinstance(key, yaml.ScalarNode):
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _said(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    # Characters that YAML forbids have a reason; dates and numbers that are none come as Python's own words.
    return (
        str(getattr(error, "reason", None) or error).partition("\n")[0].partition(";")[0][:120] or "it cannot be read"
    )


def parse_yaml(text: str, name: str) -> Any:
    """The value of a YAML text; ConfigError with `name` and the line where it is none."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader, narrowed
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or _said(error)
        raise ConfigError(
            f"{name} is not valid YAML{place}: {problem}.", step="Mend the line, or check its indentation."
        ) from None

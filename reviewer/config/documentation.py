"""The settings as a page of documentation, made from the settings: `python -m reviewer.config.documentation`."""

from collections.abc import Iterator
from typing import Any

import yaml

from reviewer import __version__
from reviewer.config.loading import SECTIONS, variable
from reviewer.config.settings import Settings

_HEAD = f"""\
# Configuration

<!-- Made by `make docs` from reviewer/config/settings.py. -->

Settings stand in `.github/reviewer.yml` of the **base** branch: a pull request cannot change the rules it is judged \
by. Each also has a variable, and the common ones a flag. The last one wins: defaults, file, `REVIEWER_*` variables, \
flags; `reviewer diff --show-config` prints each value with its origin. Unknown keys are refused; \
a `REVIEWER_*` variable that is no setting is named on standard error.

Editors complete and check the file where its first line names the schema, \
[`reviewer/config/schema.json`](../reviewer/config/schema.json):

```yaml
# yaml-language-server: $schema=https://raw.githubusercontent.com/reviewer-bot/reviewer/v{__version__}/reviewer/config/schema.json
```

Durations are written `20s`, `15m`, `24h`, `7d`; in variables, lists are joined by commas and mappings written \
`key=value,key=value`.
"""


def document() -> str:
    """The page, in Markdown."""
    return "\n".join([_HEAD, *_table("", Settings), *_sections()]) + "\n"


def _sections() -> Iterator[str]:
    for key, section in SECTIONS.items():
        field = Settings.model_fields[key.replace("-", "_")]
        yield f"\n## {key}\n\n{field.description}\n"
        yield from _table(f"{key}.", section)


def _table(prefix: str, model: Any) -> Iterator[str]:
    yield "| key | default | variable | what it is |"
    yield "|---|---|---|---|"
    defaults = model().model_dump(mode="json", by_alias=True)
    for name, field in model.model_fields.items():
        key = name.replace("_", "-")
        if f"{prefix}{key}" in SECTIONS:
            yield f"| `{key}` | | | see [below](#{key}) |"
            continue
        default = yaml.safe_dump(defaults[key], default_flow_style=True).strip().removesuffix("\n...")
        shown = "" if defaults[key] in (None, [], {}) else f"`{default}`"
        told = (field.description or "").replace("\n", " ").replace("|", "\\|")
        yield f"| `{prefix}{key}` | {shown} | `{variable(prefix + key)}` | {told} |"


if __name__ == "__main__":
    print(document(), end="")

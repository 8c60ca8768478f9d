"""The cascade: defaults, file, environment, flags; the last one wins, and every value remembers where it came from."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from reviewer.config.settings import Audit, Limits, Models, Settings
from reviewer.errors import ConfigError

SECTIONS: Mapping[str, type[BaseModel]] = {"models": Models, "limits": Limits, "audit": Audit}
"""Keys whose values are merged key by key; any other value replaces the one before it."""
_LISTS = ("ignore",)
_MAPPINGS = ("on-incomplete", "instructions", "models", "limits")
_MAX_FILE = 262_144


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force, and for each key (dotted for sections) where its value came from."""

    settings: Settings
    origins: Mapping[str, str]


def known_keys() -> tuple[str, ...]:
    """All top-level keys, in kebab case."""
    return tuple(name.replace("_", "-") for name in Settings.model_fields)


def variable(key: str) -> str:
    """The environment variable of a key; a section's key is joined by an underscore."""
    return "REVIEWER_" + key.replace("-", "_").replace(".", "_").upper()


def load(file_text: str | None, file_name: str, env: Mapping[str, str], flags: Mapping[str, Any]) -> Loaded:
    """Cascade and check. `flags` maps keys to values, None for flags not given. ConfigError names key and origin."""
    layers = [
        (file_name, _read_file(file_text, file_name)),
        ("environment", _read_environment(env)),
        ("flag", {key: value for key, value in flags.items() if value is not None}),
    ]
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, layer in layers:
        for key, value in layer.items():
            _put(merged, origins, key, value, _where(origin, key, layer))
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise _refused(error, origins) from None
    return Loaded(settings, _complete(origins))


def _where(origin: str, key: str, layer: Mapping[str, Any]) -> str:
    if origin == "flag":
        return f"--{key}"
    if origin == "environment" and not isinstance(layer[key], dict):
        return variable(key)
    return origin


def _put(merged: dict[str, Any], origins: dict[str, str], key: str, value: Any, origin: str) -> None:
    if key in SECTIONS and isinstance(value, Mapping):
        section = merged.setdefault(key, {})
        for name, inner in value.items():
            if isinstance(section, dict):
                section[name] = inner
            origins[f"{key}.{name}"] = variable(f"{key}.{name}") if origin == "environment" else origin
    else:
        merged[key] = value
        origins[key] = variable(key) if origin == "environment" else origin


def _complete(origins: Mapping[str, str]) -> dict[str, str]:
    complete = {}
    for key in known_keys():
        if key in SECTIONS:
            for name in SECTIONS[key].model_fields:
                dotted = f"{key}.{name.replace('_', '-')}"
                complete[dotted] = origins.get(dotted, "default")
        else:
            complete[key] = origins.get(key, "default")
    return complete


def _read_file(text: str | None, name: str) -> dict[str, Any]:
    if text is None:
        return {}
    if len(text) > _MAX_FILE:
        raise ConfigError(f"{name} is larger than {_MAX_FILE // 1024} KiB.", step="Make it smaller.")
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise ConfigError(
            f"{name} is not valid YAML{place}: {problem}.", step="Mend the line, or check its indentation."
        ) from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(
            f"{name} must hold keys and values, not {type(data).__name__}.", step="See docs/configuration.md."
        )
    _check_keys(data, name)
    return {str(key): value for key, value in data.items() if value is not None}


def _check_keys(data: Mapping[Any, Any], name: str) -> None:
    for key, value in data.items():
        _check_key(str(key), known_keys(), name, "")
        if str(key) in SECTIONS and isinstance(value, Mapping):
            names = tuple(field.replace("_", "-") for field in SECTIONS[str(key)].model_fields)
            for inner in value:
                _check_key(str(inner), names, name, f"{key}.")


def _check_key(key: str, known: tuple[str, ...], name: str, prefix: str) -> None:
    if key in known:
        return
    near = difflib.get_close_matches(key.replace("_", "-").lower(), known, 1, 0.5)
    hint = f"Did you mean {prefix}{near[0]}?" if near else f"Known keys are {', '.join(prefix + k for k in known)}."
    raise ConfigError(f"{name}: unknown key {prefix}{key}.", step=hint)


def _read_environment(env: Mapping[str, str]) -> dict[str, Any]:
    """Values of `REVIEWER_*`; an empty variable counts as not set, since Actions sets inputs that way."""
    found: dict[str, Any] = {}
    for key in known_keys():
        text = env.get(variable(key), "").strip()
        if text:
            found[key] = _from_text(key, text)
        if key in SECTIONS:
            for name in (field.replace("_", "-") for field in SECTIONS[key].model_fields):
                text = env.get(variable(f"{key}.{name}"), "").strip()
                if text:
                    section = found.setdefault(key, {})
                    section[name] = _split(text) if name == "paths" else text
    return found


def _from_text(key: str, text: str) -> Any:
    if key in _LISTS:
        return _split(text)
    if key in _MAPPINGS and "=" in text:
        return parse_mapping(text, variable(key))
    if key == "prices":
        raise ConfigError(
            f"{variable(key)} cannot be set by a variable.", step="Write prices in the configuration file."
        )
    return text


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


def parse_mapping(text: str, name: str) -> dict[str, str]:
    """Read `key=value,key=value`; ConfigError with the form where it is something else."""
    pairs = {}
    for part in _split(text):
        key, sign, value = part.partition("=")
        if not (sign and key.strip() and value.strip()):
            raise ConfigError(f"{name}: {part!r} is not of the form key=value.", step="Write key=value,key=value.")
        pairs[key.strip()] = value.strip()
    return pairs


def _refused(error: ValidationError, origins: Mapping[str, str]) -> ConfigError:
    problems = []
    for found in error.errors(include_url=False):
        place = [
            str(part)
            for part in found["loc"]
            if part not in get_args(Settings.model_fields["on_incomplete"].annotation)
        ]
        key = place[0] if place else "configuration"
        dotted = ".".join(place[:2]) if key in SECTIONS else key
        origin = origins.get(dotted, origins.get(key, "configuration"))
        message = found["msg"].removeprefix("Value error, ")
        problems.append(f"{dotted} (from {origin}): {message}")
    what = "; ".join(dict.fromkeys(problems))
    return ConfigError(
        f"The configuration is refused: {what}.", step="See docs/configuration.md for what each key takes."
    )


def show(loaded: Loaded) -> str:
    """Each value with its origin, one a line: what `--show-config` prints."""
    values = loaded.settings.model_dump(mode="json", by_alias=True)
    rows = []
    for key, origin in loaded.origins.items():
        section, _, name = key.partition(".")
        value = values[section][name] if name else values[section]
        rows.append(
            (key, yaml.safe_dump(value, default_flow_style=True, width=10_000).strip().removesuffix("\n..."), origin)
        )
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"{key:<{widths[0]}}  {value:<{min(widths[1], 60)}}  {origin}" for key, value, origin in rows)


def schema() -> dict[str, Any]:
    """The JSON Schema of the configuration file."""
    made = Settings.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Reviewer configuration", **made}

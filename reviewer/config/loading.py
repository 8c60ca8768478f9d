"""The cascade: defaults, file, environment, flags; the last one wins, and every value remembers where it came from."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from reviewer.config.reading import parse_yaml
from reviewer.config.settings import Audit, Limits, Models, Settings
from reviewer.errors import ConfigError

SECTIONS: Mapping[str, type[BaseModel]] = {"models": Models, "limits": Limits, "audit": Audit}
"""Keys whose values are merged key by key; any other value replaces the one before it."""
_LISTS = ("ignore", "audit.paths")
_MAPPINGS = ("instructions", *SECTIONS)
_MAX_FILE = 262_144
_PREFIX = "REVIEWER_"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force, and for each key (dotted for sections) where its value came from."""

    settings: Settings
    origins: Mapping[str, str]


def known_keys() -> tuple[str, ...]:
    """All top-level keys, in kebab case."""
    return tuple(name.replace("_", "-") for name in Settings.model_fields)


def section_keys(key: str) -> tuple[str, ...]:
    """The keys inside a section, in kebab case; none for a key that is no section."""
    section = SECTIONS.get(key)
    return tuple(name.replace("_", "-") for name in section.model_fields) if section else ()


def variable(key: str) -> str:
    """The environment variable of a key; a section's key is joined by an underscore."""
    return _PREFIX + key.replace("-", "_").replace(".", "_").upper()


def unknown_variables(env: Mapping[str, str]) -> dict[str, str]:
    """Variables with our prefix that set nothing, each with the nearest one that would; empty where none is near."""
    dotted = [f"{key}.{inner}" for key in SECTIONS for inner in section_keys(key)]
    known = [variable(key).removeprefix(_PREFIX) for key in (*known_keys(), *dotted)]
    found = {}
    for name in sorted(env):
        rest = name.removeprefix(_PREFIX)
        if name.startswith(_PREFIX) and rest not in known and env[name].strip():
            near = difflib.get_close_matches(rest, known, 1)
            found[name] = _PREFIX + near[0] if near else ""
    return found


def load(file_text: str | None, file_name: str, env: Mapping[str, str], flags: Mapping[str, Any]) -> Loaded:
    """Cascade and check. `flags` maps keys to values, None for flags not given. ConfigError names key and origin."""
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for key, value in _read_file(file_text, file_name).items():
        _put(merged, origins, key, value, file_name)
    for key, value, name in _read_environment(env):
        _put(merged, origins, key, value, name)
    for key, value in flags.items():
        if value is not None:
            _put(merged, origins, key, value, f"--{key}")
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise _refused(error, origins) from None
    return Loaded(settings, _complete(origins))


def _put(merged: dict[str, Any], origins: dict[str, str], key: str, value: Any, origin: str) -> None:
    if key in SECTIONS and isinstance(value, Mapping) and isinstance(merged.setdefault(key, {}), dict):
        merged[key].update(value)
        origins.update({f"{key}.{name}": origin for name in value})
    else:
        merged[key] = value
        origins[key] = origin


def _complete(origins: Mapping[str, str]) -> dict[str, str]:
    complete = {}
    for key in known_keys():
        if key in SECTIONS:
            for dotted in (f"{key}.{name}" for name in section_keys(key)):
                complete[dotted] = origins.get(dotted, "default")
        else:
            complete[key] = origins.get(key, "default")
    return complete


def read_text(path: Path) -> str:
    """The text of a configuration file; ConfigError where it cannot be read, or is far from being one."""
    try:
        with path.open("rb") as file:
            raw = file.read(4 * _MAX_FILE + 1)
        if len(raw) > 4 * _MAX_FILE:  # as many bytes as the characters allowed can take
            raise _too_large(str(path))
        return raw.decode("utf-8-sig")
    except OSError as error:
        what = f"The configuration file {path} cannot be read: {error.strerror}."
        raise ConfigError(what, step="Check --config.") from error
    except ValueError as error:  # also a path with a NUL in it
        what = f"The configuration file {path} cannot be read: it is no UTF-8 text."
        raise ConfigError(what, step="Check --config.") from error


def _too_large(name: str) -> ConfigError:
    return ConfigError(f"{name} is larger than {_MAX_FILE // 1024} KiB.", step="Make it smaller.")


def _read_file(text: str | None, name: str) -> dict[str, Any]:
    if text is None:
        return {}
    if len(text) > _MAX_FILE:
        raise _too_large(name)
    data = parse_yaml(text, name)
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
            for inner in value:
                _check_key(str(inner), section_keys(str(key)), name, f"{key}.")


def _check_key(key: str, known: tuple[str, ...], name: str, prefix: str) -> None:
    if key in known:
        return
    near = difflib.get_close_matches(key.replace("_", "-").lower(), known, 1, 0.5)
    hint = f"Did you mean {prefix}{near[0]}?" if near else f"Known keys are {', '.join(prefix + k for k in known)}."
    raise ConfigError(f"{name}: unknown key {prefix}{key}.", step=hint)


def _read_environment(env: Mapping[str, str]) -> Iterator[tuple[str, Any, str]]:
    """Key, value and variable of `REVIEWER_*`; an empty one counts as not set, since Actions sets inputs that way."""
    for key in known_keys():
        name = variable(key)
        if text := env.get(name, "").strip():
            value = _from_text(key, text, name)
            _check_keys({key: value}, name)
            yield key, value, name
        for inner in section_keys(key):
            name = variable(f"{key}.{inner}")
            if text := env.get(name, "").strip():
                yield key, {inner: _from_text(f"{key}.{inner}", text, name)}, name


def _from_text(key: str, text: str, name: str) -> Any:
    if key in _LISTS:
        return _split(text)
    if key == "prices":
        return parse_yaml(text, name)
    if key in _MAPPINGS or (key == "on-incomplete" and "=" in text):
        found: dict[str, Any] = dict(parse_mapping(text, name))
        return {inner: _split(value) if f"{key}.{inner}" in _LISTS else value for inner, value in found.items()}
    return text


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


def parse_mapping(text: str, name: str) -> dict[str, str]:
    """Read `key=value,key=value`, or one a line where there are several lines, so that values may have commas.

    ConfigError with the form where it is something else.
    """
    pairs = {}
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for part in lines if len(lines) > 1 else _split(text):
        key, sign, value = part.partition("=")
        if not (sign and key.strip() and value.strip()):
            raise ConfigError(f"{name}: {part!r} is not of the form key=value.", step="Write key=value,key=value.")
        pairs[key.strip()] = value.strip()
    return pairs


def _refused(error: ValidationError, origins: Mapping[str, str]) -> ConfigError:
    problems = []
    for found in error.errors(include_url=False):
        place = [str(part) for part in found["loc"]]
        dotted = ".".join(place) or "configuration"
        origin = origins.get(".".join(place[:2])) or origins.get(place[0] if place else "", "configuration")
        message = found["msg"].removeprefix("Value error, ")
        if found["type"] == "model_type":
            message = "it must hold keys and values"
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
    defaults = Settings().model_dump(mode="json", by_alias=True)
    _write_defaults(made["properties"], defaults)
    for key, section in SECTIONS.items():
        _write_defaults(made["$defs"][section.__name__]["properties"], defaults[key])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "Reviewer configuration"}


def _write_defaults(properties: dict[str, dict[str, Any]], defaults: Mapping[str, Any]) -> None:
    """Defaults as they are written in the file: pydantic writes durations in a form of its own."""
    for key, described in properties.items():
        if "default" in described:
            described["default"] = defaults[key]

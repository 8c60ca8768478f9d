"""Which variables of an environment hold secrets, and which values must not leave the process."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urlsplit

KNOWN = frozenset({
    "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_IDENTITY_TOKEN", "GITHUB_TOKEN", "GH_TOKEN",
    "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
})  # fmt: skip
"""Secrets whatever their value looks like."""

READ_IN_PLACE = frozenset({"ANTHROPIC_IDENTITY_TOKEN", "PGPASSWORD"})
"""Secrets that a library reads from the process's environment whenever it needs them, so they must stay there."""

MIN_LENGTH = 8
"""Shorter values are neither looked for nor hidden: ordinary words would go with them."""
_PASSWORD = re.compile(r"PASSWORDS?$|PASSWD$|PASSPHRASE$|PWD$|^PIN$")
_SECRET = re.compile(
    rf"{_PASSWORD.pattern}|TOKEN$|SECRETS?$|(?:API|SSH|PRIVATE|ACCESS|DEPLOY|SIGNING)KEY$|CREDENTIALS?$|^KEYS?$|^AUTH(?:ORIZATION)?$|^PAT$|COOKIE$"
)
_ABOUT_A_SECRET = frozenset({
    "FILE", "FILES", "PATH", "DIR", "DIRECTORY", "FOLDER", "SOCK", "SOCKET", "URL", "URI", "HOST", "HOSTNAME", "PORT",
    "NAME", "USER", "USERNAME", "TYPE", "ALGORITHM", "LENGTH", "SIZE", "LIMIT", "TTL", "EXPIRY", "COUNT",
})  # fmt: skip
"""A name that ends so speaks of a secret, but does not hold one: `PASSWORD_FILE`."""
_FOLDERS = frozenset({"PWD", "OLDPWD"})

_NAME_PARTS = re.compile(r"[^A-Z0-9]+")
_NUMBER = re.compile(r"[\d.,:_+-]+")
_PATHS = re.compile(r"(?:~|\.{1,2}|[A-Za-z]:)?[/\\][\w.@ -]*(?:[/\\][\w.@ -]*)+")
_WORD = re.compile(r"[a-z]{1,12}|[A-Z]{1,12}")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#\"']*@[^\s\"']*")
_AUTHORIZATION = re.compile(r"(?:authorization|api-key|token|cookie)\s*:\s*(?:(?:basic|bearer|token)\s+)?(\S+)", re.I)
_TOKEN_LENGTH = 20
"""A user's name in a URL that is at least this long, and has no password, is a token."""


def secret_names(env: Mapping[str, str]) -> frozenset[str]:
    """Variables that hold a secret: by their names, unless the value is plainly something else."""
    return frozenset(name for name, value in env.items() if name in KNOWN or _is_secret(name.upper(), value.strip()))


def secret_values(env: Mapping[str, str]) -> tuple[str, ...]:
    """The values of those variables, and passwords and tokens inside of others: in URLs and in lists of headers."""
    named = {env[name] for name in secret_names(env)}
    inside = {part for value in env.values() for part in _inside(value)}
    return tuple(sorted(value for value in named | inside if value.strip()))


def _is_secret(name: str, value: str) -> bool:
    parts = [part for part in _NAME_PARTS.split(name) if part]
    if "WEBHOOK" in parts:
        return "://" in value  # whoever has the address may post
    if name in _FOLDERS or not parts or parts[-1] in _ABOUT_A_SECRET:
        return False
    if len(value) < MIN_LENGTH or not any(map(_SECRET.search, parts)):
        return False
    if _WORD.fullmatch(value) or _PATHS.fullmatch(value):
        return False
    if _NUMBER.fullmatch(value):
        return any(map(_PASSWORD.search, parts))
    return not ("://" in value and _URL.search(value) is None)


def _inside(value: str) -> Iterator[str]:
    if "://" in value and "@" in value:
        for url in _URL.findall(value):
            yield from _in_url(url)
    if ":" in value:
        yield from (found for found in _AUTHORIZATION.findall(value) if len(found) >= MIN_LENGTH)


def _in_url(url: str) -> Iterator[str]:
    """The password, unless it is a word that texts are full of, and in any case with the name beside it."""
    try:
        account = urlsplit(url).netloc.rpartition("@")[0]
    except ValueError:
        return  # brackets that are no address
    user, _, password = account.partition(":")
    if password:
        yield f"{account}@"
        if not _WORD.fullmatch(password):
            yield from {password, unquote(password)}
    elif len(user) >= _TOKEN_LENGTH:
        yield from {user, unquote(user)}

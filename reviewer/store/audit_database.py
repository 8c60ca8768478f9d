"""The database that holds the audit's state: opened, brought to the current schema, kept to one run at a time."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, insert, inspect, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from reviewer.errors import ConfigError
from reviewer.store.audit_packing import write_time
from reviewer.store.audit_schema import METADATA, SCHEMA, VERSION

_PATIENCE = 30.0
"""Seconds to wait for another process that is writing."""
_LOCK = 0x52657669657772
"""The advisory lock of PostgreSQL that a run of the audit holds."""
_CACHE = 128 * 1024
"""KiB of pages that SQLite keeps: the indexes of 100,000 requests, whose keys come in no order."""
_CACHE_IN_ORDER = 8 * 1024
"""KiB where everything is read once, and in order."""
CHOOSE = "Choose another `--state`."
"""The step to take where a state cannot be used."""
_URL = "Write a path, or postgresql+psycopg://USER@HOST/NAME."


class StateInUse(ConfigError):
    """Another run has the state to itself."""


def open_database(where: str, now: datetime) -> Engine:
    """The engine for a path (SQLite) or a URL, its schema made or brought up to date. ConfigError says why not."""
    url = _url(where)
    try:
        engine = create_engine(url, **_arguments(url))
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _make_durable)
            event.listen(engine, "begin", _begin)
        _bring_up_to_date(engine, now, _shown(url))
    except (NoSuchModuleError, ImportError) as error:
        raise ConfigError(
            f"The state {_shown(url)} needs a database driver that is not installed: {error}.",
            step="Install it (for PostgreSQL: `pip install psycopg[binary]`, and write postgresql+psycopg://).",
        ) from error
    except ArgumentError as error:
        raise ConfigError(
            f"The audit's state {_shown(url)} cannot be opened: its URL is malformed.", step=_URL
        ) from error
    except DBAPIError as error:
        raise ConfigError(f"The audit's state {_shown(url)} cannot be opened: {error.orig}.", step=CHOOSE) from error
    return engine


def _url(where: str) -> URL:
    if "://" not in where:
        path = Path(where)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"The folder {path.parent} cannot be made: {error.strerror}.", step=CHOOSE) from error
        return URL.create("sqlite", database=str(path))
    try:
        return make_url(where)
    except ArgumentError as error:
        raise ConfigError("The audit's state is not a path or a database URL.", step=_URL) from error


def _shown(url: URL) -> str:
    return url.database or "" if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


def _arguments(url: URL) -> dict[str, Any]:
    if url.get_backend_name() != "sqlite":
        return {"pool_pre_ping": True}
    return {"connect_args": {"timeout": _PATIENCE, "check_same_thread": False}}


def _make_durable(connection: Any, record: Any) -> None:  # noqa: ARG001 - the event's signature
    connection.isolation_level = None  # transactions are begun by `_begin`, not guessed by the driver
    # One file holds all that was committed: a write-ahead log would be left behind when only the file is saved, and
    # with it the record of a batch that was paid for. FULL, because the commit comes before the act it describes.
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA cache_size=-{_CACHE}")


def spare_memory(engine: Engine) -> None:
    """Give back the memory that writing in no order takes: what follows reads in order."""
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            connection.exec_driver_sql(f"PRAGMA cache_size=-{_CACHE_IN_ORDER}")
            connection.exec_driver_sql("PRAGMA shrink_memory")
        # glibc keeps what was freed between things in use; other C libraries have no such call, and no such need.
        with suppress(AttributeError, OSError, TypeError):
            ctypes.CDLL(None).malloc_trim(0)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _bring_up_to_date(engine: Engine, now: datetime, shown: str) -> None:
    with engine.begin() as connection:
        version = 0
        tables = set(inspect(connection).get_table_names())
        if SCHEMA.name not in tables:
            _check_free(tables, engine.dialect.name, shown)
        else:
            version = max(connection.scalars(select(SCHEMA.c.version)).all(), default=0)
        if version > VERSION:
            raise ConfigError(
                f"The audit's state {shown} was written by a newer Reviewer (schema {version}, this one knows"
                f" {VERSION}).",
                step="Update Reviewer.",
            )
        if version < VERSION:
            # Later versions put their changes here, one step per version, in this same transaction.
            METADATA.create_all(connection)
            connection.execute(insert(SCHEMA).values(version=VERSION, at=write_time(now)))


def _check_free(tables: set[str], dialect: str, shown: str) -> None:
    """Refuse what another program keeps here; a server's database may be shared, as long as no name is taken."""
    foreign = tables if dialect == "sqlite" else tables & set(METADATA.tables)
    if foreign:
        raise ConfigError(
            f"{shown} is no audit's state: it holds the table {min(foreign)[:60]!r}.",
            "It is another program's database.",
            CHOOSE,
        )


@contextmanager
def exclusive(engine: Engine) -> Iterator[None]:
    """Be the only run on this state; StateInUse where another one is at work. A run that dies lets go by that."""
    with _held(engine) as free:
        if not free:
            raise StateInUse(
                "Another run is at work on this audit's state.",
                step="Wait for it to end; give the audit's workflow a `concurrency` group.",
            )
        yield


@contextmanager
def _held(engine: Engine) -> Iterator[bool]:
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            try:
                yield bool(connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_LOCK})").scalar_one())
            finally:
                connection.invalidate()  # the lock belongs to the connection
        return
    # A database of its own that is locked and never written: the system lets go of it whatever ends the process.
    guard = create_engine(URL.create("sqlite", database=f"{engine.url.database}.lock"), connect_args={"timeout": 0.0})
    held = guard.raw_connection()
    try:
        yield _lock(held.driver_connection)
    finally:
        held.invalidate()
        guard.dispose()


def _lock(connection: Any) -> bool:
    connection.isolation_level = None
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except Exception as error:
        if "locked" in str(error):
            return False
        raise
    return True


def upsert(engine: Engine, table: Any) -> Any:
    """The insert of this dialect that can do nothing, or update, where the row is there already."""
    return (postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert)(table)


def compact(engine: Engine) -> None:
    """Give the space of deleted rows back, so that a state that travels stays small."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.connection.driver_connection.execute("VACUUM")  # type: ignore[union-attr]

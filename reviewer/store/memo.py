"""Answers already paid for, by the identity of their request: a rerun does not pay again."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, Text, create_engine, delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateIndex, CreateTable

from reviewer.errors import ConfigError

KEPT_FOR = timedelta(days=30)
_PATIENCE = 10.0
"""Seconds to wait for another run that is writing."""
_METADATA = MetaData()
_ANSWERS = Table(
    "answers",
    _METADATA,
    Column("identity", String(64), primary_key=True),
    Column("model", String(128), nullable=False),
    Column("text", Text, nullable=False),
    Column("message_id", String(128), nullable=False),
    Column("used_at", String(32), nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer from an earlier run: its text, the model that gave it, the message it was."""

    text: str
    model: str
    message_id: str


class _Damaged(Exception):
    """The file is a database, and parts of it are lost."""


def _is_foreign(error: OperationalError) -> bool:
    """Whether the file is a good database of something else, rather than one that cannot be opened just now."""
    return getattr(error.orig, "sqlite_errorname", "") == "SQLITE_ERROR"


class Memo:
    """A SQLite file in a folder that travels between runs. A file that is no memo is put aside, not trusted.

    It saves money and decides nothing: where it fails later on, the run goes on without it, and `problem` says so.
    """

    def __init__(self, folder: Path, now: datetime) -> None:
        self._now = now.astimezone(UTC).isoformat(timespec="seconds")
        self._path = folder / "memo.db"
        self.problem = ""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"The cache folder {folder} cannot be made: {error.strerror}.", step="Choose another `cache-dir`."
            ) from error
        try:
            self._open()
        except (DatabaseError, _Damaged) as error:
            self._engine.dispose()
            if isinstance(error, OperationalError) and not _is_foreign(error):
                raise self._refused(str(error.orig)) from error
            self._put_aside()
            self._open()

    def _open(self) -> None:
        # One connection for the run: a file lock for each answer would cost more than the answer's row.
        self._engine = create_engine(
            f"sqlite:///{self._path}",
            poolclass=StaticPool,
            connect_args={"timeout": _PATIENCE, "check_same_thread": False},
        )
        with self._engine.begin() as connection:
            # Written through at a crash of the process, without waiting for the disk at each answer. SQLite does not
            # wait to change the mode: where another run is at it, that run changes it for both.
            with suppress(OperationalError):
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
            # Two runs may open a new folder at once: only the database can tell which of them makes the table.
            connection.execute(CreateTable(_ANSWERS, if_not_exists=True))
            for index in _ANSWERS.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if found != "ok":
                raise _Damaged(found)
            connection.execute(select(_ANSWERS).limit(1))

    def _put_aside(self) -> None:
        try:
            self._path.replace(self._path.with_name("memo.unreadable.db"))
            for rest in ("memo.db-wal", "memo.db-shm"):
                self._path.with_name(rest).unlink(missing_ok=True)
        except OSError as error:
            raise self._refused(error.strerror or str(error)) from error

    def _refused(self, why: str) -> ConfigError:
        return ConfigError(f"The cache {self._path} cannot be opened: {why}.", step="Choose another `cache-dir`.")

    def get(self, identity: str) -> Remembered | None:
        """The answer to this very request, or None."""
        found = None
        with self._tolerant() as connection:
            row = connection.execute(select(_ANSWERS).where(_ANSWERS.c.identity == identity)).one_or_none()
            if row is not None and all(isinstance(value, str) for value in row):
                found = Remembered(row.text, row.model, row.message_id)
                connection.execute(_ANSWERS.update().where(_ANSWERS.c.identity == identity).values(used_at=self._now))
        return found

    def keep(self, identity: str, text: str, model: str, message_id: str) -> None:
        """Keep an answer; one that is there already is replaced."""
        values = {"model": model, "text": text, "message_id": message_id, "used_at": self._now}
        statement = insert(_ANSWERS).values(identity=identity, **values)
        with self._tolerant() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["identity"], set_=values))

    def close(self, now: datetime | None = None) -> None:
        """Forget what was not used for 30 days, and let go of the file."""
        oldest = ((now or datetime.fromisoformat(self._now)) - KEPT_FOR).astimezone(UTC).isoformat(timespec="seconds")
        with self._tolerant() as connection:
            connection.execute(delete(_ANSWERS).where(_ANSWERS.c.used_at < oldest))
        self._engine.dispose()

    @contextmanager
    def _tolerant(self) -> Iterator[Connection]:
        """A transaction whose failure is kept in `problem`."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except DatabaseError as error:
            self.problem = f"The cache {self._path} failed ({error.orig}): what it held is asked and paid for again."


class WriteOnly:
    """A memo that remembers nothing and keeps everything: for a forced rerun, whose answers replace the old ones."""

    def __init__(self, memo: Memo) -> None:
        self._memo = memo

    def get(self, identity: str) -> Remembered | None:  # noqa: ARG002
        """Nothing."""
        return None

    def keep(self, identity: str, text: str, model: str, message_id: str) -> None:
        """See `Memo.keep`."""
        self._memo.keep(identity, text, model, message_id)

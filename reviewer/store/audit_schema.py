"""The tables of the audit's state. The same for SQLite and PostgreSQL; times are ISO 8601 in UTC, so they sort."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

VERSION = 1
METADATA = MetaData()
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
_HASH, _NAME, _TIME, _WORD = String(64), String(128), String(32), String(32)

SCHEMA = Table("audit_schema", METADATA, Column("version", Integer, primary_key=True), Column("at", _TIME))

AUDITS = Table(
    "audits",
    METADATA,
    Column("id", _WORD, primary_key=True),
    Column("started_at", _TIME, nullable=False),
    Column("ended_at", _TIME),
    Column("status", _WORD, nullable=False),
    Column("stage", _NAME, nullable=False),
    Column("document", Text, nullable=False),
    Column("recovering", Boolean, nullable=False),
)

FRAMES = Table(
    "audit_frames",
    METADATA,
    Column("hash", _HASH, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
"""What many requests have in common, kept once: above all the system prompt."""

REQUESTS = Table(
    "audit_requests",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("audit", _WORD, ForeignKey("audits.id"), nullable=False),
    Column("identity", _HASH, nullable=False),
    Column("short", _WORD, nullable=False),
    Column("round", _WORD, nullable=False),
    Column("model", _NAME, nullable=False),
    Column("prefix", _HASH, nullable=False),
    Column("ttl", _WORD, nullable=False),
    Column("state", _WORD, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("intent", _WORD),
    Column("last", _WORD, nullable=False),
    Column("reason", Text, nullable=False),
    Column("result", _NUMBER),
    Column("carried", Boolean, nullable=False),
    Column("estimated_input", Integer, nullable=False),
    Column("estimated_output", Integer, nullable=False),
    UniqueConstraint("audit", "short"),
    Index("audit_requests_state", "audit", "state"),
    Index("audit_requests_intent", "intent", "number"),
)
"""One question of one audit. `short` is what a custom id holds of the identity."""

BODIES = Table(
    "audit_bodies",
    METADATA,
    Column("request", _NUMBER, ForeignKey("audit_requests.number"), primary_key=True, autoincrement=False),
    Column("frame", _HASH, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""What is asked, apart from what becomes of it: results come in any order, and each changes a row."""

UNITS = Table(
    "audit_units",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("audit", _WORD, ForeignKey("audits.id"), nullable=False),
    Column("unit", _NAME, nullable=False),
    Column("round", _WORD, nullable=False),
    Column("repository", Text, nullable=False),
    Column("kind", _WORD, nullable=False),
    Column("files", Text, nullable=False),
    Column("request", _NUMBER, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    UniqueConstraint("audit", "unit"),
    Index("audit_units_order", "audit", "number"),
)

INTENTS = Table(
    "audit_intents",
    METADATA,
    Column("id", _WORD, primary_key=True),
    Column("audit", _WORD, ForeignKey("audits.id"), nullable=False),
    Column("round", _WORD, nullable=False),
    Column("model", _NAME, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("body_bytes", BigInteger, nullable=False),
    Column("body_sha256", _HASH, nullable=False),
    Column("newest", _NAME, nullable=False),
    Column("at", _TIME, nullable=False),
    Column("state", _WORD, nullable=False, index=True),
    Column("doubted_at", _TIME),
    Column("reason", Text, nullable=False),
)

BATCHES = Table(
    "audit_batches",
    METADATA,
    Column("id", _NAME, primary_key=True),
    Column("audit", _WORD, ForeignKey("audits.id"), nullable=False),
    Column("intent", _WORD, nullable=False, index=True),
    Column("model", _NAME, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("ended_at", _TIME),
    Column("state", _WORD, nullable=False),
    Column("reads", Integer, nullable=False),
    Index("audit_batches_state", "audit", "state"),
)

RESULTS = Table(
    "audit_results",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("audit", _WORD, ForeignKey("audits.id"), nullable=False),
    Column("identity", _HASH, nullable=False),
    Column("batch_id", _NAME, nullable=False),
    Column("custom_id", _NAME, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("lane", _WORD, nullable=False),
    Column("outcome", _WORD, nullable=False),
    Column("reason", Text, nullable=False),
    Column("text", LargeBinary, nullable=False),
    Column("asked", _NAME, nullable=False),
    Column("model", _NAME, nullable=False),
    Column("message_id", _NAME, nullable=False),
    Column("request_id", _NAME, nullable=False),
    Column("prefix", _HASH, nullable=False),
    Column("ttl", _WORD, nullable=False),
    Column("large", Boolean, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cache_read_input_tokens", BigInteger, nullable=False),
    Column("cache_creation_5m_input_tokens", BigInteger, nullable=False),
    Column("cache_creation_1h_input_tokens", BigInteger, nullable=False),
    Column("sent_at", _TIME),
    Column("ended_at", _TIME),
    Column("used_at", _TIME, nullable=False),
    UniqueConstraint("batch_id", "custom_id"),
    Index("audit_results_identity", "identity", "outcome", "number"),
    Index("audit_results_audit", "audit", "number"),
)
"""The ledger: every attempt that has an end, once. Usable answers are what later audits carry over."""

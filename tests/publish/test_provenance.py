import json
from decimal import Decimal

import pytest

from reviewer.core.audit_provenance import FileFate, Origin, file_record, finding_record, record_id
from reviewer.core.request import Usage
from reviewer.errors import InputError
from reviewer.publish.provenance import provenance_line, write_provenance
from tests.publish.conftest import HEAD, finding

ORIGIN = Origin(
    "a1", "file", "file-0123456789ab", "claude-opus-5-5", "ab" * 32, batch_id="msgbatch_1", custom_id="i-u-1",
    message_id="msg_1", attempt=2, submitted_at="2026-11-21T02:23:00Z", ended_at="2026-11-21T03:00:00Z",
    usage=Usage(10, 20), usd=Decimal("0.0003"), files=3,
)  # fmt: skip


def test_a_finding_has_one_complete_record():
    record = finding_record(finding(title="T\u2028"), "a2", "octo/shop", HEAD, [ORIGIN])
    assert json.loads(provenance_line(record)) == {
        "id": "finding-1111111111111111",
        "type": "finding",
        "schema_version": 1,
        "audit": "a2",
        "repository": "octo/shop",
        "commit": HEAD,
        "path": "src/app.py",
        "start_line": 4,
        "end_line": 4,
        "fingerprint": "1111111111111111",
        "severity": "critical",
        "category": "security",
        "title": "T\u2028",
        "disposition": "summary",
        "verified": True,
        "origins": [
            {
                "audit": "a1",
                "kind": "file",
                "unit": "file-0123456789ab",
                "model": "claude-opus-5-5",
                "prompt_sha256": "ab" * 32,
                "lane": "batch",
                "batch_id": "msgbatch_1",
                "custom_id": "i-u-1",
                "request_id": "",
                "message_id": "msg_1",
                "attempt": 2,
                "submitted_at": "2026-11-21T02:23:00Z",
                "ended_at": "2026-11-21T03:00:00Z",
                "usage": {
                    "input_tokens": 10,
                    "output_tokens": 20,
                    "cache_read_input_tokens": 0,
                    "cache_creation_5m_input_tokens": 0,
                    "cache_creation_1h_input_tokens": 0,
                },
                "usd": "0.000300",
                "files": 3,
            }
        ],
    }
    assert record["id"] == record_id(finding())


def test_a_file_without_a_review_has_its_reason():
    record = file_record(FileFate("a.png", "b" * 40, False, "binary"), "a2", "octo/shop", HEAD, [])
    assert record["id"] == "file-octo/shop:a.png"
    assert (record["reviewed"], record["reason"], record["carried_over"], record["origins"]) == (
        False,
        "binary",
        False,
        [],
    )


def test_lines_are_written_as_a_stream_one_record_each(tmp_path):
    path = tmp_path / "out" / "provenance.jsonl"
    records = (file_record(FileFate(f"f\u2028{n}.py", "b", True), "a", "o/r", HEAD, [ORIGIN]) for n in range(1_000))
    assert write_provenance(path, records) == 1_000
    lines = path.read_text("utf-8").splitlines()
    assert [json.loads(line)["path"] for line in lines[::999]] == ["f\u20280.py", "f\u2028999.py"]
    assert len(lines) == 1_000


def test_a_run_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "provenance.jsonl"
    write_provenance(path, [{"id": "1"}])
    with pytest.raises(ZeroDivisionError):
        write_provenance(path, ({"id": 1 // (1 - n)} for n in range(2)))
    assert path.read_text("utf-8") == '{"id":"1"}\n'
    assert [each.name for each in tmp_path.iterdir()] == ["provenance.jsonl"]


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="report could not be written"):
        write_provenance(tmp_path / "file" / "provenance.jsonl", [])

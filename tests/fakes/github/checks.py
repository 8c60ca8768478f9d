"""Check runs, commit statuses and SARIF uploads."""

import base64
import binascii
import gzip
import json
import zlib
from typing import Any

from tests.fakes.github import views
from tests.fakes.github.calls import Call, Reply, no_commit, page, paged
from tests.fakes.github.errors import ApiError, invalid_request, not_found, unprocessable
from tests.fakes.github.records import CheckRun, next_id, now


def create_run(call: Call) -> Reply:
    """A check run of the Actions app."""
    body = call.body
    if call.repo.git is None or call.repo.resolve(body["head_sha"]) != body["head_sha"]:
        raise no_commit(body["head_sha"])
    _check(body)
    run = CheckRun(body["name"], body["head_sha"], {})
    call.repo.check_runs.append(run)
    _apply(run, body)
    return Reply(201, views.check_run(run, call.repo, call.api))


def _check(body: dict[str, Any]) -> None:
    completed = body.get("status") == "completed" or "completed_at" in body
    if completed and "conclusion" not in body:
        raise invalid_request('"conclusion" wasn\'t supplied.')
    if body.get("conclusion") == "stale":
        raise unprocessable("conclusion cannot be stale")
    output = body.get("output", {})
    if len(output.get("title", "")) > 255:
        raise invalid_request("For 'properties/output/title', the title is too long (maximum is 255 characters).")
    for note in output.get("annotations", []):
        _check_annotation(note)


def _check_annotation(note: dict[str, Any]) -> None:
    columns = "start_column" in note or "end_column" in note
    if columns and note["start_line"] != note["end_line"]:
        raise unprocessable("start_column and end_column need start_line and end_line to be equal")
    if note["start_line"] > note["end_line"]:
        raise unprocessable("end_line must not precede start_line")
    if any(len(note.get(key, "").encode()) > 65_536 for key in ("message", "raw_details")):
        raise unprocessable("message and raw_details are limited to 64 KB")


def _apply(run: CheckRun, body: dict[str, Any]) -> None:
    output = dict(body.get("output", {}))
    # Every update appends its annotations, the rest of the output is replaced.
    run.annotations.extend(output.pop("annotations", []))
    run.output.update(output)
    run.values.update({key: value for key, value in body.items() if key != "output"})
    if "conclusion" in body:
        run.values.update({"status": "completed", "completed_at": body.get("completed_at", now())})
    run.started_at = body.get("started_at", run.started_at)
    run.name = body.get("name", run.name)


def _one(call: Call) -> CheckRun:
    for run in call.repo.check_runs:
        if run.id == call.params["check_run_id"]:
            return run
    raise not_found()


def get_run(call: Call) -> Reply:
    """One check run."""
    return Reply(200, views.check_run(_one(call), call.repo, call.api))


def update_run(call: Call) -> Reply:
    """Change a check run."""
    run = _one(call)
    _check(call.body)
    _apply(run, call.body)
    return Reply(200, views.check_run(run, call.repo, call.api))


def list_annotations(call: Call) -> Reply:
    """The annotations of a check run."""
    empty = {"start_column": None, "end_column": None, "title": None, "raw_details": None}
    return paged(call, _one(call).annotations, lambda note: empty | note)


def list_runs(call: Call) -> Reply:
    """The check runs of a commit; of one name only the latest, unless all are asked for."""
    sha = call.commit
    runs = [run for run in call.repo.check_runs if run.head_sha == sha]
    if call.query.get("filter", "latest") == "latest":
        runs = list({run.name: run for run in runs}.values())
    for key, name in (("check_name", "name"), ("status", "status")):
        if key in call.query:
            runs = [run for run in runs if getattr(run, name) == call.query[key]]
    shown, headers = page(call, runs)
    data = [views.check_run(run, call.repo, call.api) for run in shown]
    return Reply(200, {"total_count": len(runs), "check_runs": data}, headers)


def create_status(call: Call) -> Reply:
    """A commit status; at most 1000 of one context on one commit."""
    sha, context = call.params["sha"], call.body.get("context", "default")
    if call.repo.git is None or call.repo.resolve(sha) != sha:
        raise no_commit(sha)
    same = [s for s in call.repo.statuses if s["sha"] == sha and s["context"].lower() == context.lower()]
    if len(same) >= 1000:
        raise unprocessable("This SHA and context has reached the maximum number of statuses.")
    status = {"id": next_id(), "target_url": None, "description": None, "context": context, "created_at": now()}
    made = status | call.body | {"creator": views.user(call.rights.login)}
    call.repo.statuses.append(made | {"sha": sha})
    return Reply(201, made)


def list_statuses(call: Call) -> Reply:
    """The statuses of a commit, newest first."""
    sha = call.commit
    found = [status for status in reversed(call.repo.statuses) if status["sha"] == sha]
    return paged(call, found, lambda status: {key: value for key, value in status.items() if key != "sha"})


def upload_sarif(call: Call) -> Reply:
    """A SARIF file, gzipped and base64-encoded; kept decoded."""
    body = call.body
    if call.repo.resolve(body["commit_sha"]) is None:
        raise ApiError(404, "commit not found")
    try:
        packed = base64.b64decode(body["sarif"], validate=True)
        sarif = json.loads(gzip.decompress(packed))
    except (binascii.Error, OSError, EOFError, zlib.error, ValueError) as error:
        raise ApiError(400, f"Invalid SARIF. {type(error).__name__}: not a gzipped, base64-encoded file") from error
    if len(packed) > call.limits.sarif_bytes:
        raise ApiError(413, "SARIF upload is too large")
    if not isinstance(sarif, dict) or sarif.get("version") != "2.1.0" or not isinstance(sarif.get("runs"), list):
        raise ApiError(400, "Invalid SARIF. Only version 2.1.0 with runs is supported")
    if len(sarif["runs"]) > 20 or any(len(run.get("results", [])) > 25_000 for run in sarif["runs"]):
        raise ApiError(400, "Invalid SARIF. Too many runs or results")
    number = str(next_id())
    call.repo.sarifs.append({"id": number, "ref": body["ref"], "commit_sha": body["commit_sha"], "sarif": sarif})
    url = f"{call.api}/repos/{call.repo.full_name}/code-scanning/sarifs/{number}"
    return Reply(202, {"id": number, "url": url})


HANDLERS = {
    "checks/create": create_run,
    "checks/get": get_run,
    "checks/update": update_run,
    "checks/list-annotations": list_annotations,
    "checks/list-for-ref": list_runs,
    "repos/create-commit-status": create_status,
    "repos/list-commit-statuses-for-ref": list_statuses,
    "code-scanning/upload-sarif": upload_sarif,
}

"""One whole audit, to be run in a process of its own, which is killed at a named point (see `tests.audit.killed`)."""

import time
from datetime import UTC, datetime
from pathlib import Path

from reviewer.audit.document import AuditDocument, Audited
from reviewer.config.settings import Settings
from reviewer.store.audit import AuditState
from reviewer.wiring import audit_driver
from tests.audit.killed import arm
from tests.simulator.test_wire_cache import Clock


def document(folder: str, commit: str, sla: str = "30h") -> AuditDocument:
    """The audit of one repository."""
    settings = Settings.model_validate({"audit": {"sla": sla}})
    return AuditDocument("anthropic", (Audited("octo/shop", folder, commit),), settings, True, "")


def main(url: str, where: str, folder: str, commit: str, point: str, sla: str = "30h") -> None:
    """Audit until the kill."""
    clock = Clock(start=datetime(2026, 11, 21, tzinfo=UTC))
    state = AuditState.open(where, clock.now())
    env = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "sk-test"}
    with audit_driver(state, Settings(), "anthropic", env, clock) as driver, state.exclusive():
        name, when, number = point.split(":")
        part, method = name.split(".")
        parts = {"api": driver.api, "state": state}
        arm(parts.get(part) or getattr(state, part), method, when, int(number))
        audit = driver.start(document(str(Path(folder)), commit, sla))
        until = time.monotonic() + 30
        while time.monotonic() < until:
            driver.go_on(audit.id)
            if state.audits.get(audit.id).stage == "report":
                driver.finish(state.audits.get(audit.id), "complete", document(folder, commit, sla))
                return
            time.sleep(0.01)

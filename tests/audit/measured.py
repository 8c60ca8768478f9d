"""What earlier nights are said to have measured of the prompt cache."""

from datetime import datetime

from reviewer.core.caching import Way
from reviewer.core.request import Answered, Block, Call, Usage
from reviewer.store.audit import AuditState
from reviewer.store.audit_values import Arrival, Planned
from tests.audit.night import MODEL, RULES, question

REQUESTS = 50


def measured(state: AuditState, now: datetime, **rates: int) -> None:
    """50 batch requests of each way that is named, of whose prefixes so many percent were read (`h1_primed=98`)."""
    audit = state.audits.start({}, now)
    ways: dict[str, Way] = {"m5": "5m", "h1": "1h", "h1_primed": "1h primed"}
    for name, rate in rates.items():
        way, read = ways[name], 10 * rate
        usage = Usage(10, 10, read, 0, 1_000 - read)
        asked = [
            Planned(
                f"{way}-{number}",
                "files",
                "acme/shop",
                question(f"{way}-{number}", system=(Block(f"{RULES} {way}", "5m" if way == "5m" else "1h"),)),
                primed=way == "1h primed",
            )
            for number in range(REQUESTS)
        ]
        state.requests.plan(audit.id, asked, carry_over=False, now=now)
        call = Call(MODEL, lane="batch", usage=usage, message_id="msg_1", batch_id="msgbatch_earlier")
        answers = [Arrival(each.request.identity, 1, "answered", Answered("It is sound.", call)) for each in asked]
        state.results.keep(audit.id, answers, now)
    state.audits.end(audit.id, "sampled-out", now)

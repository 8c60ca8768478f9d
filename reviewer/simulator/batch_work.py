"""A batch at work: its items are checked, answered and written down in the background, wave by wave."""

import asyncio
from typing import Any

from reviewer.simulator.answer import Answer
from reviewer.simulator.api_error import ApiError
from reviewer.simulator.batch import Batch, Row
from reviewer.simulator.behaviour import ITEMS, Fault
from reviewer.simulator.catalogue import Model
from reviewer.simulator.faults import disturb_answer, disturb_message
from reviewer.simulator.message import build_message, new_id
from reviewer.simulator.records import is_billed
from reviewer.simulator.service import Service
from reviewer.simulator.tokens import Block, lay_out
from reviewer.simulator.validation import check_fits, check_item

Outcome = tuple[Model, list[Block], Answer] | dict[str, Any]


class Processor:
    """Works off batches with what the service has: brain, cache of the batch lane, clock."""

    def __init__(self, service: Service) -> None:
        self._service, self._clock = service, service.clock

    async def process(self, batch: Batch) -> None:
        """Bring every row of a batch to its result."""
        width = self._service.behaviour.batch_wave
        for start in range(0, len(batch.rows), width):
            wave = batch.rows[start : start + width]
            outcomes = await asyncio.to_thread(self._work_all, wave)
            self._write(wave, outcomes)
            batch.processed += len(wave)

    def _work_all(self, rows: list[Row]) -> list[tuple[Outcome, Fault | None]]:
        return [self._work(row) for row in rows]

    def _work(self, row: Row) -> tuple[Outcome, Fault | None]:
        """The part of an item that needs nothing shared: its checks and its brain."""
        params, behaviour = row.params or {}, self._service.behaviour
        try:
            fault = behaviour.item_outcome(row.custom_id, params)
            if fault and fault.kind not in ITEMS:
                raise ValueError(f"The fault {fault.kind!r} cannot happen to a batch item.")
            model = check_item(params)
            blocks = lay_out(params, model)
            check_fits(sum(block.tokens for block in blocks), model)
            answer = disturb_answer(behaviour.brain(params), fault, params)
        except ApiError as error:
            return _errored(error, None), None
        except Exception as error:
            self._service.failures.append(error)
            return _errored(ApiError(500, f"Internal server error ({error!r})"), new_id("workerreq")), None
        return (model, blocks, answer), fault

    def _write(self, wave: list[Row], outcomes: list[tuple[Outcome, Fault | None]]) -> None:
        """The part that needs the cache. Rows of one wave start together, so they do not read each other's entries."""
        cache, now, plans = self._service.batch_cache, self._clock.monotonic(), []
        for row, (outcome, fault) in zip(wave, outcomes, strict=True):
            if fault and _ends_without_answer(row, fault):
                continue
            if isinstance(outcome, dict):
                row.end("errored", outcome)
                continue
            model, blocks, answer = outcome
            plan = cache.plan(blocks, model, now)
            message = build_message(answer, row.params or {}, model, plan, "batch")
            if is_billed(message):
                row.model, row.usage = model, message["usage"]
            disturb_message(message, fault)
            row.end("succeeded", {"type": "succeeded", "message": message})
            plans.append(plan)
        for plan in plans:
            cache.commit(plan)


def _errored(error: ApiError, request_id: str | None) -> dict[str, Any]:
    body = error.body(request_id)
    body["error"] = {"details": {"error_visibility": "user_facing"}, **body["error"]}
    return {"type": "errored", "error": body}


def _ends_without_answer(row: Row, fault: Fault) -> bool:
    """Carry out the item faults that leave no message; False for the others."""
    if fault.kind == "errored":
        status = {"invalid_request_error": 400, "overloaded_error": 529}.get(fault.details.get("type", ""), 500)
        error = ApiError(status, fault.details.get("message", "Internal server error"), type=fault.details.get("type"))
        row.end("errored", _errored(error, new_id("workerreq")))
    elif fault.kind in ("expired", "canceled"):
        row.end(fault.kind, {"type": fault.kind})
    elif fault.kind == "unknown_result":
        # The counts of the API have no place for a kind that they do not know.
        row.end("errored", {"type": fault.details.get("type", "paused"), "detail": "none"})
    else:
        return False
    return True

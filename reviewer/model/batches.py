"""The Message Batches API over the official SDK: create, list, results, cancel.

Looking (list, batch, results) costs nothing, and is tried up to three times. A repeated create would be paid twice, so
whoever calls decides what a failure means: `BatchError.unsure` tells whether the API may have acted on it.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reviewer.clock import Clock, SystemClock, pause
from reviewer.errors import EngineError
from reviewer.model.batch_body import BatchBody
from reviewer.model.batch_rows import ResultsCut, read_rows
from reviewer.model.batch_values import BatchInfo, BatchRow, read_info
from reviewer.model.client import HOME, connect, load_sdk
from reviewer.model.failures import Failure, classify

if TYPE_CHECKING:
    from anthropic import Anthropic

_PATH = "/v1/messages/batches"
_PAGE = 1000
_PAUSES = (1.0, 2.0)
"""Seconds before the second and the third look, where the API names no time."""
_LONGEST_PAUSE = 30.0
"""Seconds; the API's wish for more is left to the next run."""
_LONGEST_TRY = 60.0
"""Seconds after whose failure there is no further try: a runner's minutes cost, too."""


class BatchError(EngineError):
    """A call to the Batches API failed. `unsure`: the API may have acted on it all the same."""

    def __init__(self, failure: Failure, *, unsure: bool = False) -> None:
        super().__init__(failure.message, step=failure.step)
        self.failure, self.unsure = failure, unsure


def make_batch_client(env: Mapping[str, str]) -> "Anthropic":
    """The SDK's client for batches, see `connect`."""
    load_sdk()
    import anthropic

    from reviewer.model.transport import batch_transport_for

    transport = partial(batch_transport_for, env=env)
    return connect(env, anthropic.Anthropic, anthropic.DefaultHttpxClient, transport)


class BatchApi:
    """One workspace's batches. Every method raises BatchError for what the API or the network does."""

    def __init__(self, client: "Anthropic", clock: Clock | None = None) -> None:
        self._client = client.with_options(max_retries=0)
        self._clock = clock or SystemClock()

    def create(self, body: BatchBody) -> BatchInfo:
        """Make a batch of a finished body."""
        import httpx2

        options: Any = {"headers": {"content-length": str(body.size)}, "follow_redirects": False}
        try:
            made: Any = self._client.post(_PATH, cast_to=httpx2.Response, content=body.chunks(), options=options)
            return read_info(made.json())
        except Exception as error:
            raise _creation_failed(error) from error

    def newest(self) -> str:
        """The id of the newest batch that is listed; empty where there is none."""
        page, _ = self._list({"limit": 1})
        return page[0].id if page else ""

    def list_all(self, since: datetime | None = None) -> list[BatchInfo]:
        """Batches, newest first, down to those created before `since`: one call for each thousand."""
        found: list[BatchInfo] = []
        more = True
        while more and not (found and since and found[-1].created_at < since):
            after = {"after_id": found[-1].id} if found else {}
            page, more = self._list({"limit": _PAGE, **after})
            found += page
        return [batch for batch in found if not since or batch.created_at >= since]

    def retrieve(self, batch_id: str) -> BatchInfo | None:
        """One batch; None where the API does not know it."""
        try:
            return read_info(self._get(f"{_PATH}/{batch_id}"))
        except BatchError as error:
            if error.failure.status == 404:
                return None
            raise

    def cancel(self, batch_id: str) -> None:
        """Stop a batch; what is ready stays and is paid for. One that has ended stays as it is."""
        import httpx2

        try:
            options: Any = {"follow_redirects": False}
            self._client.post(f"{_PATH}/{batch_id}/cancel", cast_to=httpx2.Response, options=options)
        except Exception as error:
            failure = classify(error)
            if failure.status != 400:
                raise BatchError(failure) from error

    def results(self, batch: BatchInfo) -> Iterator[BatchRow]:
        """The results of an ended batch, in a stream. ResultsCut where it breaks off."""
        import httpx2

        path = self._results_path(batch)
        options: Any = {
            "headers": {"accept": "application/binary", "x-stainless-raw-response": "stream"},
            "follow_redirects": False,
        }
        response = self._looked(lambda: self._client.get(path, cast_to=httpx2.Response, options=options, stream=False))
        try:
            yield from read_rows(response.iter_bytes())
        except httpx2.HTTPError as error:
            raise ResultsCut(f"The results of {batch.id} broke off: {error}.") from error
        finally:
            response.close()

    def _results_path(self, batch: BatchInfo) -> str:
        """The path of the results below the base URL: the key is sent nowhere else, whatever the API's answer says."""
        url = urlsplit(batch.results_url or "")
        base = urlsplit(str(self._client.base_url))
        own = (url.scheme, url.netloc) == (base.scheme, base.netloc)
        # A proxy at the base URL may hand the API's own address through; it serves that address as well.
        if not own and (url.scheme, url.netloc) != urlsplit(HOME)[:2]:
            raise EngineError(
                f"The results of {batch.id} are said to be at {url.netloc[:100] or 'no address'}.",
                "That is not the API.",
                "Check ANTHROPIC_BASE_URL; the key was not sent there.",
            )
        path = url.path
        return path.removeprefix(base.path.rstrip("/")) if own else path

    def _list(self, query: Mapping[str, Any]) -> tuple[list[BatchInfo], bool]:
        shown = self._get(_PATH, query)
        page = [read_info(batch) for batch in shown.get("data") or []]
        return page, bool(page and shown.get("has_more"))

    def _get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        import httpx2

        options: Any = {"params": query or {}, "follow_redirects": False}
        return self._looked(lambda: self._client.get(path, cast_to=httpx2.Response, options=options).json())

    def _looked(self, look: Callable[[], Any]) -> Any:
        """What a look shows; one that failed for the moment is repeated."""
        for wait in (*_PAUSES, None):
            began = self._clock.monotonic()
            try:
                return look()
            except Exception as error:
                failure = classify(error)
                wished = failure.retry_after or 0.0
                late = self._clock.monotonic() - began > _LONGEST_TRY
                if wait is None or late or not failure.retry or wished > _LONGEST_PAUSE:
                    raise BatchError(failure) from error
                pause(self._clock, max(wait, wished))
        raise AssertionError  # pragma: no cover - the last try returns or raises


def _creation_failed(error: Exception) -> BatchError:
    """Nothing was made where the API refused, no connection stood, or there was no key; else it may have been."""
    failure = classify(error)
    status = failure.status
    if status is not None:
        return BatchError(failure, unsure=failure.unsure or status >= 500 or status in (408, 409))
    never_sent = not failure.unsure and (failure.retry or failure.fatal)
    return BatchError(failure, unsure=not never_sent)

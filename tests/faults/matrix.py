"""What becomes of a run when a remote call fails: every call, every kind of failure, and the outcome that is promised.

This is data. `test_pulls.py` and `test_nights.py` make each cell come true and compare; `page.py` writes it down for
people.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Failure(StrEnum):
    """How a remote call goes wrong."""

    REFUSED = "connection refused"
    RESET_BEFORE = "reset before the server acted"
    RESET_AFTER = "reset after the server acted"
    TIMEOUT = "timeout, though the server acted"
    DRIP = "slow drip"
    S400 = "400"
    S401 = "401"
    S403 = "403"
    S404 = "404"
    S408 = "408"
    S409 = "409"
    S413 = "413"
    S429_AFTER = "429 with retry-after"
    S429 = "429 without"
    SPEND = "429 for the spend cap"
    S500 = "500"
    HTML = "502 with HTML"
    S503 = "503"
    S529 = "529"
    GARBLED = "200 with invalid JSON"
    CUT = "truncated body"
    MID_STREAM = "error in mid-stream"


class Word(StrEnum):
    """What becomes of the run."""

    RECOVERED = "recovered"
    AS_TEXT = "recovered, comments in the review's text"
    SKIPPED = "skipped and told: the token lacks the right"
    TOLD = "told; the verdict stands"
    API = "incomplete: api"
    POSTING = "incomplete: posting; `--post-only` posts it later"
    STOPS = "stops before anything is spent"
    LATER = "in progress; the next run goes on"
    HALTS = "exit 3; the next run goes on"
    SAMPLED = "exit 3: sampled-out; the next run begins anew"
    UNFILED = "incomplete: posting; the next audit files it"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is promised: in a word, and what the reason must say."""

    word: Word
    says: str = ""


Cell = tuple[Outcome, Outcome]
"""The outcome if the call fails once, and if it fails for ever."""
RECOVERED = Outcome(Word.RECOVERED)


def runs(cell: Cell, for_ever: int) -> tuple[int, ...]:
    """How often the call fails in the runs that prove a cell; where it makes no difference, the worse is enough."""
    return (for_ever,) if cell[0] == cell[1] else (1, for_ever)


_MODEL_SAYS = {
    Failure.REFUSED: "The model's API cannot be reached",
    Failure.RESET_BEFORE: "The model's API cannot be reached",
    Failure.RESET_AFTER: "The model's API cannot be reached",
    Failure.TIMEOUT: "did not answer in time",
    Failure.DRIP: "",
    Failure.S400: "refused the request with status 400",
    Failure.S401: "refused the API key",
    Failure.S403: "does not permit this key to do that",
    Failure.S404: "does not know what was asked for",
    Failure.S408: "failed with status 408",
    Failure.S409: "failed with status 409",
    Failure.S413: "too large for the model's API",
    Failure.S429_AFTER: "The rate limit of the model's API is reached",
    Failure.S429: "The rate limit of the model's API is reached",
    Failure.SPEND: "The account's spend limit is reached",
    Failure.S500: "failed with status 500",
    Failure.HTML: "failed with status 502",
    Failure.S503: "failed with status 503",
    Failure.S529: "failed with status 529",
    Failure.GARBLED: "an answer that cannot be read",
    Failure.CUT: "The model's API cannot be reached",
    Failure.MID_STREAM: "Overloaded",
}
_GITHUB_SAYS = {
    Failure.REFUSED: "The connection to GitHub failed",
    Failure.RESET_BEFORE: "The connection to GitHub failed",
    Failure.RESET_AFTER: "The connection to GitHub failed",
    Failure.TIMEOUT: "GitHub did not answer in time",
    Failure.DRIP: "",
    **{Failure(f"{status}"): f"GitHub answered {status}" for status in (400, 401, 403, 404, 408, 409, 413)},
    Failure.S429_AFTER: "GitHub answered 429",
    Failure.S429: "GitHub answered 429",
    Failure.S500: "GitHub answered 500",
    Failure.HTML: "GitHub answered 502",
    Failure.S503: "GitHub answered 503",
    Failure.S529: "GitHub answered 529",
    Failure.GARBLED: "The answer is not GitHub's",
    Failure.CUT: "GitHub's answer broke off",
}
_MODEL_FINAL = {Failure.S400, Failure.S401, Failure.S403, Failure.S404, Failure.S413, Failure.SPEND}
_GITHUB_FINAL = {Failure.S400, Failure.S401, Failure.S403, Failure.S404, Failure.S409, Failure.S413}
_LIMITED = {Failure.S429_AFTER, Failure.S429}
ACTED = {Failure.RESET_AFTER, Failure.TIMEOUT, Failure.CUT, Failure.GARBLED}
"""The server did what was asked, and nobody heard of it."""
_Cells = dict[Failure, Cell]


def _cells(says: Mapping[Failure, str], final: Collection[Failure], word: Word) -> _Cells:
    """A further try mends what may pass; what is final, or does not pass, ends in `word`."""
    made: _Cells = {}
    for failure, words in says.items():
        bad = Outcome(word, words)
        once = bad if failure in final else RECOVERED
        made[failure] = (RECOVERED, RECOVERED) if failure is Failure.DRIP else (once, bad)
    return made


def _both(outcome: Outcome, failures: Collection[Failure]) -> _Cells:
    return dict.fromkeys(failures, (outcome, outcome))


def _message() -> _Cells:
    return _cells(_MODEL_SAYS, _MODEL_FINAL, Word.API)


def _read(word: Word = Word.STOPS) -> _Cells:
    return _cells(_GITHUB_SAYS, _GITHUB_FINAL, word)


def _written(*, again: bool) -> _Cells:
    """A write. `again`: it is looked up before it is sent again, so that what was done is found to be done."""
    cells = _read(Word.POSTING) | _both(Outcome(Word.SKIPPED, "403"), {Failure.S403})
    return cells | (_both(RECOVERED, ACTED) if again else {})


@dataclass(frozen=True, slots=True)
class Row:
    """One remote call: what it is for, and what becomes of the run by how it fails."""

    name: str
    call: str
    cells: Mapping[Failure, Cell]


_SECOND_LOOK = {failure: (RECOVERED, _message()[failure][1]) for failure in (Failure.S400, Failure.S413)}
_AS_TEXT = {
    failure: (Outcome(Word.AS_TEXT), Outcome(Word.POSTING, _GITHUB_SAYS[failure]))
    for failure in (Failure.S400, Failure.S409, Failure.S413)
}
_ABSENT = {Failure.S400, Failure.S404, Failure.S409, Failure.S413}

MODEL = (
    Row("the single pass", "POST /v1/messages", _message()),
    Row("a file's pass", "POST /v1/messages", _message() | _SECOND_LOOK),
    Row("the integration pass", "POST /v1/messages", _message()),
    Row("the verify pass", "POST /v1/messages", {k: v for k, v in _message().items() if k is not Failure.MID_STREAM}),
    Row(
        "counting tokens",
        "POST /v1/messages/count_tokens",
        _both(RECOVERED, [failure for failure in Failure if failure is not Failure.MID_STREAM]),
    ),
)
READING = (
    Row("the pull request", "GET /pulls/N", _read()),
    Row("its files", "GET /pulls/N/files", _read()),
    Row(
        "policy and contents",
        "GraphQL object",
        _both(RECOVERED, _GITHUB_SAYS)
        | {failure: cell for failure, cell in _read().items() if failure in _LIMITED | {Failure.S401}},
    ),
    Row(
        "policy, without GraphQL",
        "GET /contents",
        _read() | _both(RECOVERED, {Failure.S404}),
    ),
    Row("contents, without GraphQL", "GET /git/blobs", _read() | _both(RECOVERED, _ABSENT)),
    Row("a merge group's change", "GET /compare", _read()),
    Row("the summary of the last run", "GET /issues/N/comments", _read()),
    Row(
        "what stands there",
        "GraphQL reviewThreads",
        _read(Word.POSTING) | _both(RECOVERED, (_GITHUB_FINAL - {Failure.S401}) | {Failure.GARBLED}),
    ),
)
WRITING = (
    Row("posting the review", "POST /pulls/N/reviews", _written(again=True) | _AS_TEXT),
    Row("posting the summary", "POST /issues/N/comments", _written(again=True)),
    Row("updating the summary", "PATCH /issues/comments", _written(again=False)),
    Row("resolving a thread", "GraphQL resolveReviewThread", _read(Word.TOLD)),
)
PULLS = (*MODEL, *READING, *WRITING)


def _batches(final: Collection[Failure], word: Word) -> _Cells:
    """An audit's call: what is final halts the run, and in any case the next one goes on."""
    cells: _Cells = {}
    for failure, words in _MODEL_SAYS.items():
        bad = Outcome(Word.HALTS if failure in final else word, words)
        cells[failure] = (RECOVERED, RECOVERED) if failure is Failure.DRIP else (bad, bad)
    del cells[Failure.MID_STREAM]
    return cells


_NO_ACCESS = {Failure.S401, Failure.S403, Failure.SPEND}
_SAMPLE = _cells(_MODEL_SAYS, {Failure.S400, Failure.S413}, Word.SAMPLED)
_RETRIEVED = _batches(set(_MODEL_SAYS) - {Failure.S404}, Word.LATER) | _both(
    Outcome(Word.LATER), {Failure.DRIP, Failure.S404}
)
_UNREAD = dict.fromkeys({Failure.GARBLED, Failure.CUT}, (Outcome(Word.LATER, "broke off"),) * 2)


def _filed(*, again: bool) -> _Cells:
    cells = _cells(_GITHUB_SAYS, (), Word.UNFILED) | _both(Outcome(Word.SKIPPED, "403"), {Failure.S403})
    return cells | (_both(RECOVERED, ACTED) if again else {})


NIGHTS = (
    Row(
        "the sample",
        "POST /v1/messages",
        _SAMPLE | {f: c for f, c in _batches(_MODEL_FINAL, Word.LATER).items() if f in _NO_ACCESS | {Failure.S404}},
    ),
    Row(
        "making a batch",
        "POST /v1/messages/batches",
        _batches(_MODEL_FINAL, Word.LATER) | _both(RECOVERED, ACTED),
    ),
    Row("listing the batches", "GET /v1/messages/batches", _batches(_MODEL_FINAL, Word.LATER)),
    Row(
        "asking for a new batch",  # one that is not listed yet: what comes back, if anything, is a 404
        "GET /v1/messages/batches/ID",
        {failure: cell for failure, cell in _RETRIEVED.items() if failure not in ACTED},
    ),
    Row("reading results", "GET /v1/messages/batches/ID/results", _batches(_NO_ACCESS, Word.LATER) | _UNREAD),
    Row("looking for the issue", "GET /issues", _filed(again=False)),
    Row("opening the issue", "POST /issues", _filed(again=True)),
    Row("updating the issue", "PATCH /issues/N", _filed(again=False)),
)

"""One Messages call and what came of it. Both lanes produce the same `Reply`; nothing downstream can tell which ran."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["single", "file", "chunk", "integration", "verify", "sample"]
AnswerShape = Literal["review", "verify"]
Ttl = Literal["5m", "1h"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]
Cause = Literal["no-key", "api", "answer", "budget", "deadline", "posting", "diff"]


@dataclass(frozen=True, slots=True)
class Block:
    """A text block of a prompt; `cache` puts a cache breakpoint behind it."""

    text: str
    cache: Ttl | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the conversation."""

    role: Literal["user", "assistant"]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One Messages call. `unit` names the unit of work it serves, `files` the paths in its context.

    `tag` is the run's random marker; it is taken out of `identity`, so that the same question has the same identity in
    every run although its wire bytes differ by the marker. Estimates are in tokens; `estimated_prefix` is the part of
    `estimated_input` up to the last cache breakpoint.
    """

    unit: str
    kind: Kind
    files: tuple[str, ...]
    model: str
    system: tuple[Block, ...]
    turns: tuple[Turn, ...]
    shape: AnswerShape
    max_tokens: int
    effort: Effort | None
    tag: str
    estimated_input: int
    estimated_output: int
    estimated_prefix: int = 0

    @property
    def identity(self) -> str:
        """SHA-256 (hex) over model, prompt and answer shape.

        The random marker is left out, and so are cache marks: they change the price of a question, not the question.
        """
        material = json.dumps(
            [
                self.model,
                self.shape,
                self.effort,
                # The place of the mark stays, empty: identities of unmarked requests are what they always were.
                [[block.text, None] for block in self.system],
                [[turn.role, [[block.text, None] for block in turn.blocks]] for turn in self.turns],
            ],
            ensure_ascii=False,
        )
        return hashlib.sha256(material.replace(self.tag, "").encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def prefix(self) -> str:
        """SHA-256 (hex) of what stands up to the last cache breakpoint; empty where nothing is marked.

        The answer's shape belongs to it: a changed output format starts a new entry in the API's cache.
        """
        blocks = [*self.system] + [block for turn in self.turns for block in turn.blocks]
        marked = [index for index, block in enumerate(blocks) if block.cache]
        if not marked:
            return ""
        text = "\0".join([self.model, self.shape, str(self.effort), *(b.text for b in blocks[: marked[-1] + 1])])
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the API counts them; `input_tokens` is what stood behind the last cache breakpoint."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_5m_input_tokens: int = 0
    cache_creation_1h_input_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_read_input_tokens + other.cache_read_input_tokens,
            self.cache_creation_5m_input_tokens + other.cache_creation_5m_input_tokens,
            self.cache_creation_1h_input_tokens + other.cache_creation_1h_input_tokens,
        )

    @property
    def total_input(self) -> int:
        """Every token of the prompt, cached or not."""
        return self.limited_input + self.cache_read_input_tokens

    @property
    def limited_input(self) -> int:
        """The input tokens that count against the input-token limit: cache reads do not."""
        return self.input_tokens + self.cache_creation_5m_input_tokens + self.cache_creation_1h_input_tokens


@dataclass(frozen=True, slots=True)
class Call:
    """The record of one request: what was spent on it in all its attempts, and where its answer came from.

    `lane` is the one that ran; `memo` marks an answer taken from the local store, at no cost. `prompt` is the tokens of
    the longest of its attempts' prompts, 0 where `usage` is of one.
    """

    model: str
    lane: Literal["sync", "batch"] = "sync"
    usage: Usage = Usage()
    attempts: int = 0
    request_id: str = ""
    message_id: str = ""
    custom_id: str = ""
    batch_id: str = ""
    memo: bool = False
    seconds: float = 0.0
    prompt: int = 0

    @property
    def longest_prompt(self) -> int:
        """Tokens of its longest prompt, by which it is priced."""
        return self.prompt or self.usage.total_input


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole answer; `text` is what the text blocks say, joined."""

    text: str
    call: Call


@dataclass(frozen=True, slots=True)
class Truncated:
    """The answer stopped at `max_tokens` or at the context window: unusable, even where its JSON is whole."""

    text: str
    call: Call


@dataclass(frozen=True, slots=True)
class Refused:
    """The model declined; `category` and `explanation` as the API gives them."""

    category: str
    explanation: str
    call: Call


@dataclass(frozen=True, slots=True)
class Errored:
    """No answer. `message` is one plain sentence with the likely cause, `step` what to do about it.

    `fatal` says that no other request of this run can fare better (a refused key, a spend limit).
    """

    cause: Cause
    message: str
    step: str
    call: Call
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Expired:
    """The batch ended before this request was processed."""

    call: Call


@dataclass(frozen=True, slots=True)
class Canceled:
    """The batch was cancelled before this request was processed."""

    call: Call


Reply = Answered | Truncated | Refused | Errored | Expired | Canceled

_STRING = {"type": "string"}
_INTEGER = {"type": "integer"}
_SEVERITY = {"type": "string", "enum": ["critical", "high", "medium", "low"]}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


ANSWER_SCHEMAS: Mapping[AnswerShape, dict[str, Any]] = {
    "review": _object(
        {
            "summary": _STRING,
            "interface_notes": {"type": "array", "items": _STRING},
            "findings": {
                "type": "array",
                "items": _object(
                    {
                        "path": _STRING,
                        "start_line": _INTEGER,
                        "end_line": _INTEGER,
                        "quote": _STRING,
                        "severity": _SEVERITY,
                        "confidence": {"type": "string", "enum": ["high", "medium", "low"]},
                        "category": {
                            "type": "string",
                            "enum": [
                                "correctness",
                                "security",
                                "concurrency",
                                "data-loss",
                                "performance",
                                "api-contract",
                                "testing",
                                "maintainability",
                            ],
                        },
                        "title": _STRING,
                        "explanation": _STRING,
                        "suggestion": _STRING,
                    }
                ),
            },
        }
    ),
    "verify": _object(
        {
            "verdicts": {
                "type": "array",
                "items": _object(
                    {"id": _STRING, "holds": {"type": "boolean"}, "severity": _SEVERITY, "explanation": _STRING}
                ),
            }
        }
    ),
}
"""The JSON Schemas of the model's answers: all fields required, no unions (fixed contract)."""

"""The phrases by which text addresses a reviewer, as patterns for text in small letters. English only.

Every gap and word has a maximal length and gives nothing back once matched, so a search takes linear time.
"""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "override", "role", "prompt-leak", "approval", "suppression", "address", "tag", "block", "encoded", "hidden"
]
Confidence = Literal["high", "low"]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A pattern, and what text that holds it must contain: without one of the needles it is not searched."""

    kind: Kind
    confidence: Confidence
    needles: tuple[str, ...]
    pattern: re.Pattern[str]


_PARTS = {
    # White space, comment marks, punctuation, line ends.
    " ": r"[^\w\"'`]{1,12}+",
    "ANY": r"(?:[^\w\"'`]{1,12}+\w{1,20}+)",
    "OLD": r"(?:previous|prior|above|earlier|preceding|foregoing|system|original|existing|initial|developer|your)",
    "ORDERS": r"(?:instructions?|prompts?|directions|directives|orders|programming)\b",
    "LAWS": r"(?:rules|guidelines|guidance|policy|policies|context|constraints|commands|messages)\b",
    "MODEL": r"(?:ai|llm|claude|gpt|chatgpt|copilot|language[ -]model|automated|code[ -]review)s?\b",
    "AGENT": r"(?:reviewer|assistant|agent|bot|model|tool|system|scanner|reader)s?\b",
    "CHANGE": r"(?:pull[ -]request|merge[ -]request|pr|changes?|commit|diff|code|file|patch)\b",
    "FAULTS": r"(?:issue|finding|problem|bug|vulnerabilit(?:y|ie)|flaw|concern|weakness(?:e)?|defect)s?\b",
}


def _phrase(kind: Kind, confidence: Confidence, needles: str, pattern: str) -> Phrase:
    """A phrase whose pattern is written with spaces for gaps and with the names of parts."""
    spelt = re.sub("|".join(_PARTS), lambda name: _PARTS[name[0]], pattern)
    return Phrase(kind, confidence, tuple(needles.split()), re.compile(spelt))


def _form(confidence: Confidence, needles: str, pattern: str, kind: Kind = "tag") -> Phrase:
    return Phrase(kind, confidence, tuple(needles.split()), re.compile(pattern))


_IGNORE = "ignore disregard forget override bypass"
_NOT = r"(?:not|never|n't|n’t|skip|stop|avoid|refrain from)"

PHRASES: tuple[Phrase, ...] = (
    _phrase(
        "override",
        "high",
        _IGNORE,
        r"(?:ignore|disregard|forget|override|bypass)(?:ANY{0,4}? OLD|(?: all|ANY{0,2}? given))ANY{0,2}? ORDERS",
    ),
    _phrase("override", "high", _IGNORE, r"(?:ignore|disregard|forget) everythingANY{0,2}? (?:above|before|earlier)\b"),
    _phrase(
        "override",
        "high",
        "follow obey",
        r"(?:not|never|stop|n't|n’t) (?:follow|obey)(?:ing)?ANY{0,2}? OLDANY{0,1}? ORDERS",
    ),
    _phrase("override", "low", _IGNORE, r"(?:ignore|disregard|forget|override|bypass)ANY{0,3}? OLDANY{0,1}? LAWS"),
    _phrase("override", "low", _IGNORE, r"(?:ignore|disregard|forget) (?:the|these|those|any) ORDERS"),
    _phrase("override", "low", "instruction prompt", r"new (?:system )?(?:instructions?|prompt):"),
    _phrase(
        "role",
        "high",
        "are",
        r"you are now (?:(?:an?|the|in|my) )?"
        r"(?:MODEL|AGENT|(?:dan|jailbroken|unrestricted|approver)\b|developer mode|no longer)",
    ),
    _phrase(
        "role", "low", "are pretend from", r"(?:you are now|pretend (?:to be|that you are|you are)|from now on you)\b"
    ),
    _phrase(
        "prompt-leak",
        "high",
        "reveal print repeat leak disclose",
        r"(?:reveal|print|repeat|leak|disclose)ANY{0,3}? (?:your|the system)ANY{0,1}? ORDERS",
    ),
    _phrase(
        "approval",
        "high",
        "approve merge accept pass",
        r"(?:approve|merge|accept|pass) (?:this|the) CHANGEANY{0,3}? "
        r"(?:without|immediately|automatically|regardless|unconditionally|no matter)\b",
    ),
    _phrase(
        "approval",
        "high",
        "mark treat rate consider report classify",
        r"(?:mark|treat|rate|consider|report|classify) (?:this|the|all|every) (?:entire |whole )?CHANGEANY{0,2}? as "
        r"(?:approved|safe|passed|passing|clean|harmless|secure|lgtm)\b",
    ),
    _phrase(
        "approval",
        "high",
        "return respond reply answer output report produce emit give",
        r"(?:return|respond|reply|answer|output|report|produce|emit|give)ANY{0,2}? "
        r"(?:no|zero|empty|without any)ANY{0,1}? (?:findings|issues|problems|vulnerabilities)\b",
    ),
    _phrase("approval", "low", "by", r"(?:approved|audited|vetted|cleared|signed off) by(?: the)? \w"),
    _phrase(
        "suppression",
        "high",
        "report flag mention rais comment",
        # A security policy asks for no *public* reports.
        rf"{_NOT} (?:(?:report|flag|mention|comment on)(?:ing)?|rais(?:e|ing) (?:any|an?))ANY{{0,4}}? FAULTS"
        r"(?![^\n]{0,60}\b(?:public|publicly|github|tracker|forum)\b)",
    ),
    _phrase(
        "suppression",
        "high",
        "review",
        rf"{_NOT} review(?:ing)? (?:this|these|the|any|my)(?: following)? (?:CHANGE|files\b)",
    ),
    _phrase(
        "suppression",
        "low",
        "report flag mention",
        r"(?:not|never|n't|n’t|refrain from) (?:report|flag|mention)(?:ing)?\b",
    ),
    _phrase(
        "address",
        "high",
        "note notice message attention instruction dear hello hey",
        r"(?:note|notice|message|attention|instructions?|dear|hello|hey)(?: (?:to|for|all|any|the)){0,3} MODEL"
        r"(?: (?:code )?AGENT)?\s{0,2}[:,.!]",
    ),
    _phrase("address", "high", "are", r"if you are (?:an? |the )?MODEL"),
    _phrase("address", "low", "must should shall please", r"MODEL (?:code )?AGENT (?:please|must|should|shall)\b"),
    _form("high", "<|", r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id)\|>"),
    _form(
        "high",
        "function_ tool_ invoke",
        r"</?(?:antml:)?(?:function_calls|function_results|tool_use|tool_result|invoke)\b",
    ),
    _form("high", "inst] sys>>", r"\[/?inst\]|<</?sys>>"),
    _form("low", "system assistant human", r"</?(?:system|assistant|human)(?:[\s_-](?:prompt|message|reminder))?\s?>"),
    _form("low", "human assistant", r"(?:\n|\\n)[ \t]{0,8}(?:\n|\\n)[ \t]{0,8}(?:human|assistant)[ \t]{0,2}:"),
    _form(
        "high",
        "id",
        r"</?(?:pull_request|guidelines|item|notes|candidates)\s{1,4}id\s{0,2}=\s{0,2}[\"']?[0-9a-f]{4}",
        kind="block",
    ),
    _form("low", "</", r"</(?:pull_request|guidelines|candidates)\s{0,4}>", kind="block"),
)

"""The phrases by which text addresses a reviewer, as patterns for text in lower case.

English, and the plainest orders in twelve other languages. Every gap and word has a maximal length and
gives nothing back once matched, so a search takes linear time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reviewer.guard.hidden import LOOKALIKES

Kind = Literal[
    "override", "role", "prompt-leak", "approval", "suppression", "address", "tag", "block", "encoded", "hidden"
]
Confidence = Literal["high", "low"]


@dataclass(frozen=True, slots=True)
class Needles:
    """What a text must hold one of: whole words, or other pieces of text."""

    words: frozenset[str]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A pattern, and what text that holds it must contain: a needle of each group, or it is not searched."""

    kind: Kind
    confidence: Confidence
    needles: tuple[Needles, ...]
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
    "FAULTS": r"(?:issue|finding|problem|bug|vulnerabilit(?:y|ie)|flaw|concern|weakness(?:e)?|defect|injection"
    r"|backdoor)s?\b",
}


def _phrase(kind: Kind, confidence: Confidence, needles: str, pattern: str) -> Phrase:
    """A phrase whose pattern is written with spaces for gaps and with the names of parts, its needles with ` + `."""
    spelt = re.sub("|".join(_PARTS), lambda name: _PARTS[name[0]], pattern)
    return Phrase(kind, confidence, _groups(needles), re.compile(spelt))


def _form(confidence: Confidence, needles: str, pattern: str, kind: Kind = "tag") -> Phrase:
    return Phrase(kind, confidence, _groups(needles), re.compile(pattern))


def _cyrillic(kind: Kind, needles: str, pattern: str) -> Phrase:
    """An order in Russian, which is searched in text whose look-alikes have become Latin letters."""
    return _form("high", needles.translate(_READ_AS), pattern.translate(_READ_AS), kind)


def _groups(needles: str) -> tuple[Needles, ...]:
    return tuple(_needles(group.split()) for group in needles.split(" + "))


def _needles(group: Sequence[str]) -> Needles:
    words = frozenset(each for each in group if each.isascii() and each.isalpha())
    return Needles(words, tuple(each for each in group if each not in words))


_READ_AS = str.maketrans({letter: latin for letter, latin in LOOKALIKES.items() if "а" <= letter <= "я"})

_IGNORE = "ignore disregard forget override bypass"
_ORDERS = "instruction instructions prompt prompts directions directives orders programming"
_MODEL = "ai ais llm llms claude gpt gpts chatgpt copilot copilots language automated review"
_REPORTS = "report reporting flag flaging mention mentioning"
_NOT = r"(?:not|never|n't|n’t|dont|skip|stop|avoid|refrain from)"

PHRASES: tuple[Phrase, ...] = (
    _phrase(
        "override",
        "high",
        f"{_IGNORE} + {_ORDERS}",
        r"(?:ignore|disregard|forget|override|bypass)(?:ANY{0,4}? OLD|(?: all|ANY{0,2}? given))ANY{0,2}? ORDERS",
    ),
    _phrase(
        "override",
        "high",
        f"{_IGNORE} + everything",
        r"(?:ignore|disregard|forget) everythingANY{0,2}? (?:above|before|earlier)\b",
    ),
    _phrase(
        "override",
        "high",
        f"follow following obey obeying + {_ORDERS}",
        r"(?:not|never|stop|n't|n’t) (?:follow|obey)(?:ing)?ANY{0,2}? OLDANY{0,1}? ORDERS",
    ),
    _phrase(
        "override",
        "high",
        "ignore disregard forget + told said instructed taught",
        r"(?:ignore|disregard|forget) (?:everything|anything|all|what)ANY{0,2}? (?:you|i|was|were|have)ANY{0,3}? "
        r"(?:told|said|instructed|taught)\b",
    ),
    _phrase(
        "override",
        "high",
        "ignore disregard forget + above",
        r"(?:ignore|disregard|forget)(?: all)?(?: of)?(?: the)? above and "
        r"(?:output|print|say|respond|reply|answer|approve|report|write|instead)\b",
    ),
    _phrase(
        "override",
        "low",
        f"{_IGNORE} + rules guidelines guidance policy policies context constraints commands messages",
        r"(?:ignore|disregard|forget|override|bypass)ANY{0,3}? OLDANY{0,1}? LAWS",
    ),
    _phrase("override", "low", f"{_IGNORE} + {_ORDERS}", r"(?:ignore|disregard|forget) (?:the|these|those|any) ORDERS"),
    _phrase("override", "low", "instruction instructions prompt + new", r"new (?:system )?(?:instructions?|prompt):"),
    _phrase(
        "role",
        "high",
        "are + you + now",
        r"you are now (?:(?:an?|the|in|my) )?"
        r"(?:MODEL|AGENT|(?:dan|jailbroken|unrestricted|approver)\b|developer mode|no longer)",
    ),
    _phrase(
        "role",
        "low",
        "you pretend + now pretend",
        r"(?:you are now|pretend (?:to be|that you are|you are)|from now on you)\b",
    ),
    _phrase(
        "prompt-leak",
        "high",
        f"reveal print repeat leak disclose + your system + {_ORDERS}",
        r"(?:reveal|print|repeat|leak|disclose)ANY{0,3}? (?:your|the system)ANY{0,1}? ORDERS",
    ),
    _phrase(
        "approval",
        "high",
        "approve merge accept pass + without immediately automatically regardless unconditionally no",
        r"(?:approve|merge|accept|pass) (?:this|the) CHANGEANY{0,3}? "
        r"(?:without|immediately|automatically|regardless|unconditionally|no matter)\b",
    ),
    _phrase(
        "approval",
        "high",
        "mark treat rate consider report classify + approved safe passed passing clean harmless secure lgtm",
        r"(?:mark|treat|rate|consider|report|classify) (?:this|the|all|every) (?:entire |whole )?CHANGEANY{0,2}? as "
        r"(?:approved|safe|passed|passing|clean|harmless|secure|lgtm)\b",
    ),
    _phrase(
        "approval",
        "high",
        "return respond reply answer output report produce emit give + findings issues problems vulnerabilities"
        " + no zero empty without",
        r"(?:return|respond|reply|answer|output|report|produce|emit|give)ANY{0,2}? "
        r"(?:no|zero|empty|without any)ANY{0,1}? (?:findings|issues|problems|vulnerabilities)\b",
    ),
    _phrase(
        "approval",
        "high",
        "review + needed required necessary + no",
        r"no(?: further| additional| more)?(?: code)? review(?: is| was)? (?:needed|required|necessary)\b",
    ),
    _phrase(
        "approval",
        "low",
        "approved audited vetted signed",
        # "Signed-off-by: " ends the messages of honest commits.
        r"(?:(?:approved|audited|vetted) by|signed off by(?!:))(?: the)? \w",
    ),
    _phrase(
        "suppression",
        "high",
        f"{_REPORTS} comment commenting raise raising + issue issues finding findings problem problems bug bugs"
        " vulnerability vulnerabilities flaw flaws concern concerns weakness weaknesses defect defects injection"
        " injections backdoor backdoors",
        # A security policy asks for no *public* reports.
        rf"{_NOT} (?:(?:report|flag|mention|comment on)(?:ing)?|rais(?:e|ing) (?:any|an?))ANY{{0,4}}? FAULTS"
        r"(?![^\n]{0,60}\b(?:public|publicly|github|tracker|forum)\b)",
    ),
    _phrase(
        "suppression",
        "high",
        "review reviewing + this these the any my",
        rf"{_NOT} review(?:ing)? (?:this|these|the|any|my)(?: following)? (?:CHANGE|files\b)",
    ),
    _phrase(
        "suppression",
        "low",
        _REPORTS,
        r"(?:not|never|n't|n’t|refrain from) (?:report|flag|mention)(?:ing)?\b",
    ),
    _phrase(
        "address",
        "high",
        f"note notice message attention instruction instructions dear hello hey + {_MODEL}",
        # Manuals of models speak of "instructions to Claude, …".
        r"(?:(?:note|notice|message|instructions?)(?: (?:to|for|all|any|the)){0,3} MODEL"
        r"(?: (?:code )?AGENT)?\s{0,2}[:!]"
        r"|(?:attention|dear|hello|hey)(?: (?:to|all|any|the)){0,2} MODEL(?: (?:code )?AGENT)?\s{0,2}[:,.!])",
    ),
    _phrase("address", "high", f"if + {_MODEL}", r"if you(?: are|['’]re) (?:an? |the )?MODEL"),
    _phrase(
        "address",
        "high",
        f"as + you + {_MODEL}",
        r"as an? MODEL(?: MODEL)?(?: (?:code )?AGENT)?,? you (?:must|should|will|shall|need|have|are)\b",
    ),
    _phrase(
        "suppression",
        "high",
        "reviewer reviewers assistant assistants model models bot bots + not never",
        r"(?:reviewer|assistant|model|bot)s? (?:must|should|shall|may) (?:not|never) "
        r"(?:flag|report|mention|complain|comment on|raise|list)\b",
    ),
    _phrase(
        "address",
        "low",
        f"must should shall please + {_MODEL}",
        r"MODEL (?:code )?AGENT (?:please|must|should|shall)\b",
    ),
    _form(
        "high",
        "<|",
        r"<\|(?:im_start|im_end|im_sep|system|user|assistant|developer|end|start|message|channel|return|constrain"
        r"|endoftext|endofprompt|begin_of_text|end_of_text|begin▁of▁sentence|end▁of▁sentence|eot_id|eom_id"
        r"|start_header_id|end_header_id|python_tag|start_of_turn_token|end_of_turn_token|system_token|user_token"
        r"|chatbot_token)\|>",
    ),
    _form("high", "_of_turn>", r"<(?:start|end)_of_turn>"),
    _form(
        "high",
        "function_ tool_ invoke",
        r"</?(?:antml:)?(?:function_calls?|function_results|tool_use|tool_calls?|tool_results?|tool_response|invoke)\b",
    ),
    _form("high", "inst] sys>>", r"\[/inst\]|<</?sys>>"),
    # A generic type such as `List<System>` is none.
    _form(
        "low",
        "system assistant human",
        r"(?:(?<!\w)<|</)(?:system|assistant|human)(?:[\s_-](?:prompt|message|reminder))?\s?>",
    ),
    _form(
        "low",
        # Behind an escaped line end, they are no words of their own.
        "human assistant nhuman nassistant",
        r"(?:\n|\\n)[ \t#*/;>-]{0,8}(?:\n|\\n)[ \t#*/;>-]{0,8}(?:human|assistant)[ \t]{0,2}:",
    ),
    _form("low", "###", r"(?:\A|\n)[ \t#*/;>-]{0,8}### (?:system|human|assistant):"),
    _form(
        "low",
        "system: assistant: developer: override",
        r"(?:\A|\n)[^\w\n]{0,8}(?:(?:system|assistant|developer):[ \t]{1,3}"
        r"(?:ignore|approve|override|skip|mark|report|do not|this (?:file|change|pr|pull|code)"
        r"|the (?:reviewer|review|verdict))|system override)\b",
    ),
    _form(
        "high",
        "id + request guidelines item notes candidates",
        r"<\s{0,4}/?\s{0,4}(?:pull_request|guidelines|item|notes|candidates)\s{1,4}id\s{0,2}=\s{0,2}[\"']?[0-9a-f]{4}",
        kind="block",
    ),
    _form("low", "</", r"</(?:pull_request|guidelines|candidates)\s{0,4}>", kind="block"),
    _phrase(
        "override",
        "high",
        "ignoriere ignorieren ignoriert vergiss missachte + anweisungen vorgaben instruktionen regeln",
        r"(?:ignorier(?:e|en|t)|vergiss|missachte) (?:sie )?(?:alle |die |deine |sämtliche )*+"
        r"(?:vorherigen|bisherigen|obigen|früheren|vorigen|ursprünglichen)"
        r" (?:anweisungen|vorgaben|instruktionen|regeln)\b",
    ),
    _phrase(
        "override",
        "high",
        "ignore ignorer ignorez oublie oublier oubliez + instructions consignes directives",
        r"(?:ignore|oublie)[rz]? (?:(?:toutes?|les|tes|vos|ces) ){0,3}+(?:instructions|consignes|directives)"
        r" (?:pr.c.dentes|ci.dessus|ant.rieures|initiales)\b",
    ),
    _phrase(
        "override",
        "high",
        "ignora ignore ignorar ignoren olvida olvide olvidar olviden + instrucciones indicaciones",
        r"(?:ignor|olvid)(?:a|e|ar|en) (?:(?:todas|las|tus|sus|estas) ){0,3}+(?:instrucciones|indicaciones)"
        r" (?:anteriores|previas|originales)\b",
    ),
    _form(
        "high",
        "忽略 无视 忘记 忽視 無視 忘記 + 指令 指示 提示 规则 規則",
        r"(?:忽略|无视|忘记|忽視|無視|忘記)\w{0,3}(?:之前|以上|先前|前面|所有|上述)\w{0,6}(?:指令|指示|提示|规则|規則)",
        kind="override",
    ),
    _phrase(
        "override",
        "high",
        "ignore ignora ignorar ignorate esqueça dimentica + instru istruzioni",
        r"(?:ignor(?:e|a|ar|ate)|esqueça|dimentica) (?:(?:todas|as|suas|tutte|le|tue) ){0,3}+(?:instruções|istruzioni)"
        r" (?:anteriores|acima|prévias|precedenti|sopra)\b",
    ),
    _phrase(
        "override",
        "high",
        "negeer vergeet zignoruj + instructies instrukcje polecenia",
        r"(?:(?:negeer|vergeet) (?:alle )?(?:vorige|eerdere|bovenstaande) instructies"
        r"|zignoruj (?:wszystkie )?(?:poprzednie|wcześniejsze) (?:instrukcje|polecenia))\b",
    ),
    _cyrillic(
        "override",
        "гнорируй абудь + инструкци указани",
        r"(?:[ипИП](?:рои)?гнорируй|[зЗ]абудь)(?:те)? (?:все )?(?:предыдущие|прошлые|прежние|вышеуказанные)"
        r" (?:инструкции|указания)",
    ),
    _form(
        "high",
        "無視 忘れ + 指示 命令 プロンプト",
        r"(?:これまで|以前|上記|前|今まで)の\w{0,6}(?:指示|命令|プロンプト)\w{0,2}(?:すべて|全て)?(?:無視|忘れ)",
        kind="override",
    ),
    _form(
        "high",
        "무시 잊어 + 지시 명령 지침",
        r"(?:이전|위|앞|기존)(?:의)? ?(?:모든 )?(?:지시|명령|지침)\w{0,3} ?(?:모두 )?(?:무시|잊어)",
        kind="override",
    ),
    _form(
        "high",
        "تجاهل + التعليمات",
        r"تجاهل (?:جميع |كل )?التعليمات السابقة",
        kind="override",
    ),
    _phrase(
        "approval",
        "high",
        "genehmige genehmigen akzeptiere akzeptieren approuve approuver approuvez accepte accepter acceptez"
        " aprueba apruebe acepta acepte + pull merge pr commit code diff",
        r"(?:genehmigen?|akzeptieren?|approuve[rz]?|accepte[rz]?|aprueb[ae]|acept[ae])"
        r" (?:diese[nr]?|den|cette|ce|la|este|esta) CHANGE",
    ),
    _phrase(
        "suppression",
        "high",
        "melde melden berichte berichten signale signaler signalez informe informes reporte reportes señal"
        " + keine nichts aucun aucune rien ninguna ning",
        r"(?:(?:melden?|berichten?) (?:keine|nichts\b)|(?:ne )signale[rz]? (?:aucune?|rien)\b"
        r"|no (?:informes?|reportes?|señales?)(?: de)? (?:ningún|ninguna)\b)",
    ),
    _form(
        "high",
        "批准 通过 合并 合併 + 合并请求 拉取请求 pull pr 此更改 此代码",
        r"(?:请|直接|必须|立即|自动)(?:批准|通过|合并|合併)\w{0,4}?\s?(?:合并请求|拉取请求|pull request|pr|更改|代码)",
        kind="approval",
    ),
    _form(
        "high",
        "报告 指出 標記 标记 + 问题 漏洞 錯誤 错误 問題",
        r"(?:不要|请勿|不得|别|無需|无需)\w{0,2}(?:报告|指出|标记|標記)\w{0,6}(?:问题|漏洞|错误|錯誤|問題)",
        kind="suppression",
    ),
)

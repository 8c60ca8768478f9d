"""The shapes of credentials that can be told by their own form, service by service."""

import re
from typing import NamedTuple

Shapes = tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...]

# A start inside a run of token characters is refused: it would be no token, and every run is scanned once.
_START = r"(?<![\w-])"
_SHAPES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("aws-access-key", ("akia", "asia", "abia", "acca"), _START + r"A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}(?!\w)"),
    (
        "aws-secret-key",
        ("aws",),
        r"(?i:aws_?secret_?(?:access_?)?key)[\"']?\s{0,4}[=:]\s{0,4}[\"']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
    ),
    (
        "github-token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        _START + r"(?:gh[pousr]_[A-Za-z0-9_]{36,255}(?:\.[\w-]{10,2000}){0,2}|github_pat_\w{36,255})",
    ),
    (
        "gitlab-token",
        ("glpat-", "glptt-", "gldt-", "glrt-", "glrtr-", "glcbt-", "gloas-", "glsoat-", "glft-", "glimt-", "glagent-"),
        _START + r"gl(?:pat|ptt|dt|rt|rtr|cbt|oas|soat|ft|imt|agent)-[\w-]{20,300}(?:\.[\w-]{2,20}){0,2}",
    ),
    ("anthropic-key", ("sk-ant-",), _START + r"sk-ant-[\w-]{20,300}"),
    (
        "openai-key",
        ("sk-",),
        _START + r"sk-(?!ant-)(?:(?:proj|svcacct|admin)-[\w-]{20,300}|[A-Za-z0-9]{40,64}(?![\w-]))",
    ),
    (
        "slack-token",
        ("xox", "xapp-"),
        _START + r"(?:xox[abeoprs]-(?=[A-Za-z-]{0,8}\d)[0-9A-Za-z-]{10,300}|xapp-\d-[0-9A-Za-z-]{20,300})",
    ),
    (
        "slack-webhook",
        ("hooks.slack.com",),
        r"hooks\.slack\.com/(?:services|workflows)/T\w{6,20}/\w{6,20}/\w{16,64}",
    ),
    ("google-key", ("aiza",), _START + r"AIza[\w-]{35}(?![\w-])"),
    (
        "stripe-key",
        ("k_live_", "k_test_", "whsec_"),
        _START + r"(?:[sr]k_(?:live|test)_[0-9A-Za-z]{16,255}|whsec_[0-9A-Za-z+/]{32,128})",
    ),
    ("npm-token", ("npm_",), _START + r"npm_[A-Za-z0-9]{36}(?!\w)"),
    ("pypi-token", ("pypi-age",), _START + r"pypi-AgE[\w-]{50,1000}"),
    ("jwt", ("eyj",), _START + r"eyJ[\w-]{10,4000}+\.eyJ[\w-]{10,4000}+\.[\w-]{16,2000}"),
    ("service-token", (".atlasv1.",), _START + r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,70}"),
    ("service-token", (":aa",), _START + r"\d{8,10}:AA[\w-]{33}(?![\w-])"),
    ("service-token", ("-us",), _START + r"[0-9a-f]{32}-us\d{1,2}(?!\w)"),
    ("service-token", ("7q~", "8q~"), r"(?<![\w.~-])[\w.~-]{3}[78]Q~[\w.~-]{31,34}(?![\w~-])"),
    ("url-password", ("://",), r"://[^\s:/@\"'`]{0,64}:([^\s:/@\"'`]{6,128})@(?=[\w\[])"),
)


class _Token(NamedTuple):
    """Tokens that begin with one of the prefixes, and what follows those."""

    prefixes: str
    rest: str


_HEX = r"[0-9a-f]{%d}(?!\w)"
_ALNUM = r"[A-Za-z0-9]{%s}(?!\w)"
_TOKENS = (
    _Token("hf_ gsk_ xai- pplx- r8_", _ALNUM % "34,100"),
    _Token("sk-or-v1- dop_v1_ doo_v1_ dor_v1_ sntryu_", _HEX % 64),
    _Token("sk- dapi shpat_ shpca_ shppa_ shpss_ key-", _HEX % 32),
    _Token("pul- sbp_ sqp_ squ_ sqa_ bkua_", _HEX % 40),
    _Token("rubygems_", _HEX % 48),
    _Token("lin_api_ ntn_", _ALNUM % "40,50"),
    _Token("NRAK- ATBB", _ALNUM % "24,36"),
    _Token("AGE-SECRET-KEY-1", r"[0-9A-Z]{58}(?!\w)"),
    _Token("nvapi- GOCSPX- figd_ sb_secret_ CFPAT- sq0csp- sq0atp- dckr_pat_ dckr_oat_ HRKU-", r"[\w-]{20,100}"),
    _Token("ya29. hvs. hvb.", r"[\w-]{24,500}"),
    _Token("ATATT3 ATCTT3", r"[\w-]{150,400}(?:=[0-9A-F]{8})?"),
    _Token("ABSK sntrys_ glc_eyJ ops_eyJ fm2_", r"[\w+/-]{60,2000}={0,3}"),
    _Token("AccountKey= SharedAccessKey=", r"(?:[A-Za-z0-9+/]{43}|[A-Za-z0-9+/]{86}=)="),
    _Token("SG.", r"[\w-]{16,32}\.[\w-]{32,64}"),
    _Token("pat", r"[A-Za-z0-9]{14}\.[0-9a-f]{64}(?!\w)"),
    _Token("sk.eyJ", r"[\w-]{40,200}\.[\w-]{20,40}"),
    _Token("PMAK-", r"[0-9a-f]{24}-[0-9a-f]{34}(?!\w)"),
    _Token("xkeysib-", r"[0-9a-f]{64}-[A-Za-z0-9]{16}(?!\w)"),
    _Token("glsa_", r"[A-Za-z0-9]{32}_[0-9a-fA-F]{8}(?!\w)"),
    _Token("lsv2_pt_ lsv2_sk_", r"[0-9a-f]{32}_[0-9a-f]{10}(?!\w)"),
    _Token("CCIPAT_", r"[A-Za-z0-9]{22}_[0-9a-f]{40}(?!\w)"),
    _Token("pscale_tkn_ pscale_pw_ pscale_oauth_", r"[\w.-]{32,64}"),
    _Token("dp.pt. dp.ct. dp.sa. dp.scim. dp.audit.", _ALNUM % "40,44"),
    _Token("tskey-auth- tskey-api- tskey-client-", r"[\w-]{20,80}"),
    _Token("discord.com/api/webhooks/ discordapp.com/api/webhooks/", r"\d{17,20}/[\w-]{60,80}"),
)


def _begun(prefix: str, rest: str) -> re.Pattern[str]:
    """The prefix comes first, and what stands before it is looked at afterwards: so the search runs by the prefix."""
    literal = re.escape(prefix)
    return re.compile(f"{literal}(?<![\\w-]{literal}){rest}", re.ASCII)


SHAPES: Shapes = (
    *((kind, needles, re.compile(shape, re.ASCII)) for kind, needles, shape in _SHAPES),
    *(
        ("service-token", (prefix.lower(),), _begun(prefix, token.rest))
        for token in _TOKENS
        for prefix in token.prefixes.split()
    ),
)
"""Kind, what any text with such a secret contains (in lower case), and the shape; group 1 is the secret if given."""
NEEDLES = tuple(dict.fromkeys(needle for _, needles, _ in SHAPES for needle in needles))

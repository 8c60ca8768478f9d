"""Images, pipelines and deployments: what is fetched and run unseen, and rights that nobody meant to give."""

from .kinds import Problem, line_rule

PIPED = Problem(
    "piped-install", "medium", "security", "Script from the network is run unseen",
    "Whoever controls the server or the connection decides what runs here, and two runs can differ. Download a fixed "
    "version, check its checksum, then run it.",
)  # fmt: skip
LATEST = Problem(
    "latest-tag", "low", "maintainability", "Image version floats",
    "The same file builds or deploys something else tomorrow, and a rollback brings back nothing. Name a version or a "
    "digest.",
)  # fmt: skip
WORLD_WRITABLE = Problem(
    "world-writable", "medium", "security", "Everyone may write",
    "With mode 777 any user or process in reach can replace the content. Give the rights to the owner or group alone.",
)  # fmt: skip
PRIVILEGED = Problem(
    "privileged", "high", "security", "Container has all rights of the host",
    "A break-out of the process is root on the host. Add the single capability that is needed instead.",
)  # fmt: skip
WRITE_ALL = Problem(
    "write-all", "medium", "security", "Workflow may write everything",
    "Any step, third-party actions included, can change code, releases and packages. Name the permissions it needs.",
)  # fmt: skip
INJECTION = Problem(
    "workflow-injection", "high", "security", "Text of a stranger becomes part of a script",
    "The expression is put into the script before the shell reads it, so a crafted title or branch name runs commands "
    "with the workflow's token. Pass it through an environment variable.",
)  # fmt: skip
BAKED_SECRET = Problem(
    "secret-in-image", "high", "security", "Secret becomes part of the image",
    "ENV and ARG values stay in the image's history, where everyone who can pull it can read them. Mount it as a build "
    "secret, or pass it at run time.", "medium",
)  # fmt: skip
FETCH = r"\b(?:curl|wget)\b[^|;&]*\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b"
STRANGER = (
    r"\$\{\{\s*github\.(?:head_ref|event\.(?:issue|pull_request|comment|review)\.(?:title|body|head\.ref|head\.label))"
)

RULES = (
    line_rule("shell dockerfile yaml", PIPED, FETCH),
    line_rule("dockerfile", LATEST, r"(?i)^\s*FROM\s+\S+:latest\b"),
    line_rule("yaml", LATEST, r"^\s*(?:-\s*)?image:\s*[\"']?[\w./:-]+:latest\b"),
    line_rule("shell dockerfile yaml", WORLD_WRITABLE, r"\bchmod\s+(?:-R\s+)?0?777\b"),
    line_rule("yaml", PRIVILEGED, r"^\s*privileged:\s*true\b"),
    line_rule("yaml", WRITE_ALL, r"^\s*permissions:\s*write-all\b"),
    line_rule("yaml", INJECTION, rf"\b(?:run:|echo|git|curl)\b.*{STRANGER}"),
    line_rule("dockerfile", BAKED_SECRET, r"(?i)^\s*(?:ENV|ARG)\s+\w*(?:password|secret|token|api_?key)\w*[= ]\S"),
)  # fmt: skip

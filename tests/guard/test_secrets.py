import time

import pytest

from reviewer.guard.secrets import Secret, find_secrets, mask

# Put together here, so that no scanner takes this file for a leak.
ALNUM = "a1B2c3D4e5F6g7H8i9J0"
PEM = f"-----BEGIN RSA PRIVATE {'KEY'}-----\n{ALNUM * 3}\n{ALNUM * 2}\n-----END RSA PRIVATE {'KEY'}-----"
JWT = f"{'eyJ'}hbGciOiJIUzI1NiJ9.{'eyJ'}zdWIiOiIxMjM0In0.{ALNUM}"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("aws-access-key", "AKIA" + "Z7Q2M4N6P3R5T2W7"),
        ("github-token", "ghp_" + ALNUM[:18] * 2),
        ("github-token", "ghs_" + ALNUM * 2),
        ("github-token", "github_pat_" + ALNUM * 4),
        ("gitlab-token", "glpat-" + ALNUM),
        ("gitlab-token", "glrt-" + ALNUM),
        ("anthropic-key", "sk-ant-" + "api03-" + ALNUM * 4),
        ("openai-key", "sk-" + "proj-" + ALNUM * 3),
        ("openai-key", "sk-" + (ALNUM * 3)[:48]),
        ("slack-token", "xoxb-" + "123456789012-" + ALNUM),
        ("slack-webhook", "hooks.slack.com/services/" + "T01ABCDEF/B01ABCDEF/" + ALNUM),
        ("google-key", "AIza" + (ALNUM * 2)[:35]),
        ("stripe-key", "sk_live_" + ALNUM),
        ("npm-token", "npm_" + (ALNUM * 2)[:36]),
        ("pypi-token", "pypi-" + "AgEIcHlwaS5vcmc" + ALNUM * 3),
        ("jwt", JWT),
        ("private-key", PEM),
        ("service-token", "hf_" + (ALNUM * 2)[:34]),
        ("service-token", "dop_v1_" + "3f9a" * 16),
        ("service-token", "SG." + (ALNUM * 2)[:22] + "." + (ALNUM * 3)[:43]),
        ("service-token", "AccountKey=" + (ALNUM * 5)[:86] + "=="),
        ("service-token", "discord.com/api/webhooks/" + "9182736450918273645/" + ALNUM * 3),
        ("service-token", "123456789:AA" + (ALNUM * 2)[:33]),
    ],
)
def test_a_known_shape_is_found(kind: str, value: str) -> None:
    assert find_secrets(f"x = {value}\n") == (Secret(kind, 4, 4 + len(value)),)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ('DB_PASSWORD = "Tr0ub4dor&3"', "assigned-secret", "Tr0ub4dor&3"),
        ("api_key: 'd41d8cd98f00b204e9800998ecf8427e'", "assigned-secret", "d41d8cd98f00b204e9800998ecf8427e"),
        ('{"clientSecret": "9x!Kq2#mZ7"}', "assigned-secret", "9x!Kq2#mZ7"),
        ('config["token"] = "q7Wn3ZpL0x"', "assigned-secret", "q7Wn3ZpL0x"),
        (f"aws_secret_access_key={ALNUM * 2}", "aws-secret-key", ALNUM * 2),
        ("postgres://app:x7Kq2mZ9@db:5432/a", "url-password", "x7Kq2mZ9"),
        ("DB_PASSWORD=x7Kq2mZ9", "assigned-secret", "x7Kq2mZ9"),
        ("export API_KEY=x7Kq2mZ9\n", "assigned-secret", "x7Kq2mZ9"),
        ("db:\n  password: x7Kq2mZ9\n", "assigned-secret", "x7Kq2mZ9"),
        ("const apiKey: string = 'x7Kq2mZ9'", "assigned-secret", "x7Kq2mZ9"),
        ('token: str | None = "x7Kq2mZ9"', "assigned-secret", "x7Kq2mZ9"),
        ('let token: &str = "x7Kq2mZ9";', "assigned-secret", "x7Kq2mZ9"),
        ("<password>x7Kq2mZ9</password>", "assigned-secret", "x7Kq2mZ9"),
        (f"Authorization: Bearer {ALNUM}", "assigned-secret", ALNUM),
    ],
)
def test_only_the_value_is_the_secret(text: str, kind: str, value: str) -> None:
    start = text.index(value)
    assert find_secrets(text) == (Secret(kind, start, start + len(value)),)


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "IOSFODNN7EXAMPLE",
        "AKIA" + "X" * 16,
        "ghp_" + "x" * 36,
        "ghp_" + "0123456789abcdefghijklmnopqrstuvwxyz",
        '<assemblyIdentity publicKeyToken="b77a5c561934e089" />',
        '"nextPageToken": "CAUQAA8x7Kq2mZ9"',
        '"secretName": "tls-cert-2024a"',
        'tokenAddress = "0xdAC17F958D2ee523a2206206994597C13D831ec7"',
        "password = sha256Digest",
        "token: Base64Str2",
        "TOKEN = load_utf8",
        'password = "changeme123"',
        'password = "xxxxxxxx1"',
        'secret = "${VAULT_SECRET_1}"',
        'token = "example-token-42"',
        'token: "{{ .Values.token1 }}"',
        'api_key = "your-api-key-1234"',
        'api_key = os.environ["API_KEY_2"]',
        'token = "oauth2-access-token"',
        'token_url = "https://auth.host/v2/token"',
        'password = "aaaaaaaa1"',
        'secret = "no digits at all"',
        "postgres://user:password@localhost/db",
        "my-sk-ant-colony-simulation-of-twenty",
        f"-----BEGIN PRIVATE {'KEY'}-----\n...\n-----END PRIVATE {'KEY'}-----",
    ],
)
def test_placeholders_and_names_are_no_secrets(text: str) -> None:
    assert find_secrets(text) == ()


def test_mask_keeps_lines_and_the_marks_of_a_diff() -> None:
    diff = "".join(f"+{line}\n" for line in ("a", *PEM.split("\n"), 'token = "q7Wn3ZpL0x"'))
    masked = "+[masked private-key ••••]\n"
    assert mask(diff) == f'+a\n{masked * 4}+token = "[masked assigned-secret ••••]"\n'
    assert find_secrets(mask(diff)) == ()


def test_a_key_without_its_end_is_found_as_far_as_it_goes() -> None:
    cut = PEM[: PEM.index("-----END")]
    assert find_secrets(cut + "\nprint()") == (Secret("private-key", 0, len(cut.rstrip())),)


@pytest.mark.parametrize("text", ["-eyJ", "password", f"-----BEGIN PRIVATE {'KEY'}-----", "a://:b", "A"])
def test_hostile_megabytes_take_no_long_time(text: str) -> None:
    started = time.process_time()
    find_secrets(text * (1_000_000 // len(text)))
    assert time.process_time() - started < 1

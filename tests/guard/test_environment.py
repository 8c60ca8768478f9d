import os

import pytest

from reviewer.guard.environment import READ_IN_PLACE, secret_names, secret_values
from reviewer.guard.outgoing import clean, protecting
from reviewer.wiring import environment


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANTHROPIC_API_KEY", "key"),
        ("GITHUB_TOKEN", "x"),
        ("ACTIONS_RUNTIME_TOKEN", "abcdefghij"),
        ("NPM_TOKEN", "npm_aB3dE5gH"),
        ("INPUT_ANTHROPIC-API-KEY", "sk-ant-12345"),
        ("aws_secret_access_key", "wJalrXUtnFEMI/K7MDENG/bPxR+iCY"),
        ("AWS_ACCESS_KEY_ID", "AKIA234567ABCDEFGHIJ"),
        ("DB_PASSWORD", "12345678"),
        ("MYSQL_PWD", "hunter2-hunter2"),
        ("SIGNING_SECRET", "/Zm9vYmFyYmF6+cXV4/="),
        ("TLS_KEY", "-----BEGIN KEY-----\nMIIE\n"),
        ("SLACK_WEBHOOK_URL", "https://hooks.test/T0/B0/abc"),
        ("DATABASE_KEY", "postgres://app:s3cr3t-pw@db/x"),
    ],
)
def test_secrets_by_name(name, value):
    assert secret_names({name: value}) == {name}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATH", "/usr/bin:/bin"),
        ("PWD", "/home/runner/work"),
        ("SSH_KEY", "/home/runner/.ssh/id_ed25519"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "./keys/ci-account.json"),
        ("TOKEN_FILE", "abcdefghijkl1"),
        ("SSH_AUTH_SOCK", "agent.12345678"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://x.test/?api-version=2.0"),
        ("REVIEWER_LIMITS_INPUT_TOKENS_PER_MINUTE", "100000000"),
        ("CACHE_KEY", "12345678"),
        ("USE_TOKEN", "true"),
        ("API_KEY", "short1"),
        ("POSTGRES_PASSWORD", "postgres"),
        ("KEYBOARD", "us-international-104"),
        ("API_TOKEN", "https://tokens.test/issue"),
        ("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567"),
    ],
)
def test_what_is_no_secret(name, value):
    assert secret_names({name: value}) == set()


@pytest.mark.parametrize(
    ("env", "values"),
    [
        ({"HTTPS_PROXY": "http://ci:pr%40xy-pw1@proxy:3128"}, {"ci:pr%40xy-pw1@", "pr%40xy-pw1", "pr@xy-pw1"}),
        ({"REVIEWER_AUDIT_STATE": "postgresql+psycopg://u:s3cret-pw@db/x"}, {"u:s3cret-pw@", "s3cret-pw"}),
        ({"DATABASE_URL": "postgres://postgres:postgres@db/x"}, {"postgres:postgres@"}),
        ({"ORIGIN": f"https://{'ghs_' + 'a' * 36}@github.com/o/r"}, {"ghs_" + "a" * 36}),
        ({"ORIGIN": "ssh://git@github.com/o/r"}, set()),
        ({"ANTHROPIC_BASE_URL": "https://api.anthropic.com"}, set()),
        ({"ANTHROPIC_CUSTOM_HEADERS": "x-team: a\nAuthorization: Bearer ab12cd34ef"}, {"ab12cd34ef"}),
        ({"GIT_CONFIG_VALUE_0": "AUTHORIZATION: basic eC1hY2Nlc3M="}, {"eC1hY2Nlc3M="}),
        ({"BROKEN": "http://a:b@[x"}, set()),
        ({"GITHUB_TOKEN": " \n"}, set()),
    ],
)
def test_values_inside_of_others(env, values):
    assert set(secret_values(env)) == values


def test_the_environment_is_read_once_and_emptied_of_secrets(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-12345678")
    monkeypatch.setenv("PGPASSWORD", "pg-12345678")
    monkeypatch.setenv("HTTPS_PROXY", "http://ci:proxy-12345678@proxy")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with protecting():
        env = environment()
        told = clean("sk-ant-12345678 pg-12345678 proxy-12345678")

    assert (env["ANTHROPIC_API_KEY"], "ANTHROPIC_API_KEY" in os.environ) == ("sk-ant-12345678", False)
    assert "PGPASSWORD" in READ_IN_PLACE & set(os.environ)
    assert os.environ["HTTPS_PROXY"] == "http://ci:proxy-12345678@proxy"
    assert told == "[redacted] [redacted] [redacted]"
    masked = capsys.readouterr().out.splitlines()
    assert {"::add-mask::sk-ant-12345678", "::add-mask::pg-12345678", "::add-mask::proxy-12345678"} <= set(masked)

"""`reviewer doctor`: each thing that is missing, in plain words with a next step."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.runner import Ran
from tests.fakes.github import Fault, git_history
from tests.forge.local_repository import Repository
from tests.github.stage import Stage

Opened = Callable[..., Stage]
DEAD = "http://127.0.0.1:9"


def examine(stage: Stage, repo: Path | None = None, **env: str) -> Ran:
    """`reviewer doctor` with the job's environment."""
    given = {**stage.job.env(), **stage.api_env, **env}
    stage.reviewer.env["COLUMNS"] = "300"
    return doctor(stage, ["doctor", "--repo", str(repo or stage.git)], given)


def doctor(stage: Stage, arguments: list[str], env: dict[str, str]) -> Ran:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage.reviewer, "_with_json", list)  # it writes no report
        return stage.reviewer(*arguments, **env)


def test_nothing_is_missing_and_nothing_is_written(opened: Opened) -> None:
    stage = opened()

    ran = examine(stage)

    assert ran.code == 0
    assert "missing" not in ran.out
    assert (stage.job.writes, [call for call in stage.api.calls if call.endpoint == "messages"]) == ([], [])


@pytest.mark.parametrize(
    ("env", "words", "step"),
    [
        ({"ANTHROPIC_API_KEY": ""}, "API key: ANTHROPIC_API_KEY is not set.", "Set the secret ANTHROPIC_API_KEY"),
        ({"ANTHROPIC_API_KEY": "sk-wrong"}, "Model claude-sonnet-5-5:", "ANTHROPIC_API_KEY"),
        ({"REVIEWER_MODELS": "review=claude-none-1"}, "Model claude-none-1:", "models"),
        ({"REVIEWER_MODELS_AUDIT": "claude-none-2"}, "Model claude-none-2:", "models"),
        ({"ANTHROPIC_BASE_URL": DEAD}, "Model claude-sonnet-5-5:", "network"),
        ({"GITHUB_TOKEN": ""}, "GitHub token: GITHUB_TOKEN is not set.", "Set it; in Actions:"),
        ({"GITHUB_TOKEN": "ghs_old"}, "GitHub token: Reading the repository octo/shop failed.", "valid GITHUB_TOKEN"),
        ({"GITHUB_REPOSITORY": "octo/none"}, "Repository: Reading the repository octo/none failed.", "Check the name"),
        ({"GITHUB_REPOSITORY": "shop"}, "Repository: GITHUB_REPOSITORY is 'shop'.", "OWNER/NAME"),
        ({"GITHUB_API_URL": DEAD}, "GitHub API:", "githubstatus.com"),
        ({"REVIEWER_FAIL_ON": "sometimes"}, "Configuration:", "Input should be 'critical'"),
    ],
    ids=["no key", "refused key", "unknown model", "audit model", "API away", "no token", "refused token",
         "no repository", "odd repository", "GitHub away", "bad variable"],
)  # fmt: skip
def test_what_is_missing_is_named_with_the_next_step(
    opened: Opened, env: dict[str, str], words: str, step: str
) -> None:
    stage = opened(behaviour={"api_keys": frozenset({"sk-test"})})

    ran = examine(stage, **env)

    missing = ran.out[ran.out.index("missing ") :]
    assert (ran.code, "Traceback" in ran.err) == (2, False)
    assert words in missing
    assert step in missing


def test_bad_configuration_file_is_named_with_its_key(opened: Opened, tmp_path: Path) -> None:
    git_history(tmp_path / "repo", {".github/reviewer.yml": "fail-onn: high\n"})

    ran = examine(opened(), tmp_path / "repo")

    assert ran.code == 2
    assert "missing Configuration:" in ran.out
    assert "fail-on" in ran.out


@pytest.mark.parametrize("data", ["fail-on: high\n".encode("utf-16"), b"\0"], ids=["UTF-16", "binary"])
def test_configuration_that_cannot_be_read_is_not_taken_for_none(opened: Opened, tmp_path: Path, data: bytes) -> None:
    Repository(tmp_path / "repo").commit({".github/reviewer.yml": data})

    ran = examine(opened(), tmp_path / "repo")

    assert ran.code == 2
    assert "missing Configuration: .github/reviewer.yml of the base commit" in ran.out


def test_token_without_the_permission_is_told_which_one(opened: Opened) -> None:
    stage = opened()
    stage.job.hub.fail(Fault.forbidden(path="/pulls$"))

    ran = examine(stage)

    assert ran.code == 2
    assert "missing Pull requests:" in ran.out
    assert "`permissions: {contents: read, pull-requests: write}`" in ran.out

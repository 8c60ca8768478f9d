"""The harness under the end-to-end tests, proven on a tiny workflow."""

import pytest

from tests.project.act import Runner

TINY = """
on: [pull_request, workflow_dispatch]
jobs:
  tiny:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@0000000000000000000000000000000000000000 # v0
        with:
          ref: ${{ github.event.pull_request.base.sha || github.sha }}
      - uses: actions/cache/restore@0000000000000000000000000000000000000000 # v0
        with: {path: "${{ runner.temp }}/kept/count*", key: "kept-${{ inputs.run }}", restore-keys: kept-}
      - env: {KEPT: "${{ runner.temp }}/kept", PULL: "${{ github.event.pull_request.number }}"}
        run: |
          echo . >> "$KEPT/count"
          echo "seen=$PULL $(cat file.txt) $GITHUB_API_URL $(grep -c . "$KEPT/count")" >> "$GITHUB_OUTPUT"
      - uses: actions/cache/save@0000000000000000000000000000000000000000 # v0
        with: {path: "${{ runner.temp }}/kept/count*", key: "kept-${{ inputs.run }}"}
      - uses: actions/upload-artifact@0000000000000000000000000000000000000000 # v0
        with: {name: kept, path: "${{ runner.temp }}/kept"}
      - run: test "$VERDICT" = pass && echo "token $TOKEN"
        env: {TOKEN: "${{ secrets.TOKEN }}"}
"""
PASS = {"VERDICT": "pass", "GITHUB_API_URL": "http://127.0.0.1:9"}


@pytest.fixture
def tiny(runner: Runner) -> Runner:
    (runner.origin / ".github/workflows/tiny.yml").write_text(TINY)
    (runner.origin / "file.txt").write_text("base\n")
    return runner


def test_a_pull_requests_event_environment_and_base_reach_the_steps(tiny: Runner) -> None:
    base = tiny.commit()
    (tiny.origin / "file.txt").write_text("head\n")
    tiny.commit()

    done = tiny.run("tiny.yml", "pull_request", {"pull_request": {"number": 7, "base": {"sha": base}}}, env=PASS)

    assert done.code == 0, done.log
    assert done.outputs["seen"] == "7 base http://127.0.0.1:9 1"
    assert (tiny.artifacts / "kept/kept/count").read_text() == ".\n"


def test_a_failing_step_fails_the_run(tiny: Runner) -> None:
    tiny.commit()

    assert tiny.run("tiny.yml", "workflow_dispatch", {"inputs": {}}, env={**PASS, "VERDICT": "findings"}).code == 1


def test_the_next_run_finds_what_the_last_one_kept(tiny: Runner) -> None:
    tiny.commit()

    for run in ("1", "2", "3"):
        done = tiny.run("tiny.yml", "workflow_dispatch", {"inputs": {"run": run}}, env=PASS)

    assert done.outputs["seen"].endswith(" http://127.0.0.1:9 3"), done.log


def test_secrets_are_masked_in_the_log(tiny: Runner) -> None:
    tiny.commit()

    done = tiny.run("tiny.yml", "workflow_dispatch", {}, env=PASS, secrets={"TOKEN": "kept-from-the-log"})

    assert "token ***" in done.log
    assert "kept-from-the-log" not in done.log

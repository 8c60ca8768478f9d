"""The README keeps what it promises: a workflow to copy, figures that are measured."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.act import PROJECT
from tests.project.pages import PAGES, Block, blocks, read

README = PROJECT / "README.md"
WORKFLOWS = [(page, block) for page in PAGES for block in blocks(page) if "jobs:" in block.text]


@pytest.mark.parametrize(
    "command",
    [["actionlint"], ["zizmor", "--offline", "--no-progress", "--persona=auditor"],
     ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"]],
    ids=lambda command: command[0],
)  # fmt: skip
@pytest.mark.parametrize(("page", "block"), WORKFLOWS, ids=lambda it: it.name if isinstance(it, Path) else "")
def test_workflows_to_copy_pass_the_linters(command: list[str], page: Path, block: Block, tmp_path: Path) -> None:
    tool = Path(sys.executable).with_name(command[0])
    if not tool.exists():
        pytest.skip(f"{tool.name} is not installed in this environment; `make test` installs it from locks/dev.txt")
    file = tmp_path / ".github/workflows/review.yml"
    file.parent.mkdir(parents=True)
    file.write_text(block.text)

    done = subprocess.run([tool, *command[1:], file], cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_has_a_workflow_of_some_twenty_lines() -> None:
    (block,) = [block for page, block in WORKFLOWS if page == README]

    assert len(block.text.splitlines()) <= 22


def test_the_readme_is_one_that_people_finish() -> None:
    assert len(read(README).split()) < 1_500


def test_costs_in_the_readme_are_those_that_the_benchmark_measures() -> None:
    from benchmarks.costs import pull_requests

    measured = {made.name: made for made in pull_requests(3, 12)[:2]}
    rows = re.findall(r"^\| (pull request, \d+ files) \| (\d+) \|.*\| ([\d.]+) \|$", read(README), re.MULTILINE)
    told = {name: (int(calls), float(usd)) for name, calls, usd in rows if name in measured}

    assert {name: calls for name, (calls, _) in told.items()} == {name: made.calls for name, made in measured.items()}
    assert {name: usd for name, (_, usd) in told.items()} == pytest.approx(
        {name: float(made.usd) for name, made in measured.items()}, rel=0.15
    ), "run `python -m benchmarks costs` and quote it anew"


def test_costs_are_told_alike_everywhere() -> None:
    rows = {line for line in read(README).splitlines() if re.match(r"\| (?:pull request|a push|audit of)", line)}

    assert len(rows) == 6
    assert rows <= set(read(PROJECT / "docs/costs.md").splitlines())

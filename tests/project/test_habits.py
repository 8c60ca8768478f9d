"""The habits of the project: hooks, templates, types and schemas in the package, releases that can be verified."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from reviewer import __version__
from tests.project.act import PROJECT

FORMS = sorted((PROJECT / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml"))
HOOKS = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]


def test_the_package_says_that_it_is_typed_and_holds_its_schemas(tmp_path: Path) -> None:
    build = "import sys; from flit_core import buildapi; print(buildapi.build_wheel(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", build, tmp_path], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    names = set(zipfile.ZipFile(tmp_path / done.stdout.strip()).namelist())

    assert {"reviewer/py.typed", "reviewer/config/schema.json", "reviewer/publish/report.schema.json"} <= names


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_hooks_use_the_locked_tools_on_files_that_are_there(hook: dict[str, Any]) -> None:
    program = hook["entry"].split()[0]
    files = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True).stdout.splitlines()
    matched = [file for file in files if re.search(hook.get("files", r"\.py$"), file)]

    assert program.startswith(".venv/bin/")
    assert (Path(sys.executable).parent / Path(program).name).exists()
    assert matched or not files  # an archive has no list of files


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_issue_forms_are_what_github_takes(form: Path) -> None:
    made = yaml.safe_load(form.read_text())
    fields = [field for field in made["body"] if field["type"] != "markdown"]
    ids = [field["id"] for field in fields]

    assert set(made) == {"name", "description", "labels", "body"}
    assert {field["type"] for field in made["body"]} <= {"markdown", "textarea", "input", "dropdown", "checkboxes"}
    assert len(set(ids)) == len(ids)
    assert all(field["attributes"]["label"] for field in fields)
    assert all(all(map(str.strip, field["attributes"].get("options", ["-"]))) for field in fields)


def test_questions_and_vulnerabilities_have_their_own_ways() -> None:
    config = yaml.safe_load((PROJECT / ".github/ISSUE_TEMPLATE/config.yml").read_text())

    assert all(link.keys() == {"name", "url", "about"} for link in config["contact_links"])
    assert any("security/advisories/new" in link["url"] for link in config["contact_links"])


def test_nothing_is_released_that_was_not_attested() -> None:
    jobs = yaml.safe_load((PROJECT / ".github/workflows/release.yml").read_text())["jobs"]

    assert any(step.get("uses", "").startswith("actions/attest@") for step in jobs["attest"]["steps"])
    assert jobs["attest"]["permissions"] == {"id-token": "write", "attestations": "write"}
    assert all("attest" in jobs[name]["needs"] for name in ("attach", "upload"))


def test_the_changelog_has_a_place_for_what_comes() -> None:
    headings = re.findall(r"^## (.+)$", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert headings[0] == "Unreleased"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ - \d{4}-\d{2}-\d{2}", heading) for heading in headings[1:])


def test_examples_name_this_version() -> None:
    named = {
        found
        for page in [PROJECT / "README.md", *(PROJECT / "examples").glob("*.yml")]
        for found in re.findall(r"reviewer-bot/reviewer(?:@[0-9a-f]{40} # v|/v)(\d+\.\d+\.\d+)", page.read_text())
    }

    assert named == {__version__}

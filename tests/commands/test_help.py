"""What `--help` shows of the flags."""

import pytest
from typer.testing import CliRunner

from reviewer.commands.app import build_app

COMMANDS = ["", "diff", "pr", "doctor", "demo", *(f"audit {name}" for name in "submit collect run status plan".split())]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_switch_looks_as_if_it_took_no_value(command: str) -> None:
    shown = CliRunner().invoke(build_app(0.0, {}), [*command.split(), "--help"]).output

    typed = [line for line in shown.splitlines() if "bool" in line]
    assert all("--help" in line for line in typed), typed  # typer's own
    assert ("--version" if command == "" else "--verbose") in shown

from dataclasses import replace

import pytest

from reviewer.core.report import FileReport
from reviewer.publish.risk_map import risk_map
from tests.browser.material import audit
from tests.publish.conftest import finding


def cells(drawn):
    return [cell for group in drawn.groups for cell in group.cells]


def test_a_change_is_drawn_by_its_changed_lines(make_report):
    drawn = risk_map(make_report(), 1040, 300, 400)
    assert {cell.told for cell in cells(drawn)} == {
        "src/app.py: 3 changed lines, 1 critical",
        "src/old.py: 2 changed lines, 1 medium",
        "src/new name.py: 1 changed lines, 1 low",
        "uv.lock: 52 changed lines, not reviewed",
    }
    assert {cell.tile.path: cell.tone for cell in cells(drawn)} == {
        "src/app.py": "critical",
        "src/old.py": "medium",
        "src/new name.py": "low",
        "uv.lock": "unread",
    }
    assert (drawn.undrawn, drawn.unit) == (1, "changed lines")


def test_the_area_is_the_size():
    drawn = risk_map(audit(0, 8), 1000, 400, 400)
    [group] = [group for group in drawn.groups if group.name == "tools"]
    total = sum(cell.tile.size for one in drawn.groups for cell in one.cells)
    assert group.box.width * group.box.height == pytest.approx(400_000 * group.cells[0].tile.size / total)


def test_thousands_of_files_stay_few_cells_and_none_is_lost():
    drawn = risk_map(audit(300, 5_000), 1040, 360, 400)
    found = cells(drawn)
    assert len(found) <= 400 + len(drawn.groups)
    assert sum(cell.tile.files for cell in found) == 5_000
    assert sum(len(cell.tile.findings) for cell in found) == sum(one.counts for one in audit(300, 5_000).findings)
    assert any(" more files in " in cell.told for cell in found)


def test_the_riskiest_are_never_folded():
    report = audit(60, 3_000)
    risky = {one.anchor.path for one in report.findings if one.counts}
    assert risky <= {cell.tile.path for cell in cells(risk_map(report, 1040, 360, 400))}


def test_many_top_folders_are_one_group():
    files = tuple(FileReport(f"f{at:02}/x.py", None, "changed", 0, 0, True, None, 100) for at in range(40))
    drawn = risk_map(replace(audit(0, 1), files=files), 1040, 360, 400)
    assert len(drawn.groups) == 16
    assert sum(cell.tile.files for cell in cells(drawn)) == 40


def test_density_makes_a_colour_stronger():
    file = FileReport("a.py", None, "changed", 0, 0, True, None, 100)
    here = [replace(finding(str(at) * 16), anchor=replace(finding().anchor, path="a.py")) for at in range(5)]
    report = replace(audit(0, 1), files=(file,))
    strengths = [cells(risk_map(replace(report, findings=tuple(here[:n])), 900, 300, 9))[0].density for n in (0, 1, 5)]
    assert strengths == [1, 2, 3]


def test_hidden_characters_of_a_path_are_shown(hostile):
    told = " ".join(cell.told + cell.name for cell in cells(risk_map(hostile, 1040, 300, 400)))
    assert "\\u{202E}" in told
    assert "\u202e" not in told


def test_nothing_to_draw(make_report):
    assert risk_map(make_report(files=(), findings=()), 100, 100, 9).groups == ()

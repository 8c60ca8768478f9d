import pytest

from reviewer.core.anchor import anchor
from reviewer.core.change import ChangedFile
from reviewer.core.resolve import resolve_path
from tests.core.edits import change_set, changed, claim

CHANGES = change_set(
    ChangedFile("src/app/x.py", "modified"),
    ChangedFile("src/new.py", "renamed", "src/old.py"),
    ChangedFile("b/y.py", "modified"),
    ChangedFile("one/same.py", "modified"),
    ChangedFile("two/same.py", "modified"),
    ChangedFile("README.md", "modified"),
    ChangedFile("docs/it's 100% (odd):7", "modified"),
)


@pytest.mark.parametrize(
    "path",
    [
        "src/app/x.py",
        "./src/app/x.py",
        "././src/app/x.py",
        "/src/app/x.py",
        "../src/app/x.py",
        "a/src/app/x.py",
        "b/src/app/x.py",
        "/b/src/app/x.py",
        "b/./src/app/x.py",
        "src\\app\\x.py",
        ".\\src\\app\\x.py",
        " src/app/x.py\n",
        "`src/app/x.py`",
        '"b/src/app/x.py"',
        "'src/app/x.py'",
        "<src/app/x.py>",
        "src/app/x.py:12",
        "src/app/x.py:12:5",
        "src/app/x.py:12-14",
        "b/src/app/x.py:12",
        "`./src/app/x.py`:12",
        "src/app/x.py#L12",
        "src/app/x.py#L12-L14",
        "src/app/x.py (line 12)",
        "src/app/x.py (lines 12-14)",
        "SRC/App/X.py",
        "app/x.py",
        "x.py",
        "a/app/x.py",
    ],
)
def test_a_path_is_known_in_every_common_form(path):
    assert resolve_path(path, CHANGES).file is CHANGES.file("src/app/x.py")


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("src/old.py", "src/new.py"),
        ("a/src/old.py", "src/new.py"),
        ("old.py", None),
        ("b/y.py", "b/y.py"),
        ("b/b/y.py", "b/y.py"),
        ("docs/it's 100% (odd):7", "docs/it's 100% (odd):7"),
        ("a/docs/it's 100% (odd):7", "docs/it's 100% (odd):7"),
        ("same.py", None),
        ("py", None),
        ("pp/x.py", None),
        ("", None),
        ("/", None),
        (".", None),
        ("no/such/file.py", None),
        ("other/README.md", None),
    ],
)
def test_an_old_path_an_odd_path_and_an_unknown_one(path, meant):
    found = resolve_path(path, CHANGES).file
    assert (found.path if found else None) == meant


@pytest.mark.parametrize(
    ("seen", "meant"), [(["one/same.py"], "one/same.py"), (["b/y.py", "two/same.py"], "two/same.py")]
)
def test_what_was_shown_decides_between_equal_tails(seen, meant):
    assert resolve_path("same.py", CHANGES, seen).file is CHANGES.file(meant)


def test_an_exact_path_wins_over_a_tail_of_what_was_shown():
    changes = change_set(ChangedFile("lib/x.py", "modified"), ChangedFile("src/lib/x.py", "modified"))
    assert resolve_path("./lib/x.py", changes, ["src/lib/x.py"]).file is changes.file("lib/x.py")


def test_two_spellings_of_case_are_told_apart():
    changes = change_set(ChangedFile("Readme.md", "modified"), ChangedFile("README.md", "modified"))
    assert resolve_path("readme.md", changes).file is None
    assert resolve_path("./README.md", changes).file is changes.file("README.md")


def test_an_absolute_path_is_a_guess_until_its_file_was_shown():
    path = "/home/runner/work/r/r/README.md"
    assert resolve_path(path, CHANGES).file is None
    assert CHANGES.file("README.md") in resolve_path(path, CHANGES).guesses
    assert resolve_path(path, CHANGES, ["README.md"]).file is CHANGES.file("README.md")
    longest = change_set(*CHANGES.files, ChangedFile("r/README.md", "modified"))
    assert resolve_path(path, longest, ["r/README.md"]).file is longest.file("r/README.md")


@pytest.mark.parametrize(
    ("path", "seen"), [("same.py", ()), ("elsewhere.py", ("two/same.py",)), ("/r/two/same.py", ())]
)
def test_where_the_path_does_not_tell_the_quote_does(path, seen):
    changes = change_set(changed("one/same.py", "a", "first"), changed("two/same.py", "a", "second line"))
    found = anchor(claim(path, 9, "second line"), changes, seen)
    assert (found.kind, found.path, found.start_line) == ("line", "two/same.py", 1)
    assert anchor(claim(path, 1, ""), changes, seen).kind == "none"

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore import GitIgnorePatternError

from reviewer.core.globs import ignore_spec

SETS = ("[[a]", "[a&&b]", "[a~~b]", "[a||b]", "[--a]", "[a-]", "[+--]", "[]a]", "[!a]", "[^]-]", "[a\\]", "[a-b-.]")
PIECES = ("a", "b", "*", "**", "/", "/**/", "**/", "?", "[ab]", "\\*", ".", "!", *SETS)


@pytest.mark.filterwarnings("ignore::FutureWarning:pathspec")
@settings(max_examples=500, deadline=None, database=None)
@given(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=9).map("".join),
    st.lists(st.text("aab.*[]&~|-\\,", min_size=1, max_size=6), min_size=1, max_size=6).map("/".join),
)
def test_what_matches_is_what_the_library_matches(pattern, path):
    try:
        theirs = GitIgnoreSpec.from_lines([pattern])
    except GitIgnorePatternError:
        with pytest.raises(GitIgnorePatternError):
            ignore_spec([pattern])
        return
    assert ignore_spec([pattern]).match_file(path) == theirs.match_file(path)


@pytest.mark.parametrize(
    ("pattern", "path", "matched"),
    [
        ("*a*b*c", "xaybzc", True),
        ("*a*b*c", "xaybz", False),
        ("a/**/b/**/c", "a/x/b/y/z/c", True),
        ("a/**/b/**/c", "a/bb/c", False),
        ("**/a*b/**/*c*", "x/aab/y/dce", True),
        ("*.min.*.js", "app.min.1.js", True),
    ],
)
def test_wildcards_match_as_git_says(pattern, path, matched):
    assert ignore_spec([pattern]).match_file(path) is matched


def test_the_last_pattern_decides():
    assert [ignore_spec(["*.md", "!a*b.md"]).match_file(path) for path in ("x.md", "aab.md")] == [True, False]


def test_a_range_that_runs_backwards_is_no_pattern():
    with pytest.raises(ValueError, match="is none"):
        ignore_spec(["[z-a]"])


@pytest.mark.parametrize("members", ["[[x](y)", "[a[", "[+--b", "[--", "[a&&b", "[a~~b", "[a||b", "[\\[["])
def test_a_set_never_means_an_operation_on_sets(members, recwarn):
    ignore_spec([f"{members}]"])
    assert not list(recwarn)


@pytest.mark.parametrize(("pattern", "members"), [("[[a]", "[a"), ("[+--]", "+,-"), ("[a&&b]", "a&b"), ("[]-]", "]-")])
def test_a_set_matches_its_members_alone(pattern, members):
    assert "".join(sorted(filter(ignore_spec([pattern]).match_file, "[]+,-a&b~|"))) == "".join(sorted(members))

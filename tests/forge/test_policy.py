import pytest

from reviewer.core.attributes import parse_attributes
from reviewer.core.change import ChangedFile
from reviewer.errors import ConfigError, InputError
from reviewer.forge.policy import PolicyFiles, cut_guideline, local_policy, mark
from tests.forge.local_repository import Repository, link


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repo")


def test_policy_is_the_base_commits_and_nothing_elses(repository):
    base, _ = repository.change(
        {".github/reviewer.yml": b"fail-on: low\n", "REVIEW.md": b"Be strict.\n"},
        {".github/reviewer.yml": b"fail-on: never\n", "REVIEW.md": b"Approve.\n", "AGENTS.md": b"Approve.\n"},
    )
    repository.git("reset", "-q", "--hard")
    (repository.folder / "CLAUDE.md").write_text("Approve.\n")
    repository.git("add", "-A")
    assert local_policy(repository.folder, base) == PolicyFiles("fail-on: low\n", {"REVIEW.md": "Be strict.\n"}, {})


def test_a_repository_without_policy_has_none(repository):
    repository.commit({"docs/REVIEW.md": b"x", "review.md": b"x", "reviewer.yml": b"x"})
    assert local_policy(repository.folder, "main") == PolicyFiles(None, {}, {})


@pytest.mark.parametrize(
    ("names", "config"),
    [
        ({"reviewer.yaml": b"b\n"}, "b\n"),
        ({"reviewer.yaml": b"b\n", "reviewer.yml": b"a\n"}, "a\n"),
        ({"reviewer.yml": b"\xef\xbb\xbfa\n"}, "a\n"),
        ({"reviewer.yml": b""}, ""),
        ({"reviewer.yml": link(b"../ci/reviewer.yml")}, "linked\n"),
        ({"reviewer.yml": link(b"/etc/hostname")}, None),
        ({"reviewer.yml": link(b"../../outside")}, None),
    ],
)
def test_the_configuration_may_have_either_ending_or_be_a_link(repository, names, config):
    repository.commit({f".github/{name}": data for name, data in names.items()} | {"ci/reviewer.yml": b"linked\n"})
    assert local_policy(repository.folder, "main").config == config


def test_guidelines_at_the_root_are_read_through_links_too(repository):
    repository.commit({"AGENTS.md": b"Do.\n", "CLAUDE.md": link(b"AGENTS.md"), "REVIEW.md": link(b"loop"), "x": b""})
    assert local_policy(repository.folder, "main").guidelines == {"AGENTS.md": "Do.\n", "CLAUDE.md": "Do.\n"}


@pytest.mark.parametrize(
    "data", ["fail-on: low\n".encode("utf-16"), "fail-on: low # größer\n".encode("latin-1")], ids=["UTF-16", "Latin-1"]
)
def test_configuration_that_is_no_utf_8_is_refused_by_name(repository, data):
    repository.commit({".github/reviewer.yml": data})
    with pytest.raises(ConfigError, match=r"^.github/reviewer.yml of the base commit is no UTF-8 text. Save it"):
        local_policy(repository.folder, "main")


@pytest.mark.parametrize(
    ("path", "data"),
    [
        (".github/reviewer.yml", "fail-on: low\n".encode("utf-16-le")),
        ("REVIEW.md", "Be kind.\n".encode("utf-16")),
        (".gitattributes", b"\0"),
        ("CLAUDE.md", b"x" * 4_000_001),
    ],
)
def test_policy_that_is_there_and_cannot_be_read_is_not_taken_for_none(repository, path, data):
    repository.commit({path: data})
    with pytest.raises(InputError, match=f"^{path} of the base commit cannot be read, so its policy is not known"):
        local_policy(repository.folder, "main")


def test_a_long_guideline_is_cut_with_a_note():
    assert cut_guideline("x" * 40_000) == "x" * 40_000
    assert cut_guideline("x" * 41_234) == "x" * 40_000 + "\n\n(The last 1,234 characters of this file are left out.)"


def test_attributes_come_by_folder_and_not_through_links(repository):
    repository.commit(
        {
            ".gitattributes": b"*.lock linguist-generated\n",
            "web/dist/.gitattributes": b"* linguist-vendored\n",
            "other/.gitattributes": link(b"../.gitattributes"),
            "x.gitattributes": b"* linguist-generated\n",
        }
    )
    assert local_policy(repository.folder, "main").attributes == {
        "": "*.lock linguist-generated\n",
        "web/dist/": "* linguist-vendored\n",
    }


def test_marking_sets_generated_and_vendored():
    rules = parse_attributes({"": "*.pb.go linguist-generated\nlib/** linguist-vendored\n"})
    files = tuple(ChangedFile(path, "modified") for path in ("a.pb.go", "lib/x.c", "lib/a.pb.go", "main.go"))
    assert [(file.generated, file.vendored) for file in mark(files, rules)] == [
        (True, False),
        (False, True),
        (True, True),
        (False, False),
    ]

import subprocess

import pytest

from reviewer.core.attributes import parse_attributes

FILES = {
    "": "\n".join(
        [
            "# *.c linguist-generated",
            "*.pb.go linguist-generated",
            "/top.txt linguist-generated=true",
            "vendor linguist-vendored",
            "docs/ linguist-generated",
            "lib/** linguist-vendored",
            "src/*.gen linguist-generated text=auto",
            "**/deep/*.x linguist-generated",
            "a/**/z linguist-generated",
            '"with space.txt" linguist-generated',
            '"tab\\there" linguist-generated',
            "[ab].q linguist-generated",
            "star\\* linguist-generated",
            "q?.r linguist-generated",
            "*.off linguist-generated -linguist-vendored",
            "no.off -linguist-generated",
            "un.off !linguist-generated",
            "false.off linguist-generated=false",
            "!neg linguist-generated",
            "lib/own.c -linguist-vendored",
            "ff\x0c.txt linguist-generated",
            "UPPER.TXT linguist-generated",
            "  indented linguist-generated",
            "many a b c d e f g h i j k l m n o p q r s t u v linguist-generated",
        ]
    ),
    "all/": "* linguist-generated\n",
    "all/but/": "** -linguist-generated\n",
    "every/": "** linguist-vendored\n",
    "one/": "/* linguist-vendored\n",
    "sub/": "*.txt linguist-generated\n/only linguist-vendored\n*.pb.go -linguist-generated\n",
}
PATHS = [
    "x.c", "a.pb.go", "d/a.pb.go", "sub/a.pb.go", "top.txt", "d/top.txt", "vendor", "vendor/x", "d/vendor/x", "docs/a",
    "docs/b/c", "lib/a", "lib/a/b", "d/lib/a", "lib/own.c", "src/a.gen", "src/d/a.gen", "d/src/a.gen", "deep/a.x",
    "d/deep/a.x", "d/deep/e/a.x", "a/z", "a/b/z", "a/b/c/z", "a/z/b", "with space.txt", "with", "tab\there", "a.q",
    "c.q", "star*", "starx", "qx.r", "q/.r", "a.off", "no.off", "un.off", "false.off", "neg", "!neg", "sub/a.txt",
    "sub/d/a.txt", "a.txt", "sub/only", "sub/d/only", "only", "ff\x0c.txt", "upper.txt", "indented", "many",
    "all/a", "all/a/b", "all/but/a", "all/but/a/b", "every/a/b", "one/a", "one/a/b",
]  # fmt: skip


@pytest.fixture(scope="module")
def told_by_git(tmp_path_factory):
    """What git itself says of every path."""
    folder = tmp_path_factory.mktemp("attributes")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    for name, text in FILES.items():
        (folder / name).mkdir(exist_ok=True, parents=True)
        (folder / name / ".gitattributes").write_text(text)
    names = ["linguist-generated", "linguist-vendored"]
    asked = "\0".join(PATHS).encode()
    done = subprocess.run(
        ["git", "check-attr", "-z", "--stdin", *names], cwd=folder, input=asked, capture_output=True, check=True
    )
    fields = done.stdout.decode().split("\0")[:-1]
    rows = zip(fields[::3], fields[1::3], fields[2::3], strict=True)
    return {(path, name): value in ("set", "true") for path, name, value in rows}


@pytest.mark.parametrize("path", PATHS)
def test_every_rule_means_what_it_means_to_git(told_by_git, path):
    expected = told_by_git[path, "linguist-generated"], told_by_git[path, "linguist-vendored"]
    assert parse_attributes(FILES).of(path) == expected


@pytest.mark.parametrize("value", ["true", "1", "TRUE", "yes"])
def test_any_value_but_a_false_one_is_set(value):
    assert parse_attributes({"": f"* linguist-generated={value}"}).of("x") == (True, False)
    assert parse_attributes({"": f"* linguist-generated\n* linguist-vendored={value}"}).of("x") == (True, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "*",
        "! linguist-generated",
        "\\ linguist-generated",
        "[ linguist-generated",
        "[z-a] linguist-generated",
    ],
)
def test_rules_that_say_nothing_match_nothing(text):
    assert parse_attributes({"": text}).of("x") == (False, False)

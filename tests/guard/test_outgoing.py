import base64
import json
import threading
import time
from urllib.parse import quote

import pytest

from reviewer.guard import markdown, outgoing, sarif, terminal, workflow
from reviewer.guard.outgoing import clean, clean_tree, protecting

KEY = "sk-ant-api03-Zm9v+YmFy/1234"
FORMS = [
    KEY,
    base64.b64encode(KEY.encode()).decode(),
    KEY.encode().hex(),
    quote(KEY, safe=""),
    KEY[::-1],
]


@pytest.fixture
def protected():
    with protecting([KEY]):
        yield


def test_nothing_is_protected_unless_said():
    text = f"a {KEY}"
    assert clean(text) is text
    with protecting([KEY]):
        assert clean(text) == "a [redacted]"
        with protecting(["another value"]):
            assert clean(text) is text
        assert clean(text) == "a [redacted]"
    assert clean(text) is text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "sanitiser",
    [
        terminal.plain,
        workflow.log,
        sarif.message,
        lambda text: workflow.command("error", text, title=text),
        markdown.inline,
        markdown.cell,
        markdown.code,
        markdown.fence,
        markdown.prose,
        markdown.suggestion,
        markdown.hidden_comment,
    ],
)
def test_every_sanitiser_cleans(protected, sanitiser, form):
    assert "redacted" in sanitiser(f"x {form} y")
    assert form not in sanitiser(f"x {form} y").replace("%2F", "/")


def test_a_message_is_cleaned_before_it_is_cut(protected):
    told = workflow.command("error", "x" * (workflow.MESSAGE_LIMIT - 10) + KEY)
    assert "sk-ant" not in told


def test_a_tree_is_cleaned_with_its_keys(protected):
    body = {"body": f"a {KEY}", "comments": [{"line": 1, "body": KEY[::-1], "ok": None}], f"k{KEY}": (True, 1.5)}
    assert clean_tree(body) == {
        "body": "a [redacted]",
        "comments": [{"line": 1, "body": "[redacted]", "ok": None}],
        "k[redacted]": [True, 1.5],
    }
    assert json.dumps(body) != json.dumps(clean_tree(body))


def test_a_cleaned_json_text_stays_json(protected):
    for text in ("\n" + KEY, "\\" + KEY, '"' + KEY + '"\t', KEY + "\u2028"):
        assert "[redacted]" in json.loads(clean(json.dumps({"a": text, "b": 1})))["a"]


def test_masks_are_whole_lines_and_escaped():
    assert list(workflow.masks(["100%sure\rly", "first line\nab\nfirst line\n"], 8)) == [
        "::add-mask::100%25sure",
        "::add-mask::first line",
    ]


def test_threads_may_clean_while_another_protects(protected):
    seen = set()

    def look():
        for _ in range(300):
            seen.add(clean(KEY))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        outgoing.protect([KEY, "another value"])
    for thread in threads:
        thread.join()
    assert seen == {"[redacted]"}


@pytest.mark.parametrize(("size", "seconds"), [(1_000_000, 0.2), (5_000, 0.002)])
def test_it_is_quick(size, seconds):
    """A fourth of what a slow machine may take: 1 MB in under 50 ms, 5 kB in under 0.5 ms."""
    text = ("def total(rows):\n    return sum(row.amount for row in rows)  # sk-ant\n" * (size // 70 + 1))[:size]
    with protecting([KEY, "ghs_" + "a1B2" * 9, "postgres-p4ssword", "another secret value"]):
        spent = []
        for _ in range(5):
            begun = time.process_time()
            clean(text)
            spent.append(time.process_time() - begun)
    assert min(spent) < seconds

"""Each way out cleans by itself, also what no sanitiser has seen; and the streams do so across chunks."""

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console
from rich.live import Live
from rich.text import Text

from reviewer.core.report import Report
from reviewer.core.request import Answered, Call, Request
from reviewer.forge.client import Client
from reviewer.guard.outgoing import protecting
from reviewer.model.batch_body import encode_item
from reviewer.model.wire import to_params, to_reply
from reviewer.publish.files import write_whole
from reviewer.publish.outputs import write_outputs
from reviewer.publish.provenance import write_provenance
from reviewer.publish.streams import CleanStream
from reviewer.publish.summary import write_job_summary
from tests.model.lanes import ask
from tests.model.redirecting import serving

KEY = "sk-ant-ways-0123456789abcdef"


@pytest.fixture(autouse=True)
def _protected() -> Iterator[None]:
    with protecting([KEY]):
        yield


def test_report_files(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", f"a {KEY[::-1]}\n")
    assert (tmp_path / "a").read_text() == "a [redacted]\n"


def test_the_job_summary(tmp_path: Path) -> None:
    write_job_summary(f"a {KEY}\n", tmp_path / "a")
    assert (tmp_path / "a").read_text() == "a [redacted]\n"


def test_the_steps_outputs(tmp_path: Path, make_report: Callable[[], Report]) -> None:
    write_outputs(tmp_path / "a", make_report(), Path(f"folder/{KEY}.json"))
    assert "\nfolder/[redacted].json\n" in (tmp_path / "a").read_text()
    assert KEY not in (tmp_path / "a").read_text()


@pytest.mark.parametrize("count", [1, 500, 1201])
def test_provenance(tmp_path: Path, count: int) -> None:
    records = ({"n": number, "title": KEY.encode().hex()} for number in range(count))
    assert write_provenance(tmp_path / "a", records) == count
    rows = [json.loads(line) for line in (tmp_path / "a").read_text().splitlines()]
    assert rows == [{"n": number, "title": "[redacted]"} for number in range(count)]


def test_requests_to_github() -> None:
    with serving(lambda asked: (200, {}, b'{"data": {}}')) as api:
        client = Client("token", "o/r", api_url=api.url, write_gap=0.0)
        client.send("POST", "/issues", "Posting", {"body": f"a {KEY}", "labels": [KEY]}, idempotent=False)
        client.mutate("mutation", {"body": KEY}, "Posting")
    assert json.loads(api.asked[0].body) == {"body": "a [redacted]", "labels": ["[redacted]"]}
    assert json.loads(api.asked[1].body)["variables"] == {"body": "[redacted]"}


def test_requests_to_the_model_and_its_answers() -> None:
    request: Request = ask(text=f"a {KEY}")
    assert KEY not in json.dumps(to_params(request))
    assert KEY.encode() not in encode_item("id", to_params(request))
    message = {"content": [{"type": "text", "text": f"a {KEY}"}], "stop_reason": "end_turn"}
    reply = to_reply(message, Call("m", "sync"))
    assert isinstance(reply, Answered)
    assert reply.text == "a [redacted]"


@pytest.fixture
def stream() -> CleanStream:
    return CleanStream(io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True))


def written(stream: CleanStream) -> str:
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_a_secret_in_pieces_is_found(stream: CleanStream, size: int) -> None:
    text = f"first\nthe {KEY} and {KEY[:9]}\n  {KEY[9:]}\nlast"
    text = text.replace("\n  ", " ")
    for start in range(0, len(text), size):
        assert stream.write(text[start : start + size]) == len(text[start : start + size])
    stream.flush()
    assert written(stream) == "first\nthe [redacted] and [redacted]\nlast"


def test_whole_lines_do_not_wait(stream: CleanStream) -> None:
    stream.write("one\ntwo")
    assert written(stream) == "one\n"
    stream.flush()
    assert written(stream) == "one\ntwo"
    stream.write(" three\n")
    assert written(stream) == "one\ntwo three\n"


def test_lines_of_one_write_are_looked_through_together(stream: CleanStream) -> None:
    stream.write(f"wrapped {KEY[:9]}\n        {KEY[9:]} here\n")
    assert written(stream) == "wrapped [redacted]\n here\n"


def test_the_end_writes_what_waits() -> None:
    buffer = io.BytesIO()
    buffer.close = lambda: None  # type: ignore[method-assign]
    stream = CleanStream(io.TextIOWrapper(buffer, encoding="utf-8"))
    stream.write(f"no line end {KEY}")
    stream.close()
    assert buffer.getvalue() == b"no line end [redacted]"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_console_without_the_character_shows_its_number(encoding: str) -> None:
    stream = CleanStream(io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    stream.write("2 findings \u2192 \u6f22\n")
    stream.flush()
    assert stream.buffer.getvalue() == b"2 findings \\u2192 \\u6f22\n"  # type: ignore[attr-defined]


def test_threads_lose_nothing(stream: CleanStream) -> None:
    threads = [
        threading.Thread(target=lambda n=n: [print(f"{n} {KEY}", file=stream) for _ in range(200)]) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stream.flush()
    assert written(stream).count("[redacted]") == 800
    assert KEY not in written(stream)


def read_until(terminal: int, word: str) -> str:
    """What came, which was all written by now, up to this word."""
    shown = ""
    while word not in shown:
        shown += os.read(terminal, 4096).decode()
    return shown


def test_live_progress_is_shown_as_it_comes() -> None:
    reading, writing = os.openpty()
    with open(writing, "w", encoding="utf-8") as terminal:  # noqa: PTH123
        stream = CleanStream(terminal)  # type: ignore[arg-type]
        console = Console(file=stream, width=60, color_system=None)
        assert (console.is_terminal, stream.fileno(), stream.encoding) == (True, writing, "utf-8")
        with Live(console=console, auto_refresh=False) as live:
            live.update(Text("1 of 2"), refresh=True)
            assert "1 of 2" in read_until(reading, "of 2")
            live.update(Text(f"2 of 2 {KEY}"), refresh=True)
            shown = read_until(reading, "2 of 2 ")
        assert ("2 of 2 [redacted]" in shown, KEY in shown) == (True, False)
        stream.detach()
    os.close(reading)


@pytest.mark.parametrize("closed", [[], ["stdout"], ["stdout", "stderr"]])
def test_a_process_without_streams_runs(closed: list[str]) -> None:
    code = "import sys\nfor name in sys.argv[1:]: setattr(sys, name, None)\n"
    code += "from reviewer.publish.streams import clean_streams\nclean_streams()\nprint('fine', end='')"
    done = subprocess.run([sys.executable, "-X", "dev", "-c", code, *closed], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "" if closed else "fine", "")

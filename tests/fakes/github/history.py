"""Real local git repositories for pull requests, written in one go."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

Content = str | bytes | tuple[str, str | bytes] | None


def git_history(
    directory: Path, *versions: Mapping[str, Content], branch: str = "main", onto: str | None = None
) -> list[str]:
    """Commit one version after the other and return the commits' shas.

    A version names the paths it changes: their content, `(mode, content)` for other than plain files, None to
    remove them. `onto` is the commit to begin from; the same directory can be written to again.
    """
    env = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*arguments: str, stdin: bytes | None = None) -> bytes:
        done = subprocess.run(["git", "-C", str(directory), *arguments], input=stdin, env=env, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    directory.mkdir(parents=True, exist_ok=True)
    if not (directory / ".git").exists():
        git("init", "-q", "-b", "main")
    stream, head = b"", onto
    for number, version in enumerate(versions):
        stream += _commit(version, branch, number, head)
        head = None
    git("fast-import", "--quiet", "--force", stdin=stream)
    return git("rev-list", "--reverse", f"--max-count={len(versions)}", f"refs/heads/{branch}").decode().split()


def _commit(version: Mapping[str, Content], branch: str, number: int, onto: str | None) -> bytes:
    message = f"Version {number + 1} of {branch}"
    lines = [
        f"commit refs/heads/{branch}",
        f"committer Mona <mona@example.org> {1_780_000_000 + 60 * number} +0000",
        f"data {len(message)}\n{message}",
        *([f"from {onto}"] if onto else []),
    ]
    text = "".join(f"{line}\n" for line in lines).encode()
    return text + b"".join(_change(path, content) for path, content in version.items()) + b"\n"


def _change(path: str, content: Content) -> bytes:
    quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if content is None:
        return f"D {quoted}\n".encode()
    mode, body = content if isinstance(content, tuple) else ("100644", content)
    data = body.encode() if isinstance(body, str) else body
    return f"M {mode} inline {quoted}\ndata {len(data)}\n".encode() + data + b"\n"

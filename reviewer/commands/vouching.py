"""A fork's own run has no key, and its check is the one that counts: a maintainer's run hands its verdict over.

The maintainer's run has both the key and the right to write. It says the verdict in a commit status on the head, with
the digest of the sealed state that its summary comment holds. The pull request's own run, started again, finds both,
compares them, and ends with the same verdict. A fork can write neither: its token is read-only.
"""

from dataclasses import replace

from reviewer.commands.reviewing import Reviewed
from reviewer.commands.session import PullSession
from reviewer.core.carry import imprint, unseal
from reviewer.core.conversation import parse_summary
from reviewer.core.publication import Publication
from reviewer.core.verdict import State
from reviewer.errors import ForgeError
from reviewer.forge.access import Access
from reviewer.forge.statuses import CONTEXT
from reviewer.forge.statuses import State as Told
from reviewer.publish.wording import headline

_ON_THE_HEAD = ("pull_request", "pull_request_target", "merge_group")
_TOLD: dict[State, Told] = {"pass": "success", "findings": "failure", "incomplete": "error"}
_NEXT = (
    f"The status `{CONTEXT}` on the pull request's head holds this verdict. Its own check is red until its job is run "
    "again (Re-run failed jobs): that run takes the verdict over and asks nothing."
)


def vouch(session: PullSession, reviewed: Reviewed) -> tuple[Reviewed, list[Publication]]:
    """Hand the verdict to the pull request's own check, where this run's is none of its checks."""
    if not _is_apart(session):
        return reviewed, []
    report = reviewed.report
    head, server = report.changes.head_sha, Access.of(session.env).web_url
    run_id = session.env.get("GITHUB_RUN_ID", "")
    url = f"{server}/{session.hub.repository}/actions/runs/{run_id}" if run_id else ""
    try:
        sealed = _sealed(session, head)
    except ForgeError as error:
        return reviewed, [Publication("status", "failed", str(error))]
    done = session.hub.post_status(head, _TOLD[report.verdict.state], headline(report), sealed, url)
    if sealed and done.outcome in ("posted", "unchanged"):
        reviewed = replace(reviewed, report=replace(report, notes=(*report.notes, _NEXT)))
    return reviewed, [done]


def _is_apart(session: PullSession) -> bool:
    """Whether the pull request's own run goes without secrets and this one, in Actions, is another."""
    env = session.env
    without = session.pull.fork or session.pull.author == "dependabot[bot]"
    return without and env.get("GITHUB_ACTIONS") == "true" and env.get("GITHUB_EVENT_NAME") not in _ON_THE_HEAD


def _sealed(session: PullSession, head: str) -> str:
    """The imprint of what the summary comment holds, read back, since that is what the other run will find."""
    mark = parse_summary(session.hub.summary(session.pull.number) or "")
    if mark is None or mark.head_sha != head or unseal(mark.state, head, session.secret) is None:
        return ""
    return imprint(mark.state, head)

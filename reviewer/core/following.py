"""Which finding a thread tells, where lines are equal: the forge knows to which of them it has moved the thread.

A fingerprint tells equal lines apart by counting those above. A push that adds or removes one of them would make each
finding below it another's, and post anew what stands there. The forge moves a thread with its line, so the finding at
that place keeps the thread's fingerprint.
"""

from collections.abc import Sequence
from dataclasses import replace

from reviewer.core.change import ChangeSet
from reviewer.core.finding import Finding
from reviewer.core.merge import fingerprints_of_equals
from reviewer.core.publication import Thread


def follow(findings: Sequence[Finding], threads: Sequence[Thread], changes: ChangeSet) -> tuple[Finding, ...]:
    """The findings, those on equal lines under the fingerprints of the threads that stand at their places now.

    Fingerprints are exchanged, never given twice. Of several threads at one place an open one has the last word.
    """
    names = [finding.fingerprint for finding in findings]
    for thread in sorted(threads, key=lambda thread: not thread.closed):
        place = next((index for index, finding in enumerate(findings) if _tells(thread, finding, changes)), None)
        if place is not None:
            swapped = {names[place]: thread.fingerprint, thread.fingerprint: names[place]}
            names = [swapped.get(name, name) for name in names]
    return tuple(replace(finding, fingerprint=name) for finding, name in zip(findings, names, strict=True))


def _tells(thread: Thread, finding: Finding, changes: ChangeSet) -> bool:
    """Whether the thread stands where the finding is, and was made for a finding of the same line's words."""
    anchor = finding.anchor
    if thread.line is None or (thread.path, thread.line) != (anchor.path, anchor.end_line) or not finding.counts:
        return False
    return thread.fingerprint in fingerprints_of_equals(finding, changes.file(anchor.path))

"""The nightly audit: submission of rounds as batches, their collection, and recovery from whatever happens between.

For whoever drives it, within `AuditState.exclusive()`:

    submit_round(state, api, clock, audit, round="files")   what waits goes out in batches; never twice
    collect_batches(state, api, clock, audit, judge)        what has ended comes in; what failed waits again
    arrival(pending, reply, judge, ...)                     one reply of the synchronous lane (the sample), to be kept
    recover(state, api, clock, audit, judge)                after `requests.plan` on an empty state: find it all again
    next_look(state, audit, now, chance)                    how long to wait before collecting again
"""

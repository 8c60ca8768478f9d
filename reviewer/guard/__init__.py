"""Guard: what a pull request contains is data, and reaches each medium only through that medium's sanitiser.

hidden     text that a reader does not see            injection  text that addresses the reviewer
untrusted  marked blocks for the model                secrets    secrets found, masked, removed
markdown   comments, reviews, job summaries           workflow   Actions commands, logs and outputs
terminal   consoles                                   html       reports (escaping is jinja2's)
sarif      messages in code scanning
redaction  known values in all their forms            environment  which variables hold secrets
outgoing   the process's own secrets, removed by every sanitiser and on every way out

Pure functions on str: no I/O, no clock, no environment. `outgoing` alone has a state.
"""

"""The subcommands: what they do, a file for each (`audit` has four), and what several of them share.

`app`, `audit_app` and `flags` read the command line. `reviewing` is shared by `diff` and `pr`; of `pr`, `session` holds
what each step needs, `conversing` posts, `carrying` keeps verdicts that still hold, `vouching` hands them to forks.
"""

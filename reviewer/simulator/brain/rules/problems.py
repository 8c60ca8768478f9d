"""Problems that both a tool and an own rule can find: one object each, so that the two agree in their words."""

from .kinds import Problem

MUTABLE_DEFAULT = Problem(
    "mutable-default", "medium", "correctness", "Mutable default argument is shared between calls",
    "The default is created once, when the function is defined, so what one call puts into it is still there in the "
    "next. Use None as the default and create the object inside the function.",
)  # fmt: skip
EVAL = Problem(
    "eval", "high", "security", "Text is executed as code",
    "Whoever controls the text runs code with this process's rights. Parse the input instead, or look the operation "
    "up in a table of allowed ones.",
)  # fmt: skip
SHELL_TRUE = Problem(
    "shell-true", "high", "security", "Command is run through a shell",
    "Any shell character in a value that reaches the command line is interpreted, so a crafted value runs other "
    "commands. Pass the arguments as a list without a shell.",
)  # fmt: skip
YAML_LOAD = Problem(
    "yaml-load", "high", "security", "YAML is loaded with a loader that can build any object",
    "A crafted document runs code while it is being read. Use `yaml.safe_load`.",
)  # fmt: skip
TLS_OFF = Problem(
    "tls-verification-off", "high", "security", "TLS certificates are not verified",
    "Anyone on the path can impersonate the server, read the traffic and change it. Leave verification on and add the "
    "private certificate authority where one is needed.",
)  # fmt: skip
IS_LITERAL = Problem(
    "is-literal", "medium", "correctness", "Identity comparison with a literal",
    "`is` asks whether both are the same object, which for strings and numbers depends on the interpreter's caching, "
    "so the branch is taken or not by accident. Compare with `==`.",
)  # fmt: skip
SWALLOWED = Problem(
    "swallowed-exception", "medium", "correctness", "Every error is swallowed without a trace",
    "The handler catches anything, bugs included, and goes on as if the operation had succeeded. Catch the errors that "
    "are expected here, and log or re-raise the rest.",
)  # fmt: skip
BARE_EXCEPT = Problem(
    "bare-except", "medium", "correctness", "Bare except also catches interrupts and exits",
    "`except:` catches KeyboardInterrupt and SystemExit too, so the process cannot be stopped here and bugs look like "
    "expected failures. Name the exceptions that are expected.",
)  # fmt: skip
SQL_INJECTION = Problem(
    "sql-injection", "high", "security", "SQL is built from values by string formatting",
    "A value that contains SQL changes the statement: data can be read or destroyed that the caller has no right to. "
    "Bind values as parameters, and take identifiers from a fixed list of allowed names.",
)  # fmt: skip
DEBUGGER = Problem(
    "debugger-leftover", "high", "correctness", "Debugger statement left in the code",
    "The process stops here and waits for a developer who is not there; a request or job hangs. Remove the line.",
)  # fmt: skip
SECRET = Problem(
    "hardcoded-secret", "high", "security", "Credential in the source",
    "Everyone who can read the repository, its history or a build of it has this credential. Revoke it, and read the "
    "new one from the environment or a secret store.", "medium",
)  # fmt: skip
BLOCKING_ASYNC = Problem(
    "blocking-in-async", "high", "concurrency", "Blocking call in an async function",
    "The whole event loop stands still until the call returns, and with it every other request this process serves. "
    "Use the asynchronous counterpart or hand the call to a thread.",
)  # fmt: skip
DANGLING_TASK = Problem(
    "dangling-task", "medium", "concurrency", "Task is started but nothing holds on to it",
    "The event loop keeps only a weak reference, so the task can be collected before it has finished, and its "
    "exception is never seen. Keep the task, or use a task group.",
)  # fmt: skip
LOOP_CLOSURE = Problem(
    "loop-closure", "high", "correctness", "Function made in a loop sees only the last value",
    "The loop variable is looked up when the function is called, not when it is made, so all of them work with the "
    "last item. Bind it as a default argument or with functools.partial.",
)  # fmt: skip
NO_TIMEOUT = Problem(
    "no-timeout", "medium", "correctness", "Request without a timeout",
    "The library waits without limit by default: one server that accepts the connection and never answers blocks this "
    "worker for good. Pass a timeout.",
)  # fmt: skip

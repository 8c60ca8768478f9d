import pytest

from reviewer.simulator.brain import tools

from .brain_prompts import review, titles

KEY = "AKIA" + "QWERTYUIOPASDFGH"
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"

HITS = [
    ("a.py", f'KEY = "{KEY}"\n', "An AWS access key in the source"),
    ("a.env", f"TOKEN={TOKEN}\n", "A GitHub token in the source"),
    ("a.pem", "-----BEGIN RSA " + "PRIVATE KEY-----\n", "A private key in the source"),
    ("a.ts", 'const dbPassword = "k3J9-vq2Lx7!";\n', "A credential in the source"),
    ("a.yaml", "url: postgres://shop:" + "hunter22x@db.internal/shop\n", "A password inside a URL in the source"),
    ("a.md", "<<<<<<< HEAD\n", "Merge conflict marker left in the file"),
    ("a.js", "  debugger;\n", "Debugger statement left in the code"),
    ("a.test.ts", "it.only('adds', () => {})\n", "Only this test runs"),
    ("a.py", "def f():\n    breakpoint()\n", "Debugger statement left in the code"),
    ("a.py", "def add(x, to=[]):\n    to.append(x)\n", "Mutable default argument is shared between calls"),
    ("a.py", "def f(text):\n    return eval(text)\n", "Text is executed as code"),
    ("a.py", "import subprocess\nsubprocess.run(f'ls {x}', shell=True)\n", "Command is run through a shell"),
    ("a.py", "import yaml\nx = yaml.load('a: 1')\n", "YAML is loaded with a loader that can build any object"),
    ("a.py", "import requests\nrequests.get('u', verify=False, timeout=1)\n", "TLS certificates are not verified"),
    ("a.py", "def f(x):\n    return x is 'done'\n", "Identity comparison with a literal"),
    ("a.py", "try:\n    f = 1\nexcept Exception:\n    pass\n", "Every error is swallowed without a trace"),
    ("a.py", "try:\n    f = 1\nexcept:\n    print(1)\n", "Bare except also catches interrupts and exits"),
    ("a.py", "x = 'SELECT a FROM t WHERE n = %s' % n\n", "SQL is built from values by string formatting"),
    ("a.py", "for i in range(len(xs) + 1):\n    print(xs[i])\n", "Index runs past the end"),
    ("a.py", "async def f(): ...\nasync def g():\n    f()\n", "Coroutine is never awaited"),
    ("a.py", "for k in d:\n    if not k:\n        del d[k]\n", "Collection is changed while it is iterated over"),
    ("a.py", "import hmac\ndef f(a, token):\n    return token == a\n", "Secret value is compared with =="),
    ("a.py", "def f(x):\n    return int(float(x) * 100)\n", "int() cuts off what the float is short of"),
    ("a.js", "for (let i = 0; i <= xs.length; i++) {}\n", "Loop runs one past the last index"),
    ("a.js", "if (names.indexOf(n) > 0) f()\n", "indexOf misses the first position"),
    ("a.js", "if (state = 'done') f()\n", "Assignment where a comparison is meant"),
    ("a.js", "if (x === NaN) f()\n", "Comparison with NaN is never true"),
    ("a.ts", "prices.sort()\n", "Numbers are sorted as text"),
    ("a.ts", "try { f() } catch (e) {}\n", "Every error is swallowed without a trace"),
    ("a.ts", "box.innerHTML = message\n", "Value becomes markup of the page"),
    ("a.ts", "const token = Math.random().toString(36)\n", "Secret made with Math.random()"),
    ("a.ts", "db.query(`SELECT * FROM t WHERE id = ${id}`)\n", "SQL is built from values by string formatting"),
    ("a.go", "\tif err == nil {\n\t\treturn err\n\t}\n", "Error check is the wrong way round"),
    ("a.go", "\tn, _ := strconv.Atoi(s)\n", "Error is thrown away"),
    ("a.go", "tls.Config{InsecureSkipVerify: true}\n", "TLS certificates are not verified"),
    ("a.sql", "UPDATE users\nSET active = false;\n", "Statement changes every row of the table"),
    ("a.sql", "SELECT 1 FROM t WHERE a = NULL;\n", "Comparison with NULL is never true"),
    ("a.sql", "CREATE TABLE t (price float);\n", "Amount is stored as a floating-point number"),
    ("Dockerfile", "FROM python:latest\n", "Image version floats"),
    ("Dockerfile", "ENV API_KEY=abc\n", "Secret becomes part of the image"),
    ("a.yaml", "  privileged: true\n", "Container has all rights of the host"),
    ("a.yml", "  - run: echo ${{ github.event.issue.title }}\n", "Text of a stranger becomes part of a script"),
    ("a.sh", "#!/bin/sh\nrm -rf \"$1/\"*\n", "rm reaches / when the variable is empty"),
    ("a.sh", "#!/bin/sh\nfor a in $@; do echo \"$a\"; done\n", "Arguments with spaces are split"),
    ("a.py", "def f():\n    return undefined_thing\n", "Undefined name"),
    ("a.py", "def f(:\n    pass\n", "Syntax error"),
]  # fmt: skip

MISSES = [
    ("a.py", 'KEY = "AKIA' + 'IOSFODNN7EXAMPLE"\n'),
    ("a.py", 'import os\npassword = os.environ["PASSWORD"]\n'),
    ("a.yaml", 'password: "${DB_PASSWORD}"\n'),
    ("a.md", "Heading\n=======\n"),
    ("a.js", "// debugger;\n"),
    ("a.py", "def add(x, to=None):\n    return [*(to or []), x]\n"),
    ("a.py", "import yaml\nx = yaml.load('a', Loader=yaml.SafeLoader)\n"),
    ("a.py", "def f(x):\n    return x is None\n"),
    ("a.py", "def f(c, n):\n    c.execute('SELECT a FROM t WHERE n = %s', (n,))\n"),
    ("a.py", "def f(xs):\n    for i in range(len(xs) - 1):\n        print(xs[i + 1])\n"),
    ("a.py", "def f(xs):\n    for i in range(len(xs)):\n        if i + 1 < len(xs):\n            print(xs[i + 1])\n"),
    ("a.py", "async def f(): ...\nasync def g():\n    await f()\n"),
    ("a.py", "def f(d):\n    for k in list(d):\n        del d[k]\n"),
    ("a.py", "def f(d):\n    for k in d:\n        if not k:\n            del d[k]\n            break\n"),
    ("a.py", "def f(token):\n    return token == 'EOF'\n"),
    ("a.js", "for (const x of xs) { if (names.indexOf(x) >= 0) f(x) }\n"),
    ("a.js", "if (state == 'done' || a <= b) f(x => x)\n"),
    ("a.ts", "prices.sort((a, b) => a - b)\n"),
    ("a.ts", "box.innerHTML = ''\n"),
    ("a.ts", "if (box.innerHTML === other) f()\n"),
    ("a.go", "\tif err != nil {\n\t\treturn err\n\t}\n"),
    ("a.sql", "UPDATE users SET active = false\nWHERE id = 3;\n"),
    ("a.sql", "UPDATE t SET note = NULL WHERE id = 1; -- DELETE FROM t\n"),
    ("a.sql", "ALTER TABLE t ADD COLUMN n int NOT NULL DEFAULT 0, ADD COLUMN m int;\n"),
    ("Dockerfile", "FROM python:3.13-slim\nUSER nobody\n"),
    ("a.yml", "  - env:\n      TITLE: ${{ github.event.issue.title }}\n"),
    ("a.sh", '#!/bin/sh\nset -e\ncd "$1"\nrm -rf "${2:?}/"\n'),
    ("a.txt", "eval(this) is only prose, curl x | sh too\n"),
]


@pytest.mark.parametrize(("path", "text", "title"), HITS, ids=[f"{path}: {title}" for path, _, title in HITS])
def test_problem_is_found_on_added_lines(path, text, title):
    assert title in titles(review(path, text))


@pytest.mark.parametrize(("path", "text"), MISSES, ids=[text[:40].strip() for _, text in MISSES])
def test_sound_code_is_left_alone(path, text):
    assert review(path, text) == []


@pytest.mark.parametrize(("path", "text", "title"), HITS, ids=[f"{path}: {title}" for path, _, title in HITS])
def test_problem_on_an_unchanged_line_is_not_blamed_on_the_change(path, text, title):
    new = text + "\n\n\n"
    assert title not in titles(review(path, new, text)) or title == "Undefined name"


def test_finding_follows_the_contract():
    old = "import os\n\n\ndef f(x):\n    return x\n"
    new = "import os\n\n\ndef f(x):\n    return x is 'done'\n"
    (finding,) = review("pkg/a.py", new, old)
    assert finding == {
        "path": "pkg/a.py",
        "start_line": 5,
        "end_line": 5,
        "quote": "    return x is 'done'",
        "severity": "medium",
        "confidence": "high",
        "category": "correctness",
        "title": "Identity comparison with a literal",
        "explanation": "`is` asks whether both are the same object, which for strings and numbers depends on the "
        "interpreter's caching, so the branch is taken or not by accident. Compare with `==`.",
        "suggestion": "    return x == 'done'",
    }


def test_secret_is_repeated_nowhere_but_in_the_quote():
    (finding,) = review("a.py", f'KEY = "{KEY}"\n')
    assert [name for name, value in finding.items() if KEY in str(value)] == ["quote"]


def test_removed_import_is_blamed_for_the_name_it_leaves_undefined():
    (finding,) = review("a.py", "print(os.name)\n", "import os\nprint(os.name)\n")
    assert (finding["start_line"], finding["title"]) == (1, "Undefined name")


HUNK = """class A:
    def f(self):
        value = compute(
            1,
            2,
        )
        for i in range(len(value)):
            print(value[i + 1])

    def g(self, order):
        return self.db.execute(f"SELECT a FROM t ORDER BY {order}")

    def h(
        self,
    ):
        return 1
"""


@pytest.mark.parametrize("context", [0, 1, 2, 3])
def test_hunks_are_checked_although_they_are_no_whole_program(context):
    old = HUNK.replace("i + 1", "i").replace('f"SELECT a FROM t ORDER BY {order}"', '"SELECT a FROM t"')
    found = review("a.py", HUNK, old, context=context)
    assert "SQL is built from values by string formatting" in titles(found)
    assert "Undefined name" not in titles(found)


NEED_RUFF = {"Undefined name", "Syntax error"}


@pytest.mark.parametrize(
    ("path", "text", "title"), [case for case in HITS if case[0] == "a.py" and case[2] not in NEED_RUFF]
)
def test_own_rules_stand_in_for_ruff(path, text, title, no_tools):
    assert title in titles(review(path, text))


@pytest.fixture
def no_tools(monkeypatch):
    monkeypatch.setattr(tools, "located", lambda tool: None)

"""One target under atheris: `python -m tests.fuzz.one TARGET CORPUS`, with libFuzzer's own options behind it."""

import sys

try:
    import atheris
except ImportError:
    sys.exit("atheris is not installed. It comes with `make fuzz`, and needs Linux.")

with atheris.instrument_imports(include=["reviewer"]):
    from tests.fuzz.targets import TARGETS


if __name__ == "__main__":
    run = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, run)
    atheris.Fuzz()

"""`python -m benchmarks [NAME ...]`: all of them, or those named."""

import sys

from benchmarks import rerun, robustness, scale, speed, startup

_ALL = {"startup": startup, "speed": speed, "robustness": robustness, "rerun": rerun, "scale": scale}

for name in sys.argv[1:] or _ALL:
    _ALL[name].main()

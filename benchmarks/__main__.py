"""`python -m benchmarks [NAME ...]`: all of them, or those named."""

import sys

from benchmarks import costs, rerun, robustness, scale, speed, startup

_ALL = {"startup": startup, "speed": speed, "robustness": robustness, "rerun": rerun, "scale": scale, "costs": costs}

for name in sys.argv[1:] or _ALL:
    _ALL[name].main()

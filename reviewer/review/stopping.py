"""A review that is told to stop, by SIGINT or SIGTERM: it is cancelled once, and then left alone to say what it has."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def finish_undisturbed() -> None:
    """The run is about to end: a further signal must not cost what it still has to write."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def stoppable() -> Iterator[None]:
    """Inside, the first signal cancels the current task, and those that follow do nothing."""
    task = asyncio.current_task()
    if task is None or threading.current_thread() is not threading.main_thread():
        yield  # signals come to the main thread
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True
        for number in SIGNALS:
            loop.remove_signal_handler(number)
        finish_undisturbed()
        task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        if not stopped:
            for number, handler in before.items():
                loop.remove_signal_handler(number)
                signal.signal(number, handler)

"""Makes `time.sleep` work under libfaketime; Python imports this module at its start.

Python 3.11 and later sleep until a time of the monotonic clock (`clock_nanosleep`), from which libfaketime subtracts the offset
of the other clock: a sleep fails or never ends.
"""

import select
import time


def _sleep(seconds: float) -> None:
    select.select((), (), (), seconds)


time.sleep = _sleep

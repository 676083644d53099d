"""How much memory a call takes."""

import gc
import tracemalloc
from collections.abc import Callable


def peak_memory(call: Callable[[], object]) -> int:
    """The most bytes of Python's that a call holds at a time.

    The least of three times: the first may import what it needs, and other threads allocate too.
    """

    def once() -> int:
        gc.collect()
        tracemalloc.start()
        try:
            call()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return min(once() for _ in range(3))

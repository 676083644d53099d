"""Returns freed memory to the system, and keeps memory from being written to disk."""

from __future__ import annotations

import ctypes
import gc
import resource

# From glibc's malloc.h.
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8


KEPT_BYTES = 2**26
"""What may lie free at the end of a heap."""


def return_freed_memory(large_bytes: int = 2**23) -> None:
    """Let glibc return every freed block above ``large_bytes`` at once.

    By itself it keeps what each thread has freed, up to 32 MiB a block: after large photos in
    many threads that is more than a gigabyte a process. Smaller blocks stay until the next
    ``trim_heap``: the next comparison would only fault them in again.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # other C libraries have none and need none
        mallopt(M_MMAP_THRESHOLD, large_bytes)
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(M_ARENA_MAX, 2)


def trim_heap() -> None:
    """Return what lies free between blocks in use; takes about a millisecond."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)


def settle() -> None:
    """Give back what loading has left, and keep the rest where it is: workers then share it."""
    gc.collect()
    trim_heap()
    gc.freeze()


def dump_no_core() -> None:
    """Let a crash write no image of the memory, which holds photos and the key.

    A limit of one byte, unlike zero, also holds where the system pipes images into a program
    (Linux, fs/coredump.c).
    """
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    limit = 0 if most == 0 else 1
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))

import ctypes

import psutil
import pytest

from reference_server.process.memory import trim_heap

LIBC = ctypes.CDLL(None)
BLOCK = 50_000


@pytest.mark.skipif(not hasattr(LIBC, "malloc_trim"), reason="no glibc")
def test_what_lies_free_between_blocks_is_given_back() -> None:
    LIBC.malloc.restype = ctypes.c_void_p
    blocks = [LIBC.malloc(BLOCK) for _ in range(2000)]
    for block in blocks:
        ctypes.memset(block, 1, BLOCK)
    full = psutil.Process().memory_info().rss
    for number, block in enumerate(blocks):
        if number % 20:
            LIBC.free(ctypes.c_void_p(block))
    trim_heap()
    trimmed = psutil.Process().memory_info().rss
    for block in blocks[::20]:
        LIBC.free(ctypes.c_void_p(block))
    assert full - trimmed > 0.8 * BLOCK * len(blocks)

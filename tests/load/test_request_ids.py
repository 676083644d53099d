from array import array

from hypothesis import given
from hypothesis import strategies as st

from loadtests.statistics.request_ids import RequestIds

BATCHES = st.lists(st.lists(st.integers(0, 60), max_size=30), max_size=12)


def packed(digests: list[int]) -> bytes:
    return array("Q", digests).tobytes()


@given(BATCHES)
def test_repeats_are_counted_over_all_batches(batches: list[list[int]]) -> None:
    seen = RequestIds()
    repeated = sum(seen.add(packed(batch)) for batch in batches)
    every = [digest for batch in batches for digest in batch]
    assert repeated == len(every) - len(set(every))
    assert len(seen) == len(set(every))


def test_memory_is_bounded() -> None:
    seen = RequestIds(capacity=10)
    seen.add(packed(list(range(100))))
    assert len(seen) == 10
    assert seen.add(packed([0])) == 1

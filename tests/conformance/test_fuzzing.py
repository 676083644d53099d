"""How random requests are drawn; tests/fuzz and the mutants show what they find."""

from pathlib import Path

from hypothesis.configuration import storage_directory
from hypothesis.internal.charmap import intervals_from_codec

from conformance.cases.fuzzing import nothing_left


def test_hypothesis_reads_the_table_of_utf_8_that_is_laid_out_for_it() -> None:
    with nothing_left():
        home = Path(storage_directory().path)
        laid_out = sorted(home.rglob("*.gz"))
        assert len(laid_out) == 1
        encodable, changed = intervals_from_codec.__wrapped__("utf-8")
        assert sorted(home.rglob("*.gz")) == laid_out, "it made a table of its own"
    (before, after) = encodable.intervals
    text = "".join(map(chr, [*range(before[0], before[1] + 1), *range(after[0], after[1] + 1)]))
    assert text.encode().decode() == text
    assert before[0] == 0
    assert after[1] == 0x10FFFF
    surrogates = range(before[1] + 1, after[0])
    assert all(chr(one).encode(errors="replace") == b"?" for one in surrogates)
    assert not changed

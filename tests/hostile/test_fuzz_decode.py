"""What the fuzzer asks of the server, without the fuzzer: instrumenting takes seconds."""

import importlib
import sys
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.hostile import png

HARNESS = "tests.hostile.fuzz_decode"

pytestmark = pytest.mark.filterwarnings("ignore::Warning:PIL")


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    stand_in: Any = SimpleNamespace(
        instrument_imports=lambda include: nullcontext(),
        Mutate=lambda data, most: bytes(data[::-1])[:most],
    )
    monkeypatch.setitem(sys.modules, "atheris", stand_in)
    monkeypatch.delitem(sys.modules, HARNESS, raising=False)
    return importlib.import_module(HARNESS)


def test_seeds_crash_nothing_and_reach_the_engine(harness: ModuleType, tmp_path: Path) -> None:
    harness.plant(tmp_path / "seeds")
    seeds = [file.read_bytes() for file in (tmp_path / "seeds").iterdir()]
    assert len(seeds) > 40
    reached = 0

    def compare(*_: object, **__: object) -> float:
        nonlocal reached
        reached += 1
        return 0.5

    harness.VERIFIER._engine = SimpleNamespace(compare=compare)
    for seed in seeds:
        harness.check(seed)
    assert reached > 30


@pytest.mark.parametrize("entrance", range(4))
def test_what_is_no_refusal_is_a_crash(harness: ModuleType, entrance: int) -> None:
    harness.VERIFIER._parse = lambda *_: 1 // 0
    with pytest.raises(ZeroDivisionError):
        harness.check(bytes([entrance]) + b"anything")


def test_mutated_chunks_keep_their_checksums(harness: ModuleType) -> None:
    chunks = [png.header(32, 32), png.Chunk(b"IDAT", b"abc"), png.Chunk(b"IEND", b"")]
    seed = b"\0" + png.join(chunks)
    mutations = [harness.mutate(seed, 1000, number) for number in range(20)]
    sound = [one for one in mutations if one[1:9] == png.SIGNATURE]
    assert any(one != seed for one in sound)
    assert all(png.join(png.split(one[1:])) == one[1:] for one in sound)

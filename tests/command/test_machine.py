"""What a container leaves its processes, by the files in which Linux says so."""

from pathlib import Path

import pytest

from verikit import machine

MEMORY = "MemTotal:  16777216 kB\nMemAvailable: 8388608 kB\n"
GIB = 2**30
UNBOUNDED = str(2**63 - 4096)


@pytest.fixture
def linux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of eight processors and 16 GiB without any control group."""
    (tmp_path / "meminfo").write_text(MEMORY)
    monkeypatch.setattr(machine, "MEMORY_FILE", tmp_path / "meminfo")
    monkeypatch.setattr(machine, "OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(machine, "CONTROL_GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: set(range(8)))
    return tmp_path


def write(linux: Path, own: str, files: dict[str, str]) -> None:
    (linux / "own").write_text(own)
    for name, text in files.items():
        file = linux / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")


@pytest.mark.parametrize(
    ("own", "files", "processors"),
    [
        ("", {}, 8),
        ("0::/\n", {"cpu.max": "max 100000"}, 8),
        ("0::/\n", {"cpu.max": "150000 100000"}, 1.5),
        ("0::/service\n", {"cpu.max": "max 100000", "service/cpu.max": "50000 100000"}, 0.5),
        ("0::/a/b\n", {"a/cpu.max": "100000 100000", "a/b/cpu.max": "400000 100000"}, 1),
        ("0::/of/the/host\n", {"cpu.max": "200000 100000"}, 2),
        (
            "3:cpu,cpuacct:/x\n0::/\n",
            {"cpu/x/cpu.cfs_quota_us": "300000", "cpu/x/cpu.cfs_period_us": "100000"},
            3,
        ),
        (
            "3:cpu:/\n",
            {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"},
            8,
        ),
        ("0::/\n", {"cpu.max": "1600000 100000"}, 8),
    ],
)
def test_processors(linux: Path, own: str, files: dict[str, str], processors: float) -> None:
    write(linux, own, files)
    assert machine.processors() == processors


@pytest.mark.parametrize(
    ("own", "files", "total", "left"),
    [
        ("", {}, 16 * GIB, 8 * GIB),
        ("0::/\n", {"memory.max": "max", "memory.current": "5"}, 16 * GIB, 8 * GIB),
        ("0::/\n", {"memory.max": str(GIB), "memory.current": str(GIB // 4)}, GIB, GIB * 3 // 4),
        (
            "0::/\n",
            {
                "memory.max": str(GIB),
                "memory.current": str(GIB),
                "memory.stat": f"anon {GIB // 2}\ninactive_file {GIB // 2}",
            },
            GIB,
            GIB // 2,
        ),
        (
            "4:memory:/x\n",
            {
                "memory/memory.limit_in_bytes": UNBOUNDED,
                "memory/memory.usage_in_bytes": "0",
                "memory/x/memory.limit_in_bytes": str(2 * GIB),
                "memory/x/memory.usage_in_bytes": str(GIB),
            },
            2 * GIB,
            GIB,
        ),
        ("0::/\n", {"memory.max": "5", "memory.current": "9"}, 5, 0),
    ],
)
def test_memory(linux: Path, own: str, files: dict[str, str], total: int, left: int) -> None:
    write(linux, own, files)
    assert (machine.memory(), machine.memory_left()) == (total, left)


def test_open_files_are_the_shells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.resource, "getrlimit", lambda _: (256, 4096))
    assert machine.open_files() == 256


@pytest.mark.parametrize(
    ("quota", "most", "workers"),
    [("max", "max", 8), ("250000", "max", 2), ("50000", "max", 1), ("max", str(512 * 2**20), 3)],
)
def test_workers_have_processors_and_memory(
    linux: Path, quota: str, most: str, workers: int
) -> None:
    write(linux, "0::/\n", {"cpu.max": f"{quota} 100000", "memory.max": most})
    assert machine.workers() == workers


def test_no_more_workers_than_the_server_takes(
    linux: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (linux / "meminfo").write_text(f"MemTotal: {2**40} kB\nMemAvailable: 1 kB\n")
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: set(range(512)))
    assert machine.workers() == machine.MOST_WORKERS

"""Everything that asks a server, as one table: how each tool is called, and when it is content."""

import json
from collections.abc import Callable
from pathlib import Path

from verikit.exit_codes import Exit

REPORTS = {
    "html": "check.html",
    "junit": "check.xml",
    "json": "check.jsonl",
    "sarif": "check.sarif",
}
PROFILE = """
about: As short as can be.
stages: [{rate: 20, seconds: 0.4}]
warm_up: 0
photos: [250]
gates: {error_share: 0}
"""
Words = list[str]


def photos(folder: Path) -> Words:
    """Two files; nobody here looks at faces."""
    files = [folder / "one.jpg", folder / "other.jpg"]
    for file in files:
        file.write_bytes(b"a photo")
    return [str(file) for file in files]


def verify(url: str, folder: Path) -> Words:
    return ["verify", *photos(folder), "--url", url]


def check(url: str, folder: Path) -> Words:
    reports = [f"--{kind}={folder / REPORTS[kind]}" for kind in REPORTS]
    return ["check", url, "-k", "ordinary", *reports]


def calibrate(url: str, folder: Path) -> Words:
    for person in ("ann", "bob", "cid"):
        (folder / "people" / person).mkdir(parents=True, exist_ok=True)
        for name in ("1.jpg", "2.jpg"):
            (folder / "people" / person / name).write_text(f"{person}/{name}")
    where = ("--data", str(folder / "people"), "--out", str(folder / "run"), "--no-thumbnails")
    how = ("--budget", "8", "--retries", "1", "--quiet")
    return ["calibrate", url, *where, *how]


def load(url: str, folder: Path) -> Words:
    (folder / "short.yaml").write_text(PROFILE)
    return [
        "load",
        url,
        "--load-profile",
        str(folder / "short.yaml"),
        "--json",
        str(folder / "load.json"),
    ]


def client(url: str, folder: Path) -> Words:
    return ["client", url, *photos(folder)]


def async_client(url: str, folder: Path) -> Words:
    return ["async_client", url, *photos(folder)]


TOOLS: dict[str, Callable[[str, Path], Words]] = {
    tool.__name__: tool for tool in (verify, client, async_client, check, calibrate, load)
}


def is_content(tool: str, code: int, output: str, folder: Path) -> bool:
    """Whether the answers of a server that says 0.9 each time were taken for what they are."""
    if tool == "verify":
        return code == Exit.PASSED and "Match at" in output
    if tool in {"client", "async_client"}:
        return code == Exit.PASSED and "score=0.9" in output
    if tool == "check":
        return code == Exit.PASSED
    if tool == "calibrate":  # too few pairs for a verdict, and none of them lost
        scored = " 0 refused, 0 without a response" in " ".join(output.split())
        return code == Exit.NO_VERDICT and "INCONCLUSIVE" in output and scored
    report = json.loads((folder / "load.json").read_text())
    return code == Exit.PASSED and bool(report)

"""Whether the server's engine has its weights and can compare two photos.

It is tried in a process of its own (``python -m verikit.commands.doctor.engine``, a finding a
line): a library that was built for another processor kills the process that loads it.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

from verikit.commands.doctor.finding import Finding, State
from verikit.commands.doctor.installation import is_whole
from verikit.contract import load_contract

SECONDS = 120
EXTRA = "server"
REINSTALL = f"in verikit's folder, run: pip install --force-reinstall '.[{EXTRA}]'"


def engine() -> Iterator[Finding]:
    """The weights and a comparison, if what the server needs is installed."""
    if not is_whole(EXTRA):
        yield Finding(check="engine", state=State.NOTE, found=f"not checked without {EXTRA}")
        return
    command = [sys.executable, "-m", __name__]
    try:
        ended = subprocess.run(  # noqa: S603 - this very module
            command, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        yield _broken(f"no comparison within {SECONDS} s")
        return
    for line in ended.stdout.splitlines():
        yield Finding(**json.loads(line))
    if ended.returncode:
        yield _broken(_why(ended))


def _why(ended: subprocess.CompletedProcess[str]) -> str:
    if ended.returncode < 0:
        return f"it died of {signal.strsignal(-ended.returncode)}"
    return (ended.stderr.strip().splitlines() or ["it ended without a message"])[-1]


def _broken(found: str) -> Finding:
    return Finding(check="engine", state=State.WRONG, found=found, advice=REINSTALL)


def _try() -> Iterator[Finding]:
    """In the process of its own: load everything and compare."""
    from reference_server.faces.engine import load_engine  # noqa: PLC0415 - the server's extra
    from reference_server.faces.errors import ModelError  # noqa: PLC0415
    from reference_server.faces.weights import LANDMARKS, RECOGNISER  # noqa: PLC0415
    from reference_server.request.photo import read_photo  # noqa: PLC0415
    from verikit.portraits import head, jpeg  # noqa: PLC0415

    contract = load_contract()
    try:
        for file in (RECOGNISER, LANDMARKS):
            file.read()
        yield Finding(check="weights", found=f"complete, in {RECOGNISER.path().parent}")
        loaded = load_engine()
    except ModelError as error:
        yield Finding(check="weights", state=State.WRONG, found=str(error), advice=REINSTALL)
        return
    photo = read_photo(jpeg(head("collins", 160)), contract.photo_standards)
    loaded.compare(photo, photo)
    started = time.perf_counter()
    score = loaded.compare(photo, photo)
    took = f"a portrait scores {score:.3g} against itself, in {time.perf_counter() - started:.2f} s"
    if score > contract.error_rates.recommended_above:
        yield Finding(check="engine", found=took)
    else:
        yield _broken(took)


if __name__ == "__main__":
    for finding in _try():
        print(json.dumps(asdict(finding)), flush=True)

"""Runs tools one after the other, each in a fork of a process that has loaded it already.

Lines of JSON come in (words, environment, folder), and lines of JSON go out: exit code, seconds,
the most memory it had, and where its output is. A script: ``python -m tests.reach.driver``.
"""

import contextlib
import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any


def child(job: dict[str, Any]) -> int:
    from tests.reach.tools import run_client  # noqa: PLC0415 - once the environment is set
    from verikit.cli import main  # noqa: PLC0415

    words = job["words"]
    if words[0] in {"client", "async_client"}:
        return run_client(words)
    try:
        main(words, prog_name="verikit")
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def run(job: dict[str, Any], modules: Path | None) -> dict[str, Any]:
    output = Path(job["folder"]) / "output"
    started = time.monotonic()
    process = os.fork()
    if not process:
        code = 70
        try:
            os.environ.clear()
            os.environ.update(job["environment"])
            with output.open("wb") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
            code = child(job)
            sys.stdout.flush()
            if modules:
                modules.write_text("\n".join(sys.modules))
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    _, status, used = os.wait4(process, 0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": time.monotonic() - started,
        "peak_mib": used.ru_maxrss / 1024,
        "output": str(output),
    }


def main() -> None:
    warm = False
    for line in sys.stdin:
        job = json.loads(line)
        modules = None if warm else Path(job["folder"]) / "modules"
        print(json.dumps(run(job, modules)), flush=True)
        if modules and modules.exists():
            for name in modules.read_text().splitlines():
                with contextlib.suppress(Exception):
                    importlib.import_module(name)
            warm = True


if __name__ == "__main__":
    main()

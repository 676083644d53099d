"""Whether the knee of the stress profile agrees with the throughput that wrk measures.

    python -m benchmarks.clients.knee [URL]

Without a URL a reference server is started. wrk (https://github.com/wg/wrk, Debian package
``wrk``) sends the bodies of the stress profile in turn over eight connections, before and after
the search: its two figures show how much the machine itself varies.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.clients.generator import load
from loadtests.generator.cases import build_cases
from loadtests.profile import load_profile
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets

CONTRACT = load_contract()
CONNECTIONS = 8
SCRIPT = """
local requests = {}
local turn = 0
function init()
  for _, path in ipairs({%(paths)s}) do
    local file = io.open(path, "rb")
    local headers = {["Content-Type"] = "%(media_type)s"}
    table.insert(requests, wrk.format("%(method)s", "%(path)s", headers, file:read("*a")))
    file:close()
  end
end
function request()
  turn = turn %% #requests + 1
  return requests[turn]
end
"""


@contextmanager
def reference_server() -> Iterator[str]:
    """Serve from another process; the URL."""
    command = [sys.executable, "-m", "verikit", "serve", "--port", "0", "--log-level", "error"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        output = iter(server.stdout or ())
        ready = next(line for line in output if line.startswith("Ready"))
        yield "".join(re.findall(r"http://[\d.:]+", ready))
        server.terminate()


def wrk(url: str, seconds: int) -> float:
    """Answers a second by wrk."""
    profile = load_profile("stress")
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, case in enumerate(
            case
            for cases in build_cases(CONTRACT, profile.mix, profile.photos, Secrets.of()).values()
            for case in cases
        ):
            paths.append(Path(folder) / str(number))
            paths[-1].write_bytes(case.request.body)
        script = Path(folder) / "post.lua"
        script.write_text(
            SCRIPT
            % {
                "paths": ", ".join(f'"{path}"' for path in paths),
                "media_type": CONTRACT.media_types[0],
                "method": CONTRACT.method,
                "path": CONTRACT.path,
            }
        )
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "60s"]
        done = subprocess.run(
            [*command, "-s", str(script), url], check=True, capture_output=True, text=True
        )
    print(done.stdout)
    rate = re.search(r"Requests/sec:\s*([\d.]+)", done.stdout)
    if "Non-2xx" in done.stdout or rate is None:
        sys.exit("wrk had answers that are no comparisons")
    return float(rate[1])


def measure(url: str, seconds: int) -> None:
    """Measure and print."""
    before = wrk(url, seconds)
    knee = load(url, "stress")["knee"]
    after = wrk(url, seconds)
    mean = (before + after) / 2
    print(f"wrk: {before:.2f}/s before, {after:.2f}/s after; knee: {knee:.2f}/s")
    print(f"the knee is {knee / mean - 1:+.1%} from wrk's mean: 15 % are allowed")


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("url", nargs="?")
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: apt-get install wrk")
    if options.url:
        return measure(options.url, options.seconds)
    with reference_server() as url:
        return measure(url, options.seconds)


if __name__ == "__main__":
    main()

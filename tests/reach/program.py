"""A program that uses the client library, called like ``verikit verify``, with its exit codes."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from tests.reach.tools import PATIENCE
from verikit.client import AsyncClient, Client, ClientError, Verification
from verikit.exit_codes import Exit
from verikit.transport import Access


def main(kind: str, url: str, first: str, second: str, *options: str) -> int:
    pairs = zip(options[::2], options[1::2], strict=True)
    given: dict[str, Any] = {
        word.removeprefix("--").replace("-", "_"): value if word == "--proxy" else Path(value)
        for word, value in pairs
    }
    how: dict[str, Any] = {"timeout": float(PATIENCE), "retries": 0, "access": Access.of(**given)}

    async def ask() -> Verification:
        async with AsyncClient(url, **how) as asking:
            return await asking.verify(first, second)

    try:
        if kind == "client":
            with Client(url, **how) as asking:
                answer = asking.verify(first, second)
        else:
            answer = asyncio.run(ask())
    except ClientError as error:
        print(error)
        return Exit.NO_VERDICT
    print(f"score={answer.score}")
    return Exit.PASSED


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

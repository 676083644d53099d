"""A program that uses the client library, called like ``verikit verify``, with its exit codes."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from verikit.client import AsyncClient, Client, ClientError, Verification
from verikit.exit_codes import Exit
from verikit.transport import Access

KINDS: dict[str, Callable[[str], object]] = {"--proxy": str, "--timeout": float}


def main(kind: str, url: str, first: str, second: str, *options: str) -> int:
    pairs = zip(options[::2], options[1::2], strict=True)
    given: dict[str, Any] = {
        word.removeprefix("--").replace("-", "_"): KINDS.get(word, Path)(value)
        for word, value in pairs
    }
    timeout = given.pop("timeout")
    how: dict[str, Any] = {"timeout": timeout, "retries": 0, "access": Access.of(**given)}

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

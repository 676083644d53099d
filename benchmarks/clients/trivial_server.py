"""A lean server that answers every form at once: what the generator alone can drive."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

BODY = b'{"code": 1000, "verification_score": 0.5, "request_id": "%016x"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
HEAD = HEAD % len(BODY % 0)


class Answers(asyncio.Protocol):
    """Counts the bytes of a request and answers; it never parses more than the length."""

    served = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with nothing read."""
        self.transport: Any = transport
        self.left, self.head = 0, b""

    def data_received(self, data: bytes) -> None:
        """Answer once a whole body is in."""
        if self.left:
            self.left -= len(data)
        else:
            self.head += data
            head, mark, body = self.head.partition(b"\r\n\r\n")
            if not mark:
                return
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            self.left, self.head = int(length) - len(body), b""
        if not self.left:
            Answers.served += 1
            self.transport.write(HEAD + BODY % Answers.served)


async def serve(port: int) -> None:
    """Serve on 127.0.0.1 until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))

"""Errors that prevent a verdict; the message is one sentence that says what to do.

VerikitError
├── WrongUse          an option, a file or a setting is wrong; nothing was judged (exit code 2)
│   ├── ContractError     a contract or a file of photo standards
│   ├── AddressError      a URL
│   └── SecretError       a key or an IV
└── NoVerdict         there is nothing to judge, or not enough (exit code 3)
    └── Unreachable       no server, or none that offers the operation
        ├── NotConnected      no connection could be made
        ├── Broken            the connection was lost before the end of the response
        ├── TimedOut          no complete response in time
        ├── BadAnswer         not an HTTP response, or too large
        ├── NotTrusted        an invalid certificate, or http confused with https
        ├── ProxyFailed       the proxy, not the server
        └── Intercepted        401, 403, 407 or a redirect: something in front of the operation

A fault of the server under test is a finding, never an exception. An OSError that names a file is
wrong use as well: commands let it pass, and ``verikit.cli`` says what is wrong with the file. Any
other exception is a bug in verikit (exit code 70).
"""

from collections.abc import Callable
from errno import EADDRINUSE, EDQUOT, EFBIG, ENOSPC
from json import JSONDecodeError
from typing import Any, ClassVar

OTHER_KEY = "The server probably has a different key or IV."
"""What to say where a well-formed request is refused as an invalid argument."""
NO_ROOM = (ENOSPC, EDQUOT, EFBIG)
"""Error numbers of the operating system that also end a command without a verdict."""


class VerikitError(Exception):
    """The base of all errors that a command raises."""


class WrongUse(VerikitError):  # noqa: N818 - it names what was found
    """The user's input is wrong."""


class ContractError(WrongUse, ValueError):
    """The file is invalid."""


class AddressError(WrongUse, ValueError):
    """The URL is invalid."""


class SecretError(WrongUse, ValueError):
    """A key or an IV is not of the documented length, or not ASCII."""


class NoVerdict(VerikitError):  # noqa: N818 - it names what was found
    """There is nothing to judge, or not enough."""


class Unreachable(NoVerdict):
    """No server, or one that does not offer the operation; the message says which.

    ``may_pass``: a retry may succeed.
    """

    may_pass: ClassVar[bool] = False


class NotConnected(Unreachable):
    """No connection could be made."""

    may_pass = True


class Broken(Unreachable):
    """The connection was lost before the end of the response; ``begun``: after its start."""

    may_pass = True

    def __init__(self, message: str, *, begun: bool = False) -> None:
        super().__init__(message)
        self.begun = begun


class TimedOut(Unreachable):
    """No complete response in time; the server may have processed the request."""


class BadAnswer(Unreachable):
    """The response is not HTTP, or too large; ``rule``: what it breaks, in words of ours alone."""

    def __init__(self, message: str, *, rule: str = "") -> None:
        super().__init__(message)
        self.rule = rule


class NotTrusted(Unreachable):
    """The certificate is invalid, or http was used for https, or the reverse."""


class ProxyFailed(Unreachable):
    """The proxy refused the connection; the message names it."""


class Intercepted(Unreachable):
    """Something in front of the operation responded: 401, 403, 407, or a redirect."""


def in_words(error: BaseException) -> str:
    """What Python says of a file that it cannot read, for people who do not know Python.

    >>> in_words(KeyError("kind"))
    "it has no 'kind'"
    """
    found = next((text(error) for kind, text in _WORDS if isinstance(error, kind)), "")
    return found or str(error) or type(error).__name__


_WORDS: tuple[tuple[type[BaseException], Callable[[Any], str]], ...] = (
    (JSONDecodeError, lambda e: f"it is not JSON at line {e.lineno}, character {e.colno}"),
    (UnicodeDecodeError, lambda e: f"it is not UTF-8 at byte {e.start}"),
    (KeyError, lambda e: f"it has no {e}"),
    (IndexError, lambda _: "it is too short"),
    (RecursionError, lambda _: "it is nested too deeply"),
    (TypeError, lambda _: "a value is of the wrong kind"),
    (AttributeError, lambda _: "a value is of the wrong kind"),
    (OSError, lambda e: (e.strerror or "")[:1].lower() + (e.strerror or "")[1:]),
)


def why_not_listening(host: str, port: int, error: OSError) -> str:
    """Why a server cannot listen on a port, and what to do."""
    if error.errno == EADDRINUSE:
        return f"Port {port} of {host} is in use: stop what listens there or take another --port."
    return f"Cannot listen on port {port} of {host}: {in_words(error)}."

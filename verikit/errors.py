"""What keeps a command from a verdict; the message is one sentence that says what to do.

VerikitError
├── WrongUse          an option, a file or a setting is wrong; nothing was judged (exit code 2)
│   ├── ContractError     a contract or a file of photo standards
│   ├── AddressError      a URL
│   └── SecretError       a key or an IV
└── NoVerdict         there is nothing to judge, or not enough (exit code 3)
    └── Unreachable       no server, or none that offers the operation
        ├── NotConnected      no connection could be made
        ├── Broken            the connection was lost before the end of the answer
        ├── TimedOut          no whole answer in time
        ├── BadAnswer         what came is no HTTP answer, or more of one than is read
        ├── NotTrusted        a certificate, or http and https mistaken for each other
        ├── ProxyFailed       the proxy, not the server
        └── TurnedAway        401, 403, 407 or a redirect: something in front of the operation

A fault of the server under test is never an exception of a command: it is a finding. Any other
exception is a defect of verikit (exit code 70).
"""

from errno import EDQUOT, EFBIG, ENOSPC
from typing import ClassVar

NO_ROOM = (ENOSPC, EDQUOT, EFBIG)
"""Numbers of the operating system's errors that end a command without a verdict, too."""


class VerikitError(Exception):
    """The base of what a command raises on purpose."""


class WrongUse(VerikitError):  # noqa: N818 - it names what was found
    """The user's input is wrong."""


class ContractError(WrongUse, ValueError):
    """The file is not what it should be."""


class AddressError(WrongUse, ValueError):
    """This is no URL of a server."""


class SecretError(WrongUse, ValueError):
    """A key or an IV is not of the documented length, or not ASCII."""


class NoVerdict(VerikitError):  # noqa: N818 - it names what was found
    """There is nothing to judge, or not enough."""


class Unreachable(NoVerdict):
    """No server, or one that does not offer the operation; the message says which.

    ``may_pass``: the same request may be answered when it is sent again.
    """

    may_pass: ClassVar[bool] = False


class NotConnected(Unreachable):
    """No connection could be made."""

    may_pass = True


class Broken(Unreachable):
    """The connection broke before the end of the answer; ``begun`` says whether one began."""

    may_pass = True

    def __init__(self, message: str, *, begun: bool = False) -> None:
        super().__init__(message)
        self.begun = begun


class TimedOut(Unreachable):
    """No whole answer in time; whether the server did the work is not known."""


class BadAnswer(Unreachable):
    """What came is no HTTP answer, or more of one than is read."""


class NotTrusted(Unreachable):
    """The certificate does not hold, or http was spoken to https, or the reverse."""


class ProxyFailed(Unreachable):
    """The proxy did not let the connection through; the message names it."""


class TurnedAway(Unreachable):
    """Something in front of the operation answered: 401, 403, 407, or a redirect."""

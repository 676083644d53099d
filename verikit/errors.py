"""What keeps a command from a verdict; the message is one sentence that says what to do.

VerikitError
├── WrongUse          an option, a file or a setting is wrong; nothing was judged (exit code 2)
│   ├── ContractError     a contract or a file of photo standards
│   ├── AddressError      a URL
│   └── SecretError       a key or an IV
└── NoVerdict         there is nothing to judge, or not enough (exit code 3)
    └── Unreachable       no server, or none that offers the operation

A fault of the server under test is never an exception: it is a finding. Any other exception is a
defect of verikit (exit code 70).
"""


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
    """No server, or one that does not offer the operation; the message says which."""

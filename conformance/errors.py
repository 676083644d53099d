"""What can go wrong while a server is checked.

SuiteError
├── WrongUse        an option or a file of the user's is wrong; nothing was judged
├── Unreachable     nothing there speaks the contract's operation; nothing was judged
├── CouldNotJudge   a case lacks what it builds on, such as an accepted ordinary request
├── NotApplicable   a case makes no sense for this server
└── CanaryDead      the suite cannot tell good from bad here, so a verdict would be worth nothing

A fault of the server is never an exception: it is a finding. Any other exception that a case
raises is a fault of the suite and is reported as such.
"""


class SuiteError(Exception):
    """The base of what this suite raises."""


class WrongUse(SuiteError):  # noqa: N818 - it names what was found
    """The user's input is wrong; the message says what to do."""


class Unreachable(SuiteError):  # noqa: N818 - it names what was found
    """No server, or one that does not offer the operation; the message says which."""


class CouldNotJudge(SuiteError):  # noqa: N818 - it names what was found
    """A prerequisite of a case is missing; the message says which."""


class NotApplicable(SuiteError):  # noqa: N818 - it names what was found
    """A case makes no sense for this server; the message says why."""


class CanaryDead(SuiteError):  # noqa: N818 - it names what was found
    """The suite cannot tell good from bad; the message says what went wrong."""

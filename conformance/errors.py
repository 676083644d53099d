"""Why a case has no verdict; what stops a whole run is in :mod:`verikit.errors`.

VerikitError
├── CouldNotJudge   a case lacks what it builds on, such as an accepted ordinary request
├── NotApplicable   a case makes no sense for this server
└── SelfCheckFailed the suite cannot tell good from bad here, so a verdict would be worth nothing
"""

from verikit.errors import NoVerdict, VerikitError


class CouldNotJudge(VerikitError):  # noqa: N818 - it names what was found
    """A prerequisite of a case is missing; the message says which."""


class NotApplicable(VerikitError):  # noqa: N818 - it names what was found
    """A case makes no sense for this server; the message says why."""


class SelfCheckFailed(NoVerdict):
    """The suite cannot tell good from bad; the message says what went wrong."""

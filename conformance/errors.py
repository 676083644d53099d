"""Why a case has no verdict; errors that stop a run are in :mod:`verikit.errors`.

VerikitError
├── CouldNotJudge   a prerequisite is missing, such as an accepted ordinary request
├── NotApplicable   the case does not apply to this server
└── SelfCheckFailed the suite does not work on this machine
"""

from verikit.errors import NoVerdict, VerikitError


class CouldNotJudge(VerikitError):  # noqa: N818 - it names what was found
    """A prerequisite of a case is missing; the message says which."""


class NotApplicable(VerikitError):  # noqa: N818 - it names what was found
    """The case does not apply to this server; the message says why."""


class SelfCheckFailed(NoVerdict):
    """The suite does not work on this machine; the message says what went wrong."""

"""What can stop a load test before it has a verdict.

LoadError
├── WrongUseError      an option, a profile or an older report makes no sense (exit status 2)
└── IncompleteError    the server or the workers could not be reached (exit status 3)
"""


class LoadError(Exception):
    """A load test cannot go on; the message is one sentence that says what to do."""


class WrongUseError(LoadError):
    """An option, a profile or an older report makes no sense."""


class IncompleteError(LoadError):
    """There is nothing to judge: the server or the workers were not reached."""

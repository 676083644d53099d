"""What can be wrong with a contract or a photo-standards file."""


class ContractError(ValueError):
    """The file is not what it should be; the message is one sentence that says why."""

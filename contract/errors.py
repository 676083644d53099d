"""What can be wrong with a contract, a photo-standards file, or what photos are sealed with."""


class ContractError(ValueError):
    """The file is not what it should be; the message is one sentence that says why."""


class SecretError(ValueError):
    """A key or an IV has not the documented length; the message says which."""

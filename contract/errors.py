"""What can be wrong with a contract, a photo-standards file, a URL, or a key."""


class ContractError(ValueError):
    """The file is not what it should be; the message is one sentence that says why."""


class AddressError(ValueError):
    """This is no URL of a server; the message is one sentence that says why."""


class SecretError(ValueError):
    """A key or an IV has not the documented length; the message says which."""

"""The conformance suite: checks a server, given by URL, against the contract."""

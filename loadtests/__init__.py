"""Load profiles on Locust: find a server's limit and judge it by the contract."""

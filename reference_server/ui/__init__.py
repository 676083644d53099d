"""The try-it page at / and the contract at /docs."""

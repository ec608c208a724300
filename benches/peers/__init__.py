"""One module a peer; each offers `Peer` (see driver.py for what the driver asks of it)."""

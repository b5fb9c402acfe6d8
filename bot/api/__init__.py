"""The HTTP interface: guard (limits, headers, failures), errors (one sentence each), identity, and the routes."""

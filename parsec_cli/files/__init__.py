"""Write and lock this machine's files: the only place that does, for all rooms."""

"""Remember: what this machine keeps between commands, and where."""

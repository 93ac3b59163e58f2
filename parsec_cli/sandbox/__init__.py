"""Pretend: a local imitation of the Builder API, sharing no code with the client it checks."""

"""Tools for tests: scripted servers, runners of the tool, a terminal, a search for leaks."""

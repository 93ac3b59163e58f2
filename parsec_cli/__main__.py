"""Lets `python -m parsec_cli` stand in for the `parsec` command."""

from parsec_cli.main import run

if __name__ == "__main__":
    run()

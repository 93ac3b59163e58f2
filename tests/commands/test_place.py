"""Commands that hints quote go where the command that failed went."""

from __future__ import annotations

from support.actions import close, error


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


def test_a_hint_about_the_key_is_about_that_of_the_same_profile(tool, builder, home):
    """The default profile's key would have been replaced instead."""
    config = home / "c.toml"
    config.write_text(f'[profiles.x]\nbase_url = "{builder.url}"\napi_key = "pk_live_wrong_1"\n')
    config.chmod(0o600)
    env = {"PARSEC_CONFIG": str(config)}
    done = tool("-p", "x", "users", "list", env=env)
    assert done.code == 4
    assert (
        "`parsec -p x doctor`, or store another with `parsec -p x config set api_key`" in done.err
    )


def test_a_hint_that_names_a_profile_itself_is_left_as_it_is(tool, home):
    config = home / "c.toml"
    config.write_text('[profiles.x]\nrate = "5"\n')
    config.chmod(0o600)
    done = tool("-p", "x", "users", "list", env={"PARSEC_CONFIG": str(config)})
    assert done.code == 4
    assert "`parsec config set api_key --profile x`" in done.err


def test_a_report_of_doctor_does_not_send_to_doctor(run, builder):
    """The hint of the fault goes on from here, or says nothing."""
    done = run("doctor", "--json", env={"PARSEC_API_KEY": "pk_live_another_0001"})
    assert done.code == 4, done
    failed = [check["detail"] for check in done.json["checks"] if check["status"] == "failed"]
    assert failed[0].endswith("invalid API key (store another with `parsec config set api_key`)")
    builder.fault("GET", "usage", action=error(500, "no", "internal_error"))
    failed = run("doctor", "--json").json["checks"][-1]
    assert failed["detail"] == f"{builder.url} answered 500: no"

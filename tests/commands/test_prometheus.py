"""`-o prometheus`: what a monitoring system reads, by the parser of Prometheus' own client."""

import pytest
from output.builders import Stream
from prometheus_client.parser import text_string_to_metric_families
from support.actions import json_response

from parsec_cli.output.format import Fields
from parsec_cli.output.prometheus import Prometheus
from parsec_cli.output.streams import Sink, surface_of
from parsec_cli.redaction import Redaction
from parsec_cli.results import Gauge, Listing, Record

POOL = ("parsec_qps_pool", "parsec_qps_allocated", "parsec_users")
USAGE = (
    "parsec_requests_limit",
    "parsec_requests_remaining",
    "parsec_requests_reset_timestamp_seconds",
)


def parsed(text):
    """Return name, labels and value of each sample; every gauge must have type and help."""
    families = list(text_string_to_metric_families(text))
    assert {family.type for family in families} <= {"gauge"}
    assert all(family.documentation for family in families)
    samples = [sample for family in families for sample in family.samples]
    assert [sample.name for sample in samples] == [family.name for family in families]
    return [(sample.name, sample.labels, sample.value) for sample in samples]


@pytest.mark.parametrize("verb", ["show", "check"])
def test_the_pool_has_three_gauges(run, builder, verb):
    builder.add_many(7, 20)
    done = run("pool", verb, "-o", "prometheus")
    assert (done.code, done.err) == (0, "")
    labels = {"profile": "default", "host": builder.url}
    assert parsed(done.out) == [
        (name, labels, value) for name, value in zip(POOL, (1000, 140, 7), strict=True)
    ]
    assert builder.log == ["GET /api/v1/builder/pool"]


@pytest.mark.parametrize("verb", ["show", "check"])
def test_the_quota_has_three_gauges(run, builder, verb):
    done = run("usage", verb, "-o", "prometheus")
    assert (done.code, done.err) == (0, "")
    labels = {"profile": "default", "host": builder.url}
    values = (5_000_000, 4_998_765, 1_790_812_800)
    assert parsed(done.out) == [
        (name, labels, value) for name, value in zip(USAGE, values, strict=True)
    ]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
def test_gauges_are_utf_8_whatever_the_encoding_of_the_machine(run, builder, home, encoding):
    folder = home / ".config" / "parsec"
    folder.mkdir(parents=True)
    profile = f"[profiles.'größe']\nbase_url = '{builder.url}'\napi_key = '{builder.key}'\n"
    (folder / "config.toml").write_text(profile, encoding="utf-8")
    done = run("pool", "show", "-o", "prometheus", "-p", "größe", encoding=encoding)
    assert done.code == 0, done
    labels = [labels["profile"] for _, labels, _ in parsed(done.out_bytes.decode("utf-8"))]
    assert labels == ["größe"] * 3


@pytest.mark.parametrize("verb", ["show", "check"])
def test_an_unlimited_quota_has_neither_limit_nor_rest(run, builder, verb):
    builder.monthly_limit = 0
    done = run("usage", verb, "-o", "prometheus")
    assert [name for name, _, _ in parsed(done.out)] == [USAGE[2]]


@pytest.mark.parametrize("end", [10**18, -(10**17), None])
def test_a_reset_that_is_no_time_is_left_out(run, builder, end):
    usage = {**run("api", "GET", "/usage").json, "billing_period_end": end}
    builder.fault("GET", "/usage", action=json_response(200, usage))
    done = run("usage", "show", "-o", "prometheus")
    assert done.code == 0, done
    assert USAGE[2] not in done.out


def test_a_check_that_is_over_writes_its_gauges(run, builder):
    builder.extra_pool = {"total_allocated_qps": 1_200}
    done = run("pool", "check", "-o", "prometheus")
    assert done.code == 11
    assert [value for _, _, value in parsed(done.out)] == [1_000, 1_200, 0]


def test_labels_are_profile_and_host(tool):
    done = tool("-p", "sandbox", "pool", "show", "-o", "prometheus")
    labels = {"profile": "sandbox", "host": "http://sandbox.localhost"}
    assert {tuple(found.items()) for _, found, _ in parsed(done.out)} == {tuple(labels.items())}


def test_the_text_is_as_documented(run, builder):
    builder.extra_pool = {"qps_pool": 2**62, "total_allocated_qps": 3}
    done = run("pool", "show", "-o", "prometheus")
    labels = f'{{profile="default",host="{builder.url}"}}'
    assert done.out == (
        "# HELP parsec_qps_pool Requests per second that all users share.\n"
        "# TYPE parsec_qps_pool gauge\n"
        f"parsec_qps_pool{labels} 4611686018427387904\n"
        "# HELP parsec_qps_allocated Sum of the limits of all users.\n"
        "# TYPE parsec_qps_allocated gauge\n"
        f"parsec_qps_allocated{labels} 3\n"
        "# HELP parsec_users Number of users.\n"
        "# TYPE parsec_users gauge\n"
        f"parsec_users{labels} 0\n"
    )


def written(record):
    stream = Stream()
    sink = Sink(stream, "stdout")
    surface, redaction = surface_of(stream, {}), Redaction(lambda: ("pk_live_CANARY_0001",))
    Prometheus(sink, surface, redaction, Fields(None), None).record(record)
    sink.close()
    return stream.buffer.getvalue().decode()


@pytest.mark.parametrize("text", ['a"b', "a\\b", "a\nb", "\\n", '\\"', "{}=,#", "ü 😀", "", "a\\"])
def test_labels_are_escaped(text):
    record = Record({}, (), gauges=(Gauge("x", "X.", -5, (("profile", text), ("host", "h"))),))
    assert parsed(written(record)) == [("x", {"profile": text, "host": "h"}, -5)]


def test_a_key_in_a_label_is_masked():
    gauge = Gauge("x", "X.", 1, (("host", "pk_live_CANARY_0001"),))
    assert "CANARY" not in written(Record({}, (), gauges=(gauge,)))


def test_a_listing_has_no_gauges():
    stream = Stream()
    form = Prometheus(
        Sink(stream, "stdout"), surface_of(stream, {}), Redaction(lambda: ()), Fields(None), None
    )
    with pytest.raises(TypeError, match="users have no gauges"):
        form.listing(Listing("users", (), []))


@pytest.mark.parametrize(
    ("how", "name"),
    [
        (["--watch", "5"], "--watch"),
        (["--top", "3"], "--top"),
        (["--top", "3", "--watch", "1"], "--top"),
        (["--fields", "free"], "--fields"),
    ],
)
def test_options_that_do_not_apply_are_refused(run, builder, how, name):
    done = run("pool", "show", "-o", "prometheus", *how)
    assert (done.code, done.out, builder.requests) == (2, "", [])
    assert done.err == (f"error: `{name}` does not apply to `-o prometheus`\nhint: omit `{name}`\n")

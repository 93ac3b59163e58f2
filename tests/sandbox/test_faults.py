from __future__ import annotations

from random import Random

import pytest

from parsec_cli.errors import UsageFault
from parsec_cli.sandbox.injected_faults import Fault, parse_fault


@pytest.mark.parametrize(("after", "status"), [(False, 200), (True, 404)])
def test_a_fault_prevents_the_effect_or_loses_only_the_response(sandbox, after, status):
    sound, faulty = sandbox(), sandbox(faults=[Fault("DELETE", 503, 1.0, after=after)])
    path = f"/builder/users/{sound.named('user_001')['customer_id']}"
    response = faulty("DELETE", path)
    assert (response.status_code, response.json()["retryable"]) == (503, True)
    assert sound("GET", path).status_code == faulty("GET", path).status_code == status


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 429, 500, 501, 503])
def test_faults_of_the_api_have_its_documented_body(sandbox, status):
    """The client compares the response with the contract."""
    api = sandbox(faults=[Fault("GET", status, 1.0)])
    assert api("GET", "/builder/pool").status_code == status


@pytest.mark.parametrize("status", [502, 504, 418, 599])
def test_faults_of_a_proxy_are_a_page(sandbox, status):
    api = sandbox(faults=[Fault("GET", status, 1.0)])
    response = api("GET", "/builder/pool", contract=False)
    assert response.status_code == status
    assert response.headers["content-type"] == "text/html"
    assert response.text.startswith("<html>")


def test_a_star_strikes_every_method_but_not_a_wrong_key(sandbox):
    api = sandbox(faults=[Fault("*", 503, 1.0)])
    statuses = {api(method, "/builder/users").status_code for method in ("GET", "POST", "PUT")}
    assert statuses == {503}
    assert api("GET", "/builder/pool", key="wrong").status_code == 401


@pytest.mark.parametrize(("probability", "fewest", "most"), [(0.1, 5, 40), (1, 200, 200)])
def test_a_fault_strikes_with_its_probability(sandbox, probability, fewest, most):
    api = sandbox(faults=[Fault("GET", 503, probability)], random=Random(1))
    statuses = [api("GET", "/usage").status_code for _ in range(200)]
    assert fewest <= statuses.count(503) <= most


def test_the_first_fault_that_strikes_decides(sandbox):
    never, always, last = Fault("GET", 503, 0.0), Fault("GET", 500, 1.0), Fault("GET", 504, 1.0)
    assert sandbox(faults=[never, always, last])("GET", "/usage").status_code == 500


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("DELETE 503 0.1", Fault("DELETE", 503, 0.1)),
        ("delete  503 1", Fault("DELETE", 503, 1.0)),
        ("* 429 .5", Fault("*", 429, 0.5)),
        ("POST 500 0.25 after", Fault("POST", 500, 0.25, after=True)),
    ],
)
def test_faults_are_read(text, fault):
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "METHOD STATUS PROBABILITY"),
        ("DELETE 503", "METHOD STATUS PROBABILITY"),
        ("DELETE 503 0.1 before", "METHOD STATUS PROBABILITY"),
        ("DELETE 503 0.1 after all", "METHOD STATUS PROBABILITY"),
        ("BREW 503 0.1", "`BREW` is not one of"),
        ("GET 200 0.1", "`200` is not a status"),
        ("GET 600 0.1", "`600` is not a status"),
        ("GET 5xx 0.1", "`5xx` is not a status"),
        ("GET 503 1.5", "`1.5` is not a probability"),
        ("GET 503 -0.1", "`-0.1` is not a probability"),
        ("GET 503 nan", "`nan` is not a probability"),
        ("GET 503 10%", "`10%` is not a probability"),
        ("GET 503 1e-1", "`1e-1` is not a probability"),
    ],
)
def test_an_invalid_fault_is_refused_with_the_wrong_word(text, why):
    with pytest.raises(UsageFault) as refused:
        parse_fault(text)
    assert why in refused.value.message
    assert "--fault" in refused.value.hint

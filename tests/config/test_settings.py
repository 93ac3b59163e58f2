"""Each setting is checked by one function, which names the source of an invalid value."""

import pytest

from parsec_cli.config.settings import BY_NAME, check_rate, setting_of
from parsec_cli.errors import UsageFault


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "1e3", "inf", "nan", "1_0", "٣", "1.2.3", "9" * 50, "MAX"]
)
def test_an_invalid_rate_is_refused(text):
    with pytest.raises(UsageFault, match="is not a rate"):
        check_rate(text)


def test_an_invalid_value_is_refused_with_its_source_and_without_a_key():
    with pytest.raises(UsageFault) as caught:
        BY_NAME["output"].checked("pk_live_CANARY_0001", "environment PARSEC_OUTPUT")
    assert caught.value.message == (
        "environment PARSEC_OUTPUT: unknown output format `pk_live_****0001`"
    )


def test_an_unknown_setting_is_refused_with_the_nearest_known_one():
    with pytest.raises(UsageFault, match="unknown setting `outptu`; did you mean `output`"):
        setting_of("outptu")

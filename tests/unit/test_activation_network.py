"""Which hosts count as this machine, and when a destination wants to be asked again."""

from __future__ import annotations

import pytest

from orchestration.activation.connectors.http import retry_after
from orchestration.activation.connectors.network import is_loopback


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "127.0.0.1", "127.8.9.10", "::1", "[::1]", "::ffff:127.0.0.1"],
)
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["", "example.com", "localhost.example.com", "127.0.0.1.example.com", "10.0.0.1", "0.0.0.0",
     "::ffff:10.0.0.1", "192.168.1.1", "127.1", "2130706433"],
)  # fmt: skip
def test_any_other_machine(host: str) -> None:
    assert not is_loopback(host)


# 784111777 s is Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110, 5.6.7.
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 60.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 60.0),
        ("Sun Nov  6 08:49:37 1994", 60.0),
        ("Sun, 06 Nov 1994 08:48:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_in_every_form_of_the_standard(
    value: str | None, seconds: float | None
) -> None:
    assert retry_after(value, now=784111777.0 - 60) == seconds

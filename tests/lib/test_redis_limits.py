from __future__ import annotations

from datetime import timedelta

import pytest

from billing.lib import redis_limits
from billing.lib.redis import connection as redis
from billing.lib.redis_limits import Limit, TooMany

FEW, MANY = Limit("person", 2), Limit("place", 5)


def takes(limits: list[Limit], times: int) -> int:
    taken = 0
    for _ in range(times):
        try:
            redis_limits.spend(limits)
        except TooMany:
            continue
        taken += 1
    return taken


def test_each_limit_ends_the_tries_of_all_that_share_it() -> None:
    assert takes([FEW, MANY], 4) == 2
    assert takes([Limit("another person", 2), MANY], 4) == 2
    assert takes([Limit("a third person", 2), MANY], 4) == 1


def test_a_try_that_is_refused_does_not_make_the_pause_longer() -> None:
    takes([FEW], 2)
    redis().expire("guesses:person", 60)
    for _ in range(3):
        with pytest.raises(TooMany) as raised:
            redis_limits.spend([FEW])
        assert timedelta(seconds=55) < raised.value.wait <= timedelta(seconds=60)


def test_after_the_pause_tries_begin_again() -> None:
    takes([FEW], 2)
    assert 0 < redis().ttl("guesses:person") <= redis_limits.WINDOW.total_seconds()
    redis().expire("guesses:person", 0)
    assert takes([FEW], 3) == 2


def test_a_try_that_was_no_miss_is_given_back() -> None:
    for _ in range(10):
        redis_limits.spend([FEW, MANY])
        redis_limits.refund([FEW, MANY])
    assert redis().keys("guesses:*") == []


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.7"),
        ("", ""),
        ("unknown", "unknown"),
    ],
)
def test_a_network_is_one_guesser(address: str, network: str) -> None:
    assert redis_limits.network_of(address) == network

"""Limits counted in Redis: so many tries by a person, for an account, from an address, and then a pause.

A try is counted before it is made, and given back when it was no miss: simultaneous tries are not let through. Redis
serves steps that come often (voucher cards, top-ups, files, notifications); each caller says what happens while Redis
does not answer. Logins, invitations and claims are limited in the database, by `accounts.web.login_limits`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from redis.exceptions import RedisError

from billing.lib.redis import connection

logger = logging.getLogger(__name__)

WINDOW = timedelta(hours=1)
# A customer of an IPv6 network gets a /64, and with it all of its addresses.
IPV6_PREFIX = 64

TAKE = """
local wait = 0
for i, key in ipairs(KEYS) do
    if tonumber(redis.call('GET', key) or '0') >= tonumber(ARGV[i + 1]) then
        wait = math.max(wait, 1, redis.call('TTL', key))
    end
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
    if redis.call('INCR', key) == 1 then redis.call('EXPIRE', key, ARGV[1]) end
end
return 0
"""
GIVE_BACK = """
for i, key in ipairs(KEYS) do
    if tonumber(redis.call('GET', key) or '0') > 1 then redis.call('DECR', key) else redis.call('DEL', key) end
end
"""


@dataclass(frozen=True)
class Limit:
    """At most `most` tries within the window of whatever `key` names."""

    key: str
    most: int


class TooMany(Exception):
    def __init__(self, wait: timedelta) -> None:
        super().__init__(wait)
        self.wait = wait


class Unavailable(Exception):
    """Redis does not answer, so tries cannot be counted, and none is allowed meanwhile."""


def spend(limits: Sequence[Limit], *, window: timedelta = WINDOW) -> None:
    """Count one try against all limits, or raise TooMany when one of them is used up, or Unavailable."""
    most = [limit.most for limit in limits]
    try:
        wait = connection().eval(TAKE, len(limits), *_keys(limits), int(window.total_seconds()), *most)
    except RedisError as error:
        raise Unavailable from error
    if int(wait):
        raise TooMany(timedelta(seconds=int(wait)))


def refund(limits: Sequence[Limit]) -> None:
    """Give back one try, which was no miss."""
    try:
        connection().eval(GIVE_BACK, len(limits), *_keys(limits))
    except RedisError:
        logger.warning("Redis does not answer: a good try stays counted as a miss")


def network_of(address: str) -> str:
    """What one guesser may come from: the address, or its network where addresses come by the billion."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address) and known.ipv4_mapped is None:
        return str(ip_network((int(known), IPV6_PREFIX), strict=False))
    return address


def _keys(limits: Sequence[Limit]) -> list[str]:
    return [f"guesses:{limit.key}" for limit in limits]

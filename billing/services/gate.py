"""Sparing the switch: a token bucket and a circuit breaker per switch, in Redis, for all processes together."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal

from redis import Redis
from redis.exceptions import RedisError

from billing.vos3000 import Withheld

logger = logging.getLogger(__name__)

# Everything runs on Redis' clock, so that processes on several machines keep one budget.
ADMIT = """
local now = redis.call('TIME')
local at = now[1] + now[2] / 1000000
local open_until = tonumber(redis.call('GET', KEYS[2]) or '0')
if open_until > at then return 'breaker' end
if open_until > 0 then
    -- The pause is over: this one request tries, the others wait for its end or the next pause.
    redis.call('SET', KEYS[2], string.format('%.6f', at + tonumber(ARGV[3])), 'EX', 600)
end
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local tokens = burst
if bucket[1] then tokens = math.min(burst, tonumber(bucket[1]) + math.max(0, at - tonumber(bucket[2])) * rate) end
if tokens < 1 + tonumber(ARGV[4]) then return 'budget' end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - 1), 'at', string.format('%.6f', at))
redis.call('EXPIRE', KEYS[1], 600)
return 'go'
"""
FAILED = """
local failures = redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], 600)
if failures >= tonumber(ARGV[1]) then
    local now = redis.call('TIME')
    redis.call('SET', KEYS[2], string.format('%.6f', now[1] + now[2] / 1000000 + tonumber(ARGV[2])), 'EX', 600)
end
return failures
"""
FAILURES_TO_OPEN = 5
PAUSE_SECONDS = 10
BURST_SECONDS = 4  # how many seconds of budget may be used at once
KEPT_BACK = Decimal("0.25")  # what background work leaves of a burst to people and payments


class SwitchGate:
    """`billing.vos3000.Gate` for one switch. Without Redis nothing is withheld: payments go on."""

    def __init__(self, *, redis: Redis, switch_id: int, requests_per_second: Decimal, modest: bool = False) -> None:
        self._redis = redis
        self._rate = requests_per_second
        self._burst = max(Decimal(1), requests_per_second * BURST_SECONDS)
        self._kept_back = int(self._burst * KEPT_BACK) if modest else 0
        self._bucket = f"switch:{switch_id}:bucket"
        self._breaker = f"switch:{switch_id}:breaker"
        self._failures = f"switch:{switch_id}:failures"

    def admit(self, operation: str) -> None:
        terms = (str(self._rate), str(self._burst), PAUSE_SECONDS, self._kept_back)
        try:
            answer = self._redis.eval(ADMIT, 2, self._bucket, self._breaker, *terms)
        except RedisError:
            logger.warning("Redis does not answer: %s goes to the switch without a budget", operation)
            return
        if answer == b"breaker":
            raise Withheld(operation, "the switch did not answer lately and is left alone for some seconds")
        if answer == b"budget":
            raise Withheld(operation, "the switch's request budget is used up")

    def succeeded(self) -> None:
        with self._without_redis_too():
            self._redis.delete(self._failures, self._breaker)

    def failed(self) -> None:
        with self._without_redis_too():
            self._redis.eval(FAILED, 2, self._failures, self._breaker, FAILURES_TO_OPEN, PAUSE_SECONDS)

    @contextmanager
    def _without_redis_too(self) -> Iterator[None]:
        try:
            yield
        except RedisError:
            logger.warning("Redis does not answer: the switch's breaker was not told")


def closed_doors(*, redis: Redis, switch_ids: Iterable[int]) -> dict[int, bool]:
    """By switch, whether it is left alone now because it did not answer. Raises RedisError."""
    seconds, _ = redis.time()
    until = {switch_id: redis.get(f"switch:{switch_id}:breaker") for switch_id in switch_ids}
    return {switch_id: float(value or 0) > seconds for switch_id, value in until.items()}

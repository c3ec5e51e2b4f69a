"""Limiting the load on a switch: a token bucket and circuit breakers in Redis, shared by all processes."""

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
# KEYS: the bucket, then breakers, of which any one stops a request.
ADMIT = """
local now = redis.call('TIME')
local at = now[1] + now[2] / 1000000
local tried = {}
for number = 2, #KEYS do
    local open_until = tonumber(redis.call('GET', KEYS[number]) or '0')
    if open_until > at then return KEYS[number] end
    if open_until > 0 then table.insert(tried, KEYS[number]) end
end
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local tokens = burst
if bucket[1] then tokens = math.min(burst, tonumber(bucket[1]) + math.max(0, at - tonumber(bucket[2])) * rate) end
if tokens < 1 + tonumber(ARGV[4]) then return 'budget' end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - 1), 'at', string.format('%.6f', at))
redis.call('EXPIRE', KEYS[1], 600)
for _, breaker in ipairs(tried) do
    -- The pause is over: this one request tries, the others wait for its end or the next pause.
    redis.call('SET', breaker, string.format('%.6f', at + tonumber(ARGV[3])), 'EX', 600)
end
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
KEPT_BACK = Decimal("0.25")  # the part of a burst that background work leaves to people and payments


class SwitchAdmission:
    """The `billing.vos3000.Admission` of one switch. Without Redis nothing is withheld: payments go on.

    A switch that does not answer is paused for some seconds. Where only the answers to one operation cannot be read,
    that operation alone is paused: unreadable calls of a day hold up neither balances nor payments.
    """

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
            breakers = (self._breaker, f"{self._breaker}:{operation}")
            answer = self._redis.eval(ADMIT, 3, self._bucket, *breakers, *terms)
        except RedisError:
            logger.warning("Redis does not answer: %s goes to the switch without a budget", operation)
            return
        if answer == b"budget":
            raise Withheld(operation, "the switch's request budget is used up")
        if answer == self._breaker.encode():
            raise Withheld(operation, "the switch did not answer lately and is left alone for some seconds")
        if answer != b"go":
            raise Withheld(operation, "its answers could not be read lately and it is left alone for some seconds")

    def succeeded(self, operation: str) -> None:
        with self._tolerating_redis_failures():
            switch_wide = (self._failures, self._breaker)
            self._redis.delete(*switch_wide, *(f"{key}:{operation}" for key in switch_wide))

    def failed(self) -> None:
        with self._tolerating_redis_failures():
            self._count(self._failures, self._breaker)

    def unreadable_answer(self, operation: str) -> None:
        """Count an answer that cannot be read against its operation alone: the switch itself does answer."""
        with self._tolerating_redis_failures():
            self._redis.delete(self._failures, self._breaker)
            self._count(f"{self._failures}:{operation}", f"{self._breaker}:{operation}")

    def _count(self, failures: str, breaker: str) -> None:
        self._redis.eval(FAILED, 2, failures, breaker, FAILURES_TO_OPEN, PAUSE_SECONDS)

    @contextmanager
    def _tolerating_redis_failures(self) -> Iterator[None]:
        try:
            yield
        except RedisError:
            logger.warning("Redis does not answer: the switch's breaker was not told")


def open_breakers(*, redis: Redis, switch_ids: Iterable[int]) -> dict[int, bool]:
    """Tell which switches are paused now because they did not answer. Raises RedisError."""
    seconds, _ = redis.time()
    until = {switch_id: redis.get(f"switch:{switch_id}:breaker") for switch_id in switch_ids}
    return {switch_id: float(value or 0) > seconds for switch_id, value in until.items()}

"""Limiting the load on a switch: token buckets and circuit breakers in Redis, shared by all processes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from enum import Enum

from redis import Redis
from redis.exceptions import RedisError

from billing.vos3000 import Withheld

logger = logging.getLogger(__name__)


class Work(Enum):
    """The kinds of work that ask a switch, the most urgent first.

    Each has a least share of the budget, which no other kind can use up while there is work of that kind. What is left
    over goes to whatever asks, but each kind leaves a part of a burst to the more urgent ones.
    """

    PEOPLE = "people"  # who wait for a page, and payments on their way
    MONEY = "money"  # balances, profiles, payments
    CALLS = "calls"  # of today and yesterday
    PROOFS = "proofs"
    BACK_FILL = "back-fill"


# Of the budget; together less than all of it, so that something is always left over for the most urgent.
LEAST_SHARES = {Work.PEOPLE: 0.3, Work.MONEY: 0.25, Work.CALLS: 0.2, Work.PROOFS: 0.1, Work.BACK_FILL: 0.1}
# Of a burst, left to more urgent work.
LEFT_OVER = {Work.PEOPLE: 0.0, Work.MONEY: 0.25, Work.CALLS: 0.4, Work.PROOFS: 0.5, Work.BACK_FILL: 0.65}
ORDER = tuple(Work)

# Everything runs on Redis' clock, so that processes on several machines keep one budget.
# KEYS: the bucket, then breakers, of which any one stops a request.
# ARGV: rate, burst, pause, which kind of work asks, for how long it counts as asking, the time where it is not Redis',
# then of each kind its share and the part that it leaves over.
ADMIT = """
local rate, burst, pause, kind = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local now = redis.call('TIME')
local at = tonumber(ARGV[6]) or now[1] + now[2] / 1000000
local kinds = (#ARGV - 6) / 2
local function share(n) return tonumber(ARGV[6 + n]) end
local function left_over(n) return math.floor(tonumber(ARGV[6 + kinds + n]) * burst) end

local tried = {}
for number = 2, #KEYS do
    local open_until = tonumber(redis.call('GET', KEYS[number]) or '0')
    if open_until > at then return KEYS[number] end
    if open_until > 0 then table.insert(tried, KEYS[number]) end
end

-- Of each kind that asked lately, tokens that no other kind can use; the pool is for whatever asks.
local held = redis.call('HGETALL', KEYS[1])
local bucket = {}
for place = 1, #held, 2 do bucket[held[place]] = tonumber(held[place + 1]) end
local pool = bucket.pool or burst
local income = math.max(0, at - (bucket.at or at)) * rate
local own, sum, rest = {}, 0, income
for n = 1, kinds do
    own[n] = bucket['own' .. n] or 0
    if at - (bucket['asked' .. n] or -math.huge) <= tonumber(ARGV[5]) then
        local gain = math.max(0, math.min(share(n) * income, math.max(1, share(n) * burst / 2) - own[n]))
        own[n], rest = own[n] + gain, rest - gain
    else
        pool, own[n] = pool + own[n], 0
    end
    sum = sum + own[n]
end
pool = math.min(pool + rest, math.max(burst - sum, 1 + left_over(2)))

local more_urgent = 0
for n = 1, kind - 1 do more_urgent = more_urgent + own[n] end
local answer = 'go'
if own[kind] >= 1 then
    own[kind] = own[kind] - 1
elseif own[kind] + pool >= 1 and own[kind] + pool - 1 + more_urgent >= left_over(kind)
    and (kind == 1 or own[kind] + pool - 1 + own[1] >= left_over(2)) then
    pool, own[kind] = pool - (1 - own[kind]), 0
else
    answer = 'budget'
end
local function text(number) return string.format('%.6f', number) end
redis.call('HSET', KEYS[1], 'pool', text(pool), 'at', text(at), 'asked' .. kind, text(at))
for n = 1, kinds do redis.call('HSET', KEYS[1], 'own' .. n, text(own[n])) end
redis.call('EXPIRE', KEYS[1], 600)
if answer == 'go' then
    for _, breaker in ipairs(tried) do
        -- The pause is over: this one request tries, the others wait for its end or the next pause.
        redis.call('SET', breaker, text(at + pause), 'EX', 600)
    end
end
return answer
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
ASKED_LATELY_SECONDS = 90  # rounds come every minute
BURST_SECONDS = 4  # how many seconds of budget may be used at once


class BudgetUsedUp(Withheld):
    """The budget has nothing left at the moment for that kind of work. Surely not done."""


class SwitchAdmission:
    """The `billing.vos3000.Admission` of one switch. Without Redis nothing is withheld: payments go on.

    `work` is the kind of work that asks, `clock` the time in seconds where Redis' own is not to be used.
    A switch that does not answer is paused for some seconds. Where only the answers to one operation cannot be read,
    that operation alone is paused: unreadable calls of a day hold up neither balances nor payments.
    """

    def __init__(
        self,
        *,
        redis: Redis,
        switch_id: int,
        requests_per_second: Decimal,
        work: Work = Work.PEOPLE,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._redis = redis
        self._rate = requests_per_second
        self._burst = max(Decimal(1), requests_per_second * BURST_SECONDS)
        self._work = work
        self._clock = clock
        self._bucket = f"switch:{switch_id}:bucket"
        self._breaker = f"switch:{switch_id}:breaker"
        self._failures = f"switch:{switch_id}:failures"

    def admit(self, operation: str) -> None:
        shares = (*(LEAST_SHARES[work] for work in ORDER), *(LEFT_OVER[work] for work in ORDER))
        at = "" if self._clock is None else f"{self._clock():.6f}"
        kind = ORDER.index(self._work) + 1
        terms = (str(self._rate), str(self._burst), PAUSE_SECONDS, kind, ASKED_LATELY_SECONDS, at)
        try:
            breakers = (self._breaker, f"{self._breaker}:{operation}")
            answer = self._redis.eval(ADMIT, 3, self._bucket, *breakers, *terms, *shares)
        except RedisError:
            logger.warning("Redis does not answer: %s goes to the switch without a budget", operation)
            return
        if answer == b"budget":
            raise BudgetUsedUp(operation, "the switch's request budget is used up")
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

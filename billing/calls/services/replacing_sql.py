"""The statements that make staged records the rows of their day, in the order in which `replacing` runs them.

A record is one row, also when two days report it: it is the row of the day on which the call started, when that is one
of them, and the other day remembers that it reports it too (`CallElsewhere`).
"""

from __future__ import annotations

COLUMNS = (
    "account_id, flow_no, started_at, ended_at, caller, callee, talk_seconds, billed_seconds, fee, fee_prefix,"
    " package_fee, package_seconds, agent_number, agent_fee, call_level, end_direction, end_reason, billing_mode,"
    " callee_billing"
)
COMPARED = [name.strip() for name in COLUMNS.split(",") if name.strip() not in ("flow_no", "started_at")]


def _of(table: str, names: list[str]) -> str:
    return ", ".join(f"{table}.{name}" for name in names)


# A day of most accounts is then sorted and compared in memory.
ROOM_TO_SORT = "SET LOCAL work_mem = '32MB'"
# One answer may hold a number twice. What then counts is told by the records themselves, not by the order in which they
# came, which may be another one the next time: else the row would go back and forth.
REPEATED = "SELECT flow_no FROM staged_call GROUP BY flow_no HAVING count(*) > 1"
CONTENT = "ended_at, fee, talk_seconds, billed_seconds, started_at, caller, callee, agent_fee, package_fee, end_reason"
DROP_REPEATED = f"""
    DELETE FROM staged_call dropped USING (
        SELECT place, row_number() OVER (PARTITION BY flow_no, account_id ORDER BY ({CONTENT}) DESC, place DESC) AS rank
        FROM staged_call WHERE flow_no = ANY(%(repeated)s)
    ) ranked
    WHERE dropped.place = ranked.place AND ranked.rank > 1
"""  # noqa: S608  # made of constants alone
# Two accounts of one answer share a number: it stays the row of the one that has it, or else of the first of them.
DROP_SHARED = """
    DELETE FROM staged_call dropped USING (
        SELECT staged.place, row_number() OVER (
            PARTITION BY staged.flow_no ORDER BY held.account_id = staged.account_id DESC NULLS LAST, staged.account_id
        ) AS rank
        FROM staged_call staged LEFT JOIN calls_call held ON held.switch_id = %(switch)s
            AND held.flow_no = staged.flow_no AND held.started_at BETWEEN %(earliest)s AND %(latest)s
        WHERE staged.flow_no = ANY(%(repeated)s)
    ) ranked
    WHERE dropped.place = ranked.place AND ranked.rank > 1
    RETURNING dropped.account_id, dropped.flow_no, dropped.fee
"""
ANALYZE_STAGED = "ANALYZE staged_call (flow_no)"
# Where a record of one of these numbers may be. They grow with time, so that those of a day are few among the months'.
IS_NEAR = """
    call.switch_id = %(switch)s AND call.started_at BETWEEN %(earliest)s AND %(latest)s
        AND call.flow_no BETWEEN %(least_flow_no)s AND %(greatest_flow_no)s
"""
# Days that hold a record which these accounts' day reports as well, or held it before it was edited; and those that
# remember that they report a record of this day.
OTHER_DAYS = f"""
    SELECT DISTINCT call.account_id, call.day FROM calls_call call JOIN staged_call staged USING (flow_no)
    WHERE {IS_NEAR} AND (call.account_id <> staged.account_id OR call.day <> %(day)s)
    UNION
    SELECT account_id, day FROM calls_callelsewhere
    WHERE account_id = ANY(%(accounts)s) AND day BETWEEN %(day)s::date - 8 AND %(day)s::date + 8
"""  # noqa: S608
# A number that went from this account to another and is reported here again belongs to both: it stays where it is.
DROP_GONE_BEFORE = f"""
    DELETE FROM staged_call staged USING calls_call call, calls_callchange changed
    WHERE {IS_NEAR} AND call.flow_no = staged.flow_no AND call.account_id <> staged.account_id
        AND changed.account_id = staged.account_id AND changed.flow_no = staged.flow_no AND changed.kind = 'gone'
    RETURNING staged.account_id, staged.flow_no, staged.fee
"""  # noqa: S608
# The other account, or the other day, whose row it is, is told of it; this one still counts it.
KEEP_SHARED = """
    INSERT INTO calls_callelsewhere (account_id, day, flow_no, fee)
    SELECT account_id, %(day)s, flow_no, fee
    FROM unnest(%(shared_accounts)s::bigint[], %(shared_numbers)s::bigint[], %(shared_fees)s::numeric[])
        AS shared (account_id, flow_no, fee)
    ON CONFLICT (account_id, day, flow_no) DO UPDATE SET fee = excluded.fee
    WHERE calls_callelsewhere.fee <> excluded.fee
"""
TOUCHED = "unnest(%(touched_accounts)s::bigint[], %(touched_days)s::date[]) AS touched (account_id, day)"
LOCK_DAYS = f"""
    SELECT 1 FROM calls_callday held
    JOIN {TOUCHED} USING (account_id, day)
    ORDER BY held.account_id, held.day FOR UPDATE OF held
"""  # noqa: S608
# The rows of the days that are touched, found by when calls of these days begin.
IS_OF_TOUCHED = """
    call.account_id = touched.account_id AND call.day = touched.day
        AND call.started_at >= %(begin)s AND call.started_at < %(end)s
"""
IS_OURS = "call.account_id = ANY(%(accounts)s) AND call.day = %(day)s"
# A month that is new has no statistics yet: whichever way the staged records are then looked up, it must not take long.
LOOK_UP_STAGED = "CREATE INDEX IF NOT EXISTS staged_call_number ON staged_call (flow_no)"
# What one day no longer reports is the row of the other day that does.
MOVE_BACK = f"""
    WITH moved AS (
        UPDATE calls_call call SET day = other.day
        FROM calls_callelsewhere other
        WHERE {IS_OURS} AND call.switch_id = %(switch)s
            AND other.account_id = call.account_id AND other.flow_no = call.flow_no AND other.day <> call.day
            AND call.started_at BETWEEN %(earliest)s AND %(latest)s
            AND NOT EXISTS (SELECT 1 FROM staged_call staged WHERE staged.flow_no = call.flow_no)
        RETURNING other.id
    )
    DELETE FROM calls_callelsewhere held USING moved WHERE held.id = moved.id
"""  # noqa: S608  # made of constants alone, as all of these
# What a case of the balance is told by: the balance moved by what a record cost when it was booked. What is another
# account's now is gone from the one that had it. A record that cannot be read may be any that is missing.
NOTE_CHANGES = f"""
    INSERT INTO calls_callchange (kind,
        account_id, flow_no, ended_at, agent_number, fee, agent_fee, caller, callee, talk_seconds, noticed_at)
    SELECT CASE WHEN staged.flow_no IS NULL THEN 'gone' ELSE 'edited' END,
        call.account_id, call.flow_no, call.ended_at, call.agent_number, coalesce(staged.fee, 0) - call.fee,
        coalesce(staged.agent_fee, 0) - call.agent_fee, call.caller, call.callee, call.talk_seconds, %(at)s
    FROM {TOUCHED} JOIN calls_call call ON {IS_OF_TOUCHED}
    LEFT JOIN staged_call staged ON staged.account_id = call.account_id AND staged.flow_no = call.flow_no
    WHERE (staged.flow_no IS NULL
            AND ({IS_OURS} AND %(unreadable)s = 0
                OR EXISTS (SELECT 1 FROM staged_call others WHERE others.flow_no = call.flow_no)))
        OR (staged.flow_no IS NOT NULL
            AND (call.started_at, {_of("call", COMPARED)}) IS DISTINCT FROM
                (staged.started_at, {_of("staged", COMPARED)}))
"""  # noqa: S608
# Records that an earlier answer lacked though their calls had ended well before it was given. A new day has none that
# could be, so these are found first. OFFSET keeps the look-up one by the record's number: without statistics it would
# be joined with all calls of these months.
NOTE_LATE = """
    WITH ended AS MATERIALIZED (
        SELECT staged.* FROM staged_call staged
        JOIN calls_callday held ON held.account_id = staged.account_id AND held.day = %(day)s
        WHERE staged.ended_at < held.fetched_at - %(late_after)s AND NOT held.calls_dropped
    )
    INSERT INTO calls_callchange (kind,
        account_id, flow_no, ended_at, agent_number, fee, agent_fee, caller, callee, talk_seconds, noticed_at)
    SELECT 'late', ended.account_id, ended.flow_no, ended.ended_at, ended.agent_number, ended.fee,
        ended.agent_fee, ended.caller, ended.callee, ended.talk_seconds, %(at)s
    FROM ended
    WHERE NOT EXISTS (
        SELECT 1 FROM calls_call call
        WHERE call.switch_id = %(switch)s AND call.flow_no = ended.flow_no
            AND call.started_at BETWEEN %(earliest)s AND %(latest)s
        OFFSET 0
    )
"""
DELETE_GONE = f"""
    DELETE FROM calls_call call USING {TOUCHED}
    WHERE {IS_OF_TOUCHED} AND {IS_OURS} AND NOT EXISTS (
        SELECT 1 FROM staged_call staged WHERE staged.flow_no = call.flow_no AND staged.started_at = call.started_at
    )
"""  # noqa: S608
DELETE_MOVED = f"""
    DELETE FROM calls_call call USING staged_call staged
    WHERE call.flow_no = staged.flow_no AND call.started_at <> staged.started_at AND {IS_NEAR}
    RETURNING call.account_id, call.day
"""  # noqa: S608
STARTED_ON = "(staged.started_at AT TIME ZONE %(zone)s)::date"
ROWS_OF_OTHER_DAYS = f"""
    staged_call staged JOIN calls_call call ON call.flow_no = staged.flow_no
        AND call.started_at = staged.started_at AND call.account_id = staged.account_id AND call.day <> %(day)s
        AND {IS_NEAR}
"""
FORGET_ELSEWHERE = """
    DELETE FROM calls_callelsewhere WHERE account_id = ANY(%(accounts)s) AND day = %(day)s
"""
# The other day, whose row it was, still reports it.
KEEP_ELSEWHERE = f"""
    INSERT INTO calls_callelsewhere (account_id, day, flow_no, fee)
    SELECT call.account_id, CASE WHEN {STARTED_ON} = %(day)s THEN call.day ELSE %(day)s END, call.flow_no, staged.fee
    FROM {ROWS_OF_OTHER_DAYS}
    ON CONFLICT (account_id, day, flow_no) DO UPDATE SET fee = excluded.fee
    WHERE calls_callelsewhere.fee <> excluded.fee
"""  # noqa: S608
STAGED = f"SELECT %(switch)s, %(day)s, {COLUMNS} FROM staged_call ORDER BY flow_no"  # noqa: S608
INSERT = f"INSERT INTO calls_call (switch_id, day, {COLUMNS}) {STAGED}"
KEPT_DAY = """
    CASE WHEN call.account_id = excluded.account_id
            AND excluded.day <> (excluded.started_at AT TIME ZONE %(zone)s)::date
        THEN call.day ELSE excluded.day END
"""
# A row of another day may have come in after the days were locked: whose rows were replaced tells.
UPSERT = f"""
    WITH replaced AS (
        INSERT INTO calls_call AS call (switch_id, day, {COLUMNS}) {STAGED}
        ON CONFLICT (switch_id, flow_no, started_at) DO UPDATE
        SET day = {KEPT_DAY}, {", ".join(f"{name} = excluded.{name}" for name in COMPARED)}
        WHERE (call.day, {_of("call", COMPARED)}) IS DISTINCT FROM ({KEPT_DAY}, {_of("excluded", COMPARED)})
        RETURNING old.account_id, old.day
    )
    SELECT DISTINCT account_id, day FROM replaced WHERE account_id IS NOT NULL
"""  # noqa: S608
# A day stays proven only while what it holds and what it reports elsewhere add up to what proved it.
ADD_UP = """
    UPDATE calls_callday held
    SET calls = summed.calls, answered = summed.answered, talk_seconds = summed.talk_seconds,
        billed_seconds = summed.billed_seconds, fee = summed.fee,
        elsewhere_calls = summed.elsewhere_calls, elsewhere_fee = summed.elsewhere_fee,
        rounded = coalesce(summed.rounded, held.rounded),
        state = CASE
            WHEN held.state <> 'proven' THEN held.state
            WHEN held.reported_calls = summed.calls + summed.elsewhere_calls + held.apart_calls
                AND abs(held.reported_fee - summed.fee - summed.elsewhere_fee - held.apart_fee)
                    <= coalesce(summed.rounded, held.rounded) * 0.000001 + held.fee_slack THEN 'proven'
            ELSE 'differs' END
    FROM (
        SELECT touched.account_id, touched.day, touched.rounded, hours.*, elsewhere.*
        FROM unnest(%(touched_accounts)s::bigint[], %(touched_days)s::date[], %(rounded)s::int[])
            AS touched (account_id, day, rounded),
        LATERAL (
            SELECT coalesce(sum(calls), 0) AS calls, coalesce(sum(answered), 0) AS answered,
                coalesce(sum(talk_seconds), 0) AS talk_seconds, coalesce(sum(billed_seconds), 0) AS billed_seconds,
                coalesce(sum(fee), 0) AS fee
            FROM calls_calltotal total WHERE total.account_id = touched.account_id AND total.day = touched.day
        ) hours,
        LATERAL (
            SELECT count(*) AS elsewhere_calls, coalesce(sum(fee), 0) AS elsewhere_fee
            FROM calls_callelsewhere other WHERE other.account_id = touched.account_id AND other.day = touched.day
        ) elsewhere
    ) summed
    WHERE held.account_id = summed.account_id AND held.day = summed.day
"""
MARK_FETCHED = """
    UPDATE calls_callday
    SET fetched_at = %(at)s, calls_dropped = false, unreadable = %(unreadable)s, failed_at = NULL, failure = '',
        failures = 0, fetch_again_at = NULL,
        state = CASE WHEN state = 'proven' AND %(unreadable)s = 0 THEN state ELSE 'fetched' END
    WHERE account_id = ANY(%(accounts)s) AND day = %(day)s
"""

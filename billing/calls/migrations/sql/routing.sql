-- What operators alone may see of a call. Partitioned like the calls: each month of calls has one of routing, made and
-- dropped together.
CREATE TABLE calls_callrouting (
    switch_id bigint NOT NULL,
    flow_no bigint NOT NULL,
    started_at timestamptz NOT NULL,
    caller_gateway text NOT NULL,
    caller_ip text NOT NULL,
    caller_access_e164 text NOT NULL,
    caller_to_gateway_e164 text NOT NULL,
    caller_product_id text NOT NULL,
    callee_gateway text NOT NULL,
    callee_ip text NOT NULL,
    callee_access_e164 text NOT NULL,
    callee_to_gateway_e164 text NOT NULL,
    callee_product_id text NOT NULL,
    PRIMARY KEY (switch_id, flow_no, started_at)
) PARTITION BY RANGE (started_at);

-- Routing goes with its call. A foreign key would have to be looked up for each call that is deleted, and would keep
-- months from being dropped.
CREATE FUNCTION calls_call_takes_its_routing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM gone) THEN
        DELETE FROM calls_callrouting kept USING gone
        WHERE kept.switch_id = gone.switch_id AND kept.flow_no = gone.flow_no AND kept.started_at = gone.started_at
            AND kept.started_at BETWEEN (SELECT min(started_at) FROM gone) AND (SELECT max(started_at) FROM gone);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER call_takes_its_routing AFTER DELETE ON calls_call
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION calls_call_takes_its_routing();

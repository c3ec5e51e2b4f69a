DROP TRIGGER call_takes_its_routing ON calls_call;
DROP FUNCTION calls_call_takes_its_routing();
DROP TABLE calls_callrouting;

DROP TRIGGER account_of_calls_stays_on_its_switch ON accounts_account;
DROP TRIGGER account_of_calls_stays ON accounts_account;
DROP TABLE calls_call;
DROP FUNCTION calls_call_keeps_its_account();
DROP FUNCTION calls_call_has_its_account();

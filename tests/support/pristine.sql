-- Keeps what migrations put into the tables, and puts every table back to that after a test that committed.
CREATE SCHEMA pristine;

DO $$
DECLARE
    held regclass;
    has_rows boolean;
BEGIN
    FOR held IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', held) INTO has_rows;
        IF has_rows THEN
            EXECUTE format('CREATE TABLE pristine.%I AS TABLE %s',
                (SELECT relname FROM pg_class WHERE oid = held), held);
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION pristine.restore() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    held regclass;
    kept regclass;
    differs boolean;
    changed regclass[] := '{}';
BEGIN
    FOR held, kept IN
        SELECT public.oid, pristine.oid
        FROM pg_class public
        LEFT JOIN pg_class pristine
            ON pristine.relname = public.relname AND pristine.relnamespace = 'pristine'::regnamespace
        WHERE public.relnamespace = 'public'::regnamespace AND public.relkind = 'r'
    LOOP
        IF kept IS NULL THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM %s)', held) INTO differs;
        ELSE
            EXECUTE format('SELECT EXISTS ((TABLE %1$s EXCEPT TABLE %2$s) UNION ALL (TABLE %2$s EXCEPT TABLE %1$s))',
                held, kept) INTO differs;
        END IF;
        IF differs THEN
            changed := changed || held;
        END IF;
    END LOOP;
    IF changed = '{}' THEN
        RETURN;
    END IF;
    -- No trigger that guards the rows, and no foreign key, stands in the way.
    SET LOCAL session_replication_role = replica;
    FOREACH held IN ARRAY changed LOOP
        EXECUTE format('DELETE FROM %s', held);
        kept := to_regclass(format('pristine.%I', (SELECT relname FROM pg_class WHERE oid = held)));
        IF kept IS NOT NULL THEN
            EXECUTE format('INSERT INTO %s OVERRIDING SYSTEM VALUE TABLE %s', held, kept);
        END IF;
    END LOOP;
END $$;

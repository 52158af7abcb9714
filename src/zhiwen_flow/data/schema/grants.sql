-- Roles of zhiwen_flow on PostgreSQL (数据库角色与授权). Run by the administrator, after the tables were made, with
-- the schema of the tables first in search_path:
--   zhiwen-flow store grants | psql 'postgresql://…'
-- It may be run again. None of the roles may log in: grant them to the accounts that do.
--
--   zhiwen_app        the program: decides and records (办理)
--   zhiwen_relay      publishes what was recorded (发布)
--   zhiwen_reader     reads the log and the tables, no sealed values (查询)
--   zhiwen_archivist  detaches closed years (归档); alone may remove events, and only those that are recorded as archived
--
-- Nobody may change an event, and nobody may empty a table.

DO $$
DECLARE
  name text;
  part text;
BEGIN
  FOREACH name IN ARRAY ARRAY['zhiwen_app', 'zhiwen_relay', 'zhiwen_reader', 'zhiwen_archivist'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', name);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), name);
    FOR part IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename LIKE 'zhiwen\_%' LOOP
      EXECUTE format('REVOKE ALL ON %I.%I FROM PUBLIC, %I', current_schema(), part, name);
    END LOOP;
  END LOOP;
END $$;

GRANT SELECT ON zhiwen_version, zhiwen_meta, zhiwen_definitions, zhiwen_pins, zhiwen_events, zhiwen_archived
  TO zhiwen_app, zhiwen_relay, zhiwen_reader, zhiwen_archivist;
GRANT SELECT ON zhiwen_streams, zhiwen_counters, zhiwen_obligations, zhiwen_deadlines, zhiwen_keys, zhiwen_refusals,
  zhiwen_outbox, zhiwen_lanes, zhiwen_held, zhiwen_skipped
  TO zhiwen_app, zhiwen_reader, zhiwen_archivist;

-- zhiwen_app: what is written once is inserted, what follows from it is kept current.
GRANT INSERT ON zhiwen_definitions, zhiwen_pins, zhiwen_events, zhiwen_keys, zhiwen_outbox TO zhiwen_app;
GRANT INSERT, UPDATE ON zhiwen_streams TO zhiwen_app;
GRANT INSERT, UPDATE, DELETE ON zhiwen_counters, zhiwen_deadlines, zhiwen_refusals TO zhiwen_app;
GRANT INSERT, DELETE ON zhiwen_obligations TO zhiwen_app;
-- Sealed values are read to decide, and deleted to erase them.
GRANT SELECT, INSERT, UPDATE (fact), DELETE ON zhiwen_sealed TO zhiwen_app;
GRANT USAGE ON SEQUENCE zhiwen_events_seq_seq, zhiwen_pins_pin_seq TO zhiwen_app, zhiwen_archivist;

-- zhiwen_relay: what waits to be published, and who publishes it.
GRANT SELECT, DELETE ON zhiwen_outbox TO zhiwen_relay;
GRANT SELECT, INSERT, UPDATE, DELETE ON zhiwen_lanes, zhiwen_held TO zhiwen_relay;
GRANT SELECT, INSERT, UPDATE, DELETE ON zhiwen_skipped TO zhiwen_relay;

-- zhiwen_archivist: records what it detaches, in an event and in a row for each stream, then removes it.
GRANT INSERT ON zhiwen_archived, zhiwen_outbox TO zhiwen_archivist;
GRANT INSERT, DELETE ON zhiwen_events TO zhiwen_archivist;
GRANT INSERT, UPDATE, DELETE ON zhiwen_streams TO zhiwen_archivist;
GRANT DELETE ON zhiwen_counters, zhiwen_refusals TO zhiwen_archivist;
GRANT SELECT, DELETE ON zhiwen_sealed TO zhiwen_archivist;
GRANT UPDATE ON zhiwen_keys TO zhiwen_archivist;

// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Groups that nobody logs in as. They belong to the whole server, not to one database, so a server can hold only one
 * fleet.
 */
export const GROUPS = ['fleet_sensor', 'fleet_people'] as const;

/**
 * Version 1: what sensors push. Each node logs in with a separate role, whose name is the node's name and the only
 * source of it: `node` must not be inserted, so it takes its default at the speed of COPY. Rows are in partitions by
 * the time of arrival: a sensor with a wrong clock, or after an outage, never meets a partition that is gone. Only
 * columns that somebody needs have indexes, because each push pays for them.
 */
export const VERSION_1 = `
  CREATE TABLE fleet.node (
    node text PRIMARY KEY,
    node_id text,
    log_id uuid NOT NULL,
    epoch integer NOT NULL DEFAULT 1,
    mark bigint NOT NULL,
    repeat_mark bigint NOT NULL,
    rows_total bigint NOT NULL DEFAULT 0,
    waiting bigint NOT NULL DEFAULT 0,
    version text,
    pushed_at timestamptz,
    seen_at timestamptz NOT NULL DEFAULT now()
  ) WITH (fillfactor = 50);
  COMMENT ON TABLE fleet.node IS 'One row a node. A log is the life of one database file: a file that was restored or copied begins another epoch, so that a honey_id never means two events. mark is the honey_id of the newest row pushed; it moves in the transaction that copies the rows.';

  CREATE TABLE fleet.event (
    received_at timestamptz NOT NULL DEFAULT now(),
    node text NOT NULL DEFAULT session_user,
    epoch integer NOT NULL,
    honey_id bigint NOT NULL,
    event_time timestamptz,
    event_uuid uuid,
    collected_method text,
    source_ip inet,
    source_port integer,
    destination_ip inet,
    destination_port integer,
    transport_type text,
    message_kind text,
    method text,
    called_number text,
    called_number_source text,
    user_agent text,
    request_uri text,
    to_uri text,
    to_user text,
    from_uri text,
    from_user text,
    grade text,
    anomalies text,
    details text,
    created_by_node_id text,
    seen_count integer NOT NULL,
    sip_message text
  ) PARTITION BY RANGE (received_at);
  CREATE TABLE fleet.event_default PARTITION OF fleet.event DEFAULT;
  CREATE INDEX ON fleet.event (node, epoch, honey_id);
  CREATE INDEX ON fleet.event (source_ip);
  CREATE INDEX ON fleet.event (called_number);
  CREATE INDEX ON fleet.event USING brin (event_time);
  COMMENT ON COLUMN fleet.event.grade IS 'NULL: rows of other programs, and what an operator imported';
  COMMENT ON COLUMN fleet.event.seen_count IS 'messages when it was pushed; later ones are in fleet.repeat';

  CREATE TABLE fleet.repeat (
    received_at timestamptz NOT NULL DEFAULT now(),
    node text NOT NULL DEFAULT session_user,
    epoch integer NOT NULL,
    honey_id bigint NOT NULL,
    added integer NOT NULL,
    last_seen timestamptz
  ) PARTITION BY RANGE (received_at);
  CREATE TABLE fleet.repeat_default PARTITION OF fleet.repeat DEFAULT;
  CREATE INDEX ON fleet.repeat (node, epoch, honey_id);
  COMMENT ON TABLE fleet.repeat IS 'Messages counted on an event after it was pushed: seen_count of the event and the sum of these are all of them.';

  CREATE VIEW fleet.self WITH (security_barrier) AS SELECT * FROM fleet.node WHERE node = session_user;

  CREATE FUNCTION fleet.open_log(p_node_id text, p_log uuid, p_epoch integer, p_pushed bigint, p_pushing bigint,
    p_repeats_pushed bigint, p_repeats_pushing bigint, p_version text)
  RETURNS TABLE (epoch integer, mark bigint, repeat_mark bigint)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE known fleet.node;
  BEGIN
    SELECT * INTO known FROM fleet.node AS n WHERE n.node = session_user FOR UPDATE;
    IF NOT FOUND THEN
      INSERT INTO fleet.node (node, node_id, log_id, mark, repeat_mark, version)
        VALUES (session_user, left(p_node_id, 64), p_log, p_pushed, p_repeats_pushed, left(p_version, 64));
      RETURN QUERY SELECT 1, p_pushed, p_repeats_pushed;
      RETURN;
    END IF;
    IF known.log_id <> p_log OR known.epoch <> p_epoch OR
      (known.mark > p_pushed OR known.repeat_mark > p_repeats_pushed) AND
      (known.mark, known.repeat_mark) IS DISTINCT FROM (p_pushing, p_repeats_pushing)
    THEN -- The node's file was restored or copied, or another node works under this name.
      known.epoch := known.epoch + 1;
      known.mark := p_pushed;
      known.repeat_mark := p_repeats_pushed;
      known.rows_total := 0;
    END IF; -- A lower mark is that of a fleet that was restored: the node goes on from there.
    UPDATE fleet.node AS n SET node_id = left(p_node_id, 64), log_id = p_log, epoch = known.epoch, mark = known.mark,
      repeat_mark = known.repeat_mark, rows_total = known.rows_total, version = left(p_version, 64), seen_at = now()
      WHERE n.node = session_user;
    RETURN QUERY SELECT known.epoch, known.mark, known.repeat_mark;
  END $$;
  COMMENT ON FUNCTION fleet.open_log IS 'A node says which log it has, what it knows as pushed and what it was pushing when it last heard from us; the answer says where it goes on.';

  CREATE FUNCTION fleet.push(p_log uuid, p_epoch integer, p_from bigint, p_to bigint,
    p_repeats_from bigint, p_repeats_to bigint, p_rows integer, p_waiting bigint) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    UPDATE fleet.node SET mark = p_to, repeat_mark = p_repeats_to, rows_total = rows_total + p_rows,
      waiting = p_waiting, seen_at = now(),
      pushed_at = CASE WHEN p_to > p_from OR p_repeats_to > p_repeats_from THEN now() ELSE pushed_at END
      WHERE node = session_user AND log_id = p_log AND epoch = p_epoch AND mark = p_from
      AND repeat_mark = p_repeats_from AND p_to >= p_from AND p_repeats_to >= p_repeats_from AND p_rows >= 0;
    IF NOT FOUND THEN RAISE EXCEPTION 'another follower moved the mark' USING ERRCODE = 'FL001'; END IF;
  END $$;
  COMMENT ON FUNCTION fleet.push IS 'The first statement of each push, before COPY: moves the mark, or ends the transaction.';

  CREATE FUNCTION fleet.prepare_days(p_days integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    parent text;
    day date;
    name text;
    made integer := 0;
  BEGIN
    FOREACH parent IN ARRAY ARRAY['event', 'repeat'] LOOP
      FOR ahead IN 0..least(p_days, 31) LOOP
        day := (now() AT TIME ZONE 'UTC')::date + ahead;
        name := parent || to_char(day, '_YYYYMMDD');
        CONTINUE WHEN to_regclass('fleet.' || name) IS NOT NULL;
        BEGIN
          EXECUTE format('CREATE TABLE fleet.%I PARTITION OF fleet.%I FOR VALUES FROM (%L) TO (%L)',
            name, parent, day::text || ' 00:00+00', (day + 1)::text || ' 00:00+00');
          made := made + 1;
        EXCEPTION
          WHEN check_violation OR duplicate_table THEN NULL; -- Its rows are in the default already, or another was faster.
        END;
      END LOOP;
    END LOOP;
    RETURN made;
  END $$;
  COMMENT ON FUNCTION fleet.prepare_days IS 'Makes partitions for days ahead. A day that nobody prepared costs speed, not events.';`;

/** Rights as of version 1. Run again after each migration, because that revokes everything else. */
export const ACCESS_1 = `
  GRANT USAGE ON SCHEMA fleet TO fleet_sensor, fleet_people;
  GRANT SELECT ON fleet.migration TO fleet_sensor, fleet_people;
  GRANT SELECT ON fleet.self TO fleet_sensor;
  GRANT EXECUTE ON FUNCTION fleet.open_log, fleet.push, fleet.prepare_days TO fleet_sensor;
  GRANT SELECT ON fleet.node, fleet.event, fleet.repeat TO fleet_people;
  DO $$
  DECLARE t text;
  BEGIN
    FOREACH t IN ARRAY ARRAY['event', 'repeat'] LOOP -- All columns but whose and when.
      EXECUTE format('GRANT INSERT (%s) ON fleet.%I TO fleet_sensor', (
        SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attrelid = ('fleet.' || t)::regclass
          AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('node', 'received_at')), t);
    END LOOP;
  END $$;`;

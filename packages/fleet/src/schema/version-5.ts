// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** The version from which hubs say what they list, and nodes follow it. */
export const LISTINGS_VERSION = 5;

/** The group of nodes that only follow what hubs list. */
export const FOLLOWER_GROUP = 'fleet_follower';

/** SQLSTATE of `fleet.publish` if another hub says what is listed. */
export const NOT_LEADING = 'FL002';

/**
 * Version 5: what the hubs list, one row per subject. One hub at a time says it, by a lease of some seconds, so all
 * hear the same. `serial` is taken under the lock of one row, so the order of serials is that of commits, and it jumps
 * to the time if that is ahead. What is removed stays for a day as a row with the level `none`; `forgotten` is the
 * newest serial that is gone. `life` changes if the database was set back in time: nodes that knew more start over.
 */
export const VERSION_5 = `
  CREATE TABLE fleet.listing (
    kind text NOT NULL CHECK (kind IN ('address', 'number', 'range')),
    value text NOT NULL CHECK (length(value) BETWEEN 1 AND 64),
    serial bigint NOT NULL UNIQUE,
    level text NOT NULL CHECK (level IN ('listed', 'watch', 'none')),
    score smallint NOT NULL CHECK (score BETWEEN 0 AND 100),
    grade text NOT NULL CHECK (grade IN ('seen', 'returned', 'handshake')),
    reasons text NOT NULL CHECK (length(reasons) <= 4096),
    since_us bigint NOT NULL,
    until_us bigint NOT NULL,
    first_us bigint NOT NULL,
    last_us bigint NOT NULL,
    events bigint NOT NULL,
    is_blocked boolean NOT NULL,
    is_delisted boolean NOT NULL,
    node text NOT NULL,
    PRIMARY KEY (kind, value)
  );
  CREATE INDEX ON fleet.listing (serial) WHERE level = 'none';
  ALTER TABLE fleet.listing ENABLE ROW LEVEL SECURITY;
  CREATE POLICY follow ON fleet.listing FOR SELECT TO fleet_follower, fleet_people USING (true);
  COMMENT ON TABLE fleet.listing IS 'What the hubs list; rows of the level none were taken off within the last day.';

  CREATE TABLE fleet.listing_mark (
    life uuid NOT NULL DEFAULT gen_random_uuid(),
    last bigint NOT NULL DEFAULT 0,
    forgotten bigint NOT NULL DEFAULT 0,
    hub text,
    term bigint NOT NULL DEFAULT 0,
    is_ready boolean NOT NULL DEFAULT false,
    until timestamptz NOT NULL DEFAULT '-infinity'
  ) WITH (fillfactor = 50);
  INSERT INTO fleet.listing_mark DEFAULT VALUES;

  CREATE FUNCTION fleet.lead(p_life uuid, p_last bigint, p_is_ready boolean)
  RETURNS TABLE (is_leading boolean, hub text, term bigint, life uuid, last bigint, now_us bigint)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE m fleet.listing_mark;
  BEGIN
    SELECT * INTO m FROM fleet.listing_mark FOR UPDATE;
    IF m.life = p_life AND m.last < p_last THEN -- The database was put back: what followers know may never have been.
      m.life := gen_random_uuid();
      m.hub := NULL;
    END IF;
    IF m.hub IS NULL OR m.hub = session_user
      OR m.until < clock_timestamp() - (CASE WHEN p_is_ready THEN interval '0' ELSE interval '10 s' END)
      OR p_is_ready AND NOT m.is_ready
    THEN
      IF m.hub IS DISTINCT FROM session_user OR m.until < clock_timestamp() THEN m.term := m.term + 1; END IF;
      m.hub := session_user;
      m.is_ready := p_is_ready;
      m.until := clock_timestamp() + interval '5 s';
      UPDATE fleet.listing_mark AS o SET life = m.life, hub = m.hub, term = m.term, is_ready = m.is_ready, until = m.until;
    END IF;
    RETURN QUERY SELECT m.hub = session_user::text, m.hub, m.term, m.life, m.last,
      (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
  END $$;
  COMMENT ON FUNCTION fleet.lead IS 'A hub asks whether it is the one that says what is listed; a hub that caught up goes before one that did not.';

  CREATE FUNCTION fleet.publish(p_term bigint, p_rows jsonb) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    first bigint;
    changed bigint;
    gone bigint;
  BEGIN
    UPDATE fleet.listing_mark SET until = clock_timestamp() + interval '5 s',
      last = greatest(last, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
      WHERE hub = session_user AND term = p_term RETURNING last INTO first;
    IF NOT FOUND THEN RAISE EXCEPTION 'another hub says what is listed' USING ERRCODE = '${NOT_LEADING}'; END IF;
    WITH said AS (
      SELECT s.*, row_number() OVER () AS place FROM jsonb_to_recordset(p_rows) AS s(kind text, value text, level text,
        score smallint, grade text, reasons text, since_us bigint, until_us bigint, first_us bigint, last_us bigint,
        events bigint, is_blocked boolean, is_delisted boolean)
      LEFT JOIN fleet.listing AS l USING (kind, value)
      WHERE CASE WHEN s.level = 'none' THEN l.level <> 'none' ELSE l.level IS DISTINCT FROM s.level
        OR l.is_blocked <> s.is_blocked OR l.grade <> s.grade OR abs(l.until_us - s.until_us) > 60000000 END)
    INSERT INTO fleet.listing AS l (kind, value, serial, level, score, grade, reasons, since_us, until_us, first_us, last_us,
        events, is_blocked, is_delisted, node)
      SELECT kind, value, first + place, level, score, grade, reasons, since_us, until_us, first_us, last_us, events,
        is_blocked, is_delisted, session_user FROM said
      ON CONFLICT (kind, value) DO UPDATE SET serial = excluded.serial, level = excluded.level, score = excluded.score,
        grade = excluded.grade, reasons = excluded.reasons, since_us = excluded.since_us, until_us = excluded.until_us,
        first_us = excluded.first_us, last_us = excluded.last_us, events = excluded.events,
        is_blocked = excluded.is_blocked, is_delisted = excluded.is_delisted, node = excluded.node;
    GET DIAGNOSTICS changed = ROW_COUNT;
    WITH old AS (DELETE FROM fleet.listing WHERE ctid = ANY (ARRAY(SELECT ctid FROM fleet.listing WHERE level = 'none'
        AND serial < first - 86400000000::bigint ORDER BY serial LIMIT 1000)) RETURNING serial)
      SELECT max(serial) INTO gone FROM old;
    UPDATE fleet.listing_mark SET last = first + changed, forgotten = greatest(forgotten, coalesce(gone, 0));
    RETURN first + changed;
  END $$;
  COMMENT ON FUNCTION fleet.publish IS 'The hub that leads says what it lists; only what differs becomes a change.';`;

/** Rights as of version 5: followers read listings, but not which hub said what; only hubs say it. */
export const ACCESS_5 = `
  GRANT USAGE ON SCHEMA fleet TO ${FOLLOWER_GROUP};
  GRANT SELECT ON fleet.migration TO ${FOLLOWER_GROUP};
  GRANT SELECT (kind, value, serial, level, score, grade, reasons, since_us, until_us, first_us, last_us, events, is_blocked,
    is_delisted) ON fleet.listing TO ${FOLLOWER_GROUP};
  GRANT SELECT (life, last, forgotten) ON fleet.listing_mark TO ${FOLLOWER_GROUP};
  GRANT SELECT ON fleet.listing, fleet.listing_mark TO fleet_people;
  GRANT ${FOLLOWER_GROUP} TO fleet_sensor;
  GRANT EXECUTE ON FUNCTION fleet.lead, fleet.publish TO fleet_hub;`;

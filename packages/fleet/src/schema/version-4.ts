// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** The version from which hubs share what operators decide. */
export const DECISIONS_VERSION = 4;

/**
 * Version 4: what an operator decided at one hub, for all of them. A number is taken under the lock of one row, so the
 * order of numbers is that of commits, and a follower that knows one number misses none. Numbers jump to the time if
 * that is ahead: a restored database issues numbers above all that it issued before. A decision that is sent again
 * after a lost answer is recognised by its UUID, so a replaced row stays for a day.
 */
export const VERSION_4 = `
  CREATE TABLE fleet.decision (
    decision_id bigint PRIMARY KEY,
    decision_uuid uuid NOT NULL UNIQUE,
    node text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    kind text NOT NULL CHECK (kind IN ('allow', 'disallow', 'block', 'unblock', 'delist')),
    subject text CHECK (subject IN ('address', 'number', 'range')),
    value text NOT NULL CHECK (length(value) <= 128),
    comment text NOT NULL CHECK (length(comment) <= 1000),
    until_us bigint,
    is_replaced boolean NOT NULL DEFAULT false
  );
  CREATE INDEX ON fleet.decision (value);
  CREATE INDEX ON fleet.decision (decided_at) WHERE is_replaced OR until_us IS NOT NULL;
  COMMENT ON TABLE fleet.decision IS 'What operators decided at hubs, in the order in which it holds.';
  CREATE TABLE fleet.decision_mark (last bigint NOT NULL);
  INSERT INTO fleet.decision_mark VALUES (0);

  CREATE FUNCTION fleet.decide(p_uuid uuid, p_kind text, p_subject text, p_value text, p_comment text, p_until_us bigint)
  RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE id bigint;
  BEGIN
    UPDATE fleet.decision_mark SET last = greatest(last + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
      RETURNING last INTO id;
    IF EXISTS (SELECT 1 FROM fleet.decision WHERE decision_uuid = p_uuid) THEN RETURN; END IF;
    UPDATE fleet.decision SET is_replaced = true WHERE value = p_value AND subject IS NOT DISTINCT FROM p_subject
      AND (kind = 'delist') = (p_kind = 'delist') AND NOT is_replaced;
    DELETE FROM fleet.decision WHERE decided_at < now() - interval '1 day'
      AND (is_replaced OR until_us < (extract(epoch FROM now()) - 86400) * 1000000);
    INSERT INTO fleet.decision (decision_id, decision_uuid, node, kind, subject, value, comment, until_us)
      VALUES (id, p_uuid, session_user, p_kind, p_subject, p_value, left(p_comment, 1000), p_until_us);
  END $$;
  COMMENT ON FUNCTION fleet.decide IS 'A hub says what its operator decided; it takes the place of what was said of the same before.';`;

/** Rights as of version 4. Not for sensors: what is allowed tells a thief whom to pretend to be. */
export const ACCESS_4 = `
  GRANT SELECT ON fleet.decision TO fleet_people;
  GRANT EXECUTE ON FUNCTION fleet.decide TO fleet_hub;`;

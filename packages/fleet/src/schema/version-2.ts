// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** The group of nodes that read what all nodes push; they also push themselves. */
export const HUB_GROUP = 'fleet_hub';

/**
 * Version 2: hubs, and views for people. Messages of an event are those that it was pushed with and those that were
 * counted on it later; totals are for the hour of the event, which the node's clock decides.
 */
export const VERSION_2 = `
  CREATE VIEW fleet.nodes AS
    SELECT node, node_id, version, epoch, rows_total AS events, waiting AS behind, pushed_at AS last_push,
      seen_at AS last_sign_of_life, now() - seen_at AS silent_for FROM fleet.node;
  COMMENT ON VIEW fleet.nodes IS 'The nodes, how far each is behind, and when it was last heard of.';

  CREATE VIEW fleet.events AS
    SELECT e.node, e.event_time, e.received_at, e.source_ip, e.source_port, e.transport_type, e.method, e.called_number,
      e.user_agent, e.grade, e.seen_count + coalesce((SELECT sum(r.added) FROM fleet.repeat AS r
        WHERE r.node = e.node AND r.epoch = e.epoch AND r.honey_id = e.honey_id), 0) AS messages, e.event_uuid
    FROM fleet.event AS e;
  COMMENT ON VIEW fleet.events IS 'Events with all messages that were counted on them. Ask for a bounded time of received_at.';

  CREATE VIEW fleet.hours AS
    SELECT date_trunc('hour', event_time) AS hour, node, transport_type, method, grade, count(*) AS events,
      sum(seen_count) AS messages FROM fleet.event GROUP BY 1, 2, 3, 4, 5;
  COMMENT ON VIEW fleet.hours IS 'Events by hour, node, transport, method and grade; messages without those that were counted later.';

  CREATE VIEW fleet.sources AS
    SELECT source_ip, count(*) AS events, count(DISTINCT node) AS nodes, min(event_time) AS first_seen,
      max(event_time) AS last_seen, bool_or(grade IN ('returned', 'handshake')) AS is_proved,
      count(DISTINCT called_number) AS numbers FROM fleet.event WHERE source_ip IS NOT NULL GROUP BY source_ip;
  COMMENT ON VIEW fleet.sources IS 'Who came, to how many nodes, and whether he proved his address.';`;

/** Rights as of version 2. */
export const ACCESS_2 = `
  GRANT fleet_sensor, fleet_people TO ${HUB_GROUP};
  GRANT SELECT ON fleet.nodes, fleet.events, fleet.hours, fleet.sources TO fleet_people;`;

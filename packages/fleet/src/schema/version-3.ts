// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Version 3: totals of days whose rows were removed. `day` is that of their arrival; messages that were counted on
 * events later have no transport, method or grade.
 */
export const VERSION_3 = `
  CREATE TABLE fleet.hour_total (
    day date NOT NULL,
    hour timestamptz,
    node text NOT NULL,
    transport_type text,
    method text,
    grade text,
    events bigint NOT NULL,
    messages bigint NOT NULL
  );
  CREATE INDEX ON fleet.hour_total (hour);
  CREATE INDEX ON fleet.hour_total (day);
  CREATE OR REPLACE VIEW fleet.hours AS
    SELECT date_trunc('hour', event_time) AS hour, node, transport_type, method, grade, count(*) AS events,
      sum(seen_count) AS messages FROM fleet.event GROUP BY 1, 2, 3, 4, 5
    UNION ALL
    SELECT hour, node, transport_type, method, grade, events, messages FROM fleet.hour_total;
  COMMENT ON VIEW fleet.hours IS 'Events by hour, node, transport, method and grade, also of days whose rows were removed.';`;

/** Rights as of version 3. */
export const ACCESS_3 = 'GRANT SELECT ON fleet.hour_total TO fleet_people;';

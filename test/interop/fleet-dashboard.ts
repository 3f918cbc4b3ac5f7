// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** How Grafana expands a query for a time range. @param from As SQL, like `to`. */
export function asGrafana(rawSql: string, from: string, to: string): string {
  return rawSql
    .replaceAll(
      /\$__timeFilter\((\w+)\)/g,
      (_, column: string) => `${column} BETWEEN ${from} AND ${to}`,
    )
    .replaceAll('$__timeFrom()', `(${from})`);
}

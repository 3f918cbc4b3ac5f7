// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * SQL for whether a node was only met in networks that the operator distrusts. A single link from elsewhere is enough
 * for it to count, so that nobody can discredit a node by relaying its connections.
 *
 * @param nodeId An expression.
 */
export function isOut(nodeId: string): string {
  return `(EXISTS (SELECT 1 FROM pool_network AS one WHERE one.node_id = ${nodeId} AND one.is_out)
    AND NOT EXISTS (SELECT 1 FROM pool_network AS one WHERE one.node_id = ${nodeId} AND NOT one.is_out))`;
}

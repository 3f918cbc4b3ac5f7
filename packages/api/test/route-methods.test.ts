// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RouteMethods } from '../src/route-methods.ts';

const routes = new RouteMethods();
routes.add('/', ['GET', 'HEAD']);
routes.add('/numbers/*', ['GET', 'HEAD']);
routes.add('/v1/peers/:node_id', ['GET', 'HEAD']);
routes.add('/v1/peers/:node_id/trust', ['POST']);
routes.add('/v1/decisions', ['GET', 'HEAD']);
routes.add('/v1/decisions', ['POST']);

for (const [path, allowed] of [
  ['/', 'GET, HEAD'],
  ['', ''],
  ['/numbers', ''],
  ['/numbers/', 'GET, HEAD'],
  ['/numbers/1/2', 'GET, HEAD'],
  ['/number/1', ''],
  ['/v1/peers/x', 'GET, HEAD'],
  ['/v1/peers/', ''],
  ['/v1/peers/x/trust', 'POST'],
  ['/v1/peers/x/trust/', ''],
  ['/v1/decisions', 'GET, HEAD, POST'],
] as const) {
  test(`RouteMethods.allowed() of "${path}" is "${allowed}"`, () => {
    assert.equal(routes.allowed(path), allowed);
  });
}

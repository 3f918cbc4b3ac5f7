// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

interface Route {
  /** A name in the path, `:` and a name for any, or `*` for everything that follows. */
  readonly segments: readonly string[];
  readonly methods: readonly string[];
}

/**
 * The methods for a path, to tell 405 from 404. The framework would need a route for each refused method, and Node
 * knows 34 of them: 2,000 routes and 5 MiB.
 */
export class RouteMethods {
  readonly #routes: Route[] = [];

  add(url: string, methods: readonly string[]): void {
    this.#routes.push({ segments: url.split('/'), methods });
  }

  /** For the `Allow` header (RFC 9110 §10.2.1); empty if nothing has the path. */
  allowed(path: string): string {
    const segments = path.split('/');
    const methods = this.#routes
      .filter((route) => isRoute(route.segments, segments))
      .flatMap((route) => route.methods);
    return [...new Set(methods)].join(', ');
  }
}

function isRoute(route: readonly string[], path: readonly string[]): boolean {
  const isOpen = route.at(-1) === '*';
  if (isOpen ? path.length < route.length : path.length !== route.length) return false;
  return route.every((segment, index) => {
    const actual = path[index] ?? '';
    if (segment.startsWith(':')) return actual !== '';
    return segment === actual || (isOpen && index === route.length - 1);
  });
}

import type { Answer, Visit } from './answer.ts';

type Handler = (visit: Visit) => Answer | Promise<Answer>;

export interface Route {
  readonly method: 'GET' | 'POST';
  /** Segments; `:name` takes a whole segment, `:name.pdf` one that ends in .pdf. */
  readonly path: string;
  readonly handle: Handler;
}

export type RouteMatch =
  | { readonly found: 'route'; readonly handle: Handler; readonly params: Readonly<Record<string, string>>; readonly allow: string }
  | { readonly found: 'other-method'; readonly allow: string }
  | { readonly found: 'nothing' };

/** Finds the route of a path; the first one listed wins. HEAD is answered by GET. */
export class Router {
  readonly #routes: readonly (Route & { readonly segments: readonly string[] })[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({ ...route, segments: route.path.split('/') }));
  }

  match(method: string, path: string): RouteMatch {
    const segments = path.split('/');
    const methods: string[] = [];
    let chosen: { handle: Handler; params: Record<string, string> } | undefined;
    for (const route of this.#routes) {
      const params = matchSegments(route.segments, segments);
      if (params === undefined) continue;
      methods.push(...(route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]));
      const wanted = method === 'HEAD' ? 'GET' : method;
      if (chosen === undefined && route.method === wanted) chosen = { handle: route.handle, params };
    }
    if (methods.length === 0) return { found: 'nothing' };
    const allow = [...new Set([...methods, 'OPTIONS'])].join(', ');
    return chosen === undefined ? { found: 'other-method', allow } : { found: 'route', ...chosen, allow };
  }
}

function matchSegments(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const actual = segments[index];
    if (!expected.startsWith(':')) {
      if (expected !== actual) return undefined;
      continue;
    }
    const dot = expected.indexOf('.');
    const suffix = dot < 0 ? '' : expected.slice(dot);
    if (actual.length <= suffix.length || !actual.endsWith(suffix)) return undefined;
    const value = decode(actual.slice(0, actual.length - suffix.length));
    if (value === undefined) return undefined;
    params[dot < 0 ? expected.slice(1) : expected.slice(1, dot)] = value;
  }
  return params;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

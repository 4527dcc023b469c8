import type { IncomingMessage } from 'node:http';
import { apiError, OPEN_TO_ALL } from '../api/api-routes.ts';
import { errorPage } from '../pages/error-pages.ts';
import { redirect, Refusal } from './answer.ts';
import type { Answer } from './answer.ts';
import type { Router } from './router.ts';
import type { Site } from './site.ts';

/** Finds the answer to a request. Never rejects: what goes wrong becomes an error page (or JSON under /api/). */
export async function answerRequest(site: Site, router: Router, request: IncomingMessage): Promise<Answer> {
  const method = request.method ?? 'GET';
  const url = readTarget(request.url ?? '/');
  if (url === undefined) return refuse(site, '', 400, 'The address of this request cannot be read.');
  if (method === 'OPTIONS' && request.url === '*') return { status: 204, headers: { allow: 'GET, HEAD, POST, OPTIONS' } };
  const path = url.pathname;
  const match = router.match(method, path);
  if (match.found === 'nothing') {
    const shorter = path.replace(/\/+$/, '');
    if (shorter !== path && shorter !== '' && !shorter.startsWith('//') && router.match('GET', shorter).found === 'route') {
      return redirect(301, `${shorter}${url.search}`, { 'cache-control': 'public, max-age=3600' });
    }
    if (path === '/index.html') return redirect(301, '/', { 'cache-control': 'public, max-age=86400' });
    return refuse(site, path, 404, 'There is nothing at this address. It may have moved, or the link may be cut short.');
  }
  if (method === 'OPTIONS') return { status: 204, headers: { allow: match.allow, ...(isApi(path) ? PREFLIGHT : {}) } };
  if (match.found === 'other-method') {
    return refuse(site, path, 405, `This address takes ${match.allow} only.`, { allow: match.allow });
  }
  try {
    return await match.handle({ request, url, params: match.params });
  } catch (error) {
    if (error instanceof Refusal) {
      return refuse(site, path, error.status, error.message, error.status === 413 ? { connection: 'close' } : {});
    }
    if (request.destroyed && !request.complete) throw error;
    return refuse(site, path, 500, 'We have been told and are looking at it. Please try again in a few minutes.');
  }
}

const PREFLIGHT = { ...OPEN_TO_ALL, 'access-control-allow-methods': 'GET, HEAD, OPTIONS', 'access-control-max-age': '600' } as const;

function refuse(site: Site, path: string, status: number, message: string, headers: Answer['headers'] = {}): Answer {
  return isApi(path) ? apiError(status, message, headers) : errorPage(site, status, message, headers);
}

function isApi(path: string): boolean {
  return path.startsWith('/api/');
}

/** Origin form or absolute form (RFC 9112, section 3.2); undefined when neither. */
function readTarget(target: string): URL | undefined {
  if (target === '*') return new URL('http://site.invalid/');
  const whole = target.startsWith('/') ? `http://site.invalid${target}` : target;
  return URL.canParse(whole) ? new URL(whole) : undefined;
}

import type { IncomingMessage } from 'node:http';

/**
 * The address under which the visitor sees us, for feeds and the sitemap: behind a proxy its X-Forwarded-Host and
 * X-Forwarded-Proto, else our own Host header. Odd host names are not echoed.
 */
export function publicAddress(request: IncomingMessage): string {
  const host = firstOf(request.headers['x-forwarded-host']) ?? request.headers.host ?? '';
  const proto = firstOf(request.headers['x-forwarded-proto']) === 'https' ? 'https' : 'http';
  return `${proto}://${/^[a-z0-9.-]+(:\d{1,5})?$|^\[[0-9a-f:.]+\](:\d{1,5})?$/i.test(host) ? host : 'parliament.example'}`;
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return header === undefined ? undefined : String(header).split(',')[0].trim();
}

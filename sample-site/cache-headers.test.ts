import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startSampleSite } from './start-sample-site.ts';
import type { SampleSite } from './start-sample-site.ts';

/** The table of README.md: what a shared cache meets here. `undefined` means the header is absent. */
const EXPECTED: readonly { readonly path: string; readonly headers: Readonly<Record<string, string | undefined>>; readonly setsCookie?: true }[] = [
  { path: '/', headers: { 'cache-control': 'public, max-age=30, s-maxage=60, stale-while-revalidate=600' } },
  { path: '/news', headers: { 'cache-control': 'public, max-age=60, s-maxage=300, stale-while-revalidate=3600' } },
  { path: '/plenary', headers: { 'cache-control': 'public, max-age=15, s-maxage=30, stale-while-revalidate=120, stale-if-error=86400' } },
  { path: '/votes/1', headers: { 'cache-control': 'public, max-age=300, s-maxage=3600, stale-while-revalidate=86400' } },
  { path: '/documents/1', headers: { 'cache-control': 'public, max-age=600, s-maxage=86400, stale-while-revalidate=86400' } },
  { path: '/search?q=dyke', headers: { 'cache-control': 'public, max-age=60', etag: undefined, 'last-modified': undefined } },
  { path: '/assets/site.css', headers: { 'cache-control': 'public, max-age=300', etag: undefined } },
  { path: '/about/history', headers: { 'cache-control': undefined, expires: undefined, etag: undefined } },
  { path: '/about/open-data', headers: { 'cache-control': undefined, expires: undefined, 'last-modified': undefined } },
  { path: '/about/opening-hours', headers: { 'cache-control': undefined, expires: '0' } },
  { path: '/about/press', headers: { 'cache-control': 'public, max-age=600', vary: '*, Accept-Encoding' } },
  { path: '/visit', headers: { 'cache-control': 'public, max-age=300' }, setsCookie: true },
  { path: '/contact', headers: { 'cache-control': 'no-store, no-cache, must-revalidate', pragma: 'no-cache', expires: 'Thu, 19 Nov 1981 08:52:00 GMT' }, setsCookie: true },
  { path: '/notifications', headers: { 'cache-control': undefined, vary: 'Cookie, Accept-Encoding' }, setsCookie: true },
  { path: '/notifications/digest.txt', headers: { 'cache-control': undefined, vary: undefined, etag: undefined, 'last-modified': undefined } },
  { path: '/images/harbour.png', headers: { 'cache-control': 'no-cache' } },
  { path: '/images/chamber.png', headers: { 'cache-control': 'public, max-age=3600' } },
  { path: '/votes/latest', headers: { 'cache-control': undefined } },
  { path: '/statistics/legacy', headers: { 'cache-control': 'no-store' } },
  { path: '/nowhere', headers: { 'cache-control': undefined } },
];

let site: SampleSite;

before(async () => {
  site = await startSampleSite({ port: 0, quiet: true, today: '2026-03-10', documentCount: 200 });
});
after(async () => {
  await site.close();
});

for (const { path, headers, setsCookie } of EXPECTED) {
  test(`${path} sends the cache headers of the table`, async () => {
    const response = await fetch(site.url + path, { redirect: 'manual' });
    await response.arrayBuffer();
    for (const [name, value] of Object.entries(headers)) assert.equal(response.headers.get(name) ?? undefined, value, name);
    assert.equal(response.headers.getSetCookie().length > 0, setsCookie === true);
  });
}

test('style under its hashed name is kept for ever', async () => {
  const path = /href="(\/assets\/site\.[0-9a-f]{10}\.css)"/.exec(await (await fetch(site.url)).text())?.[1];
  const response = await fetch(`${site.url}${path}`);
  assert.equal(response.headers.get('cache-control'), 'public, max-age=31536000, immutable');
});

test('no date of change lies in the future', async () => {
  const now = Date.now();
  for (const path of ['/news/tonight-final-vote-lake-crossings-bill', '/documents/200', '/rss.xml']) {
    const late = await startSampleSite({ port: 0, quiet: true, documentCount: 200, today: '2999-01-01' });
    const response = await fetch(late.url + path);
    await response.arrayBuffer();
    assert.ok(Date.parse(response.headers.get('last-modified') ?? '') <= now + 2000, path);
    await late.close();
  }
});

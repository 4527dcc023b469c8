import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { startSampleSite } from './start-sample-site.ts';
import type { SampleSite } from './start-sample-site.ts';

let site: SampleSite;
const seen: string[] = [];

before(async () => {
  site = await startSampleSite({ port: 0, quiet: true, today: '2026-03-10', documentCount: 220 }, (method, target) => seen.push(`${method} ${target}`));
});
after(async () => {
  await site.close();
});

test('every link and picture of every page leads somewhere', async () => {
  const queue = ['/'];
  const known = new Set(queue);
  let pages = 0;
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    const response = await fetch(site.url + path);
    const type = response.headers.get('content-type') ?? '';
    const body = await response.text();
    assert.equal(response.status, 200, path);
    if (!type.startsWith('text/html')) continue;
    pages += 1;
    assert.doesNotMatch(body, /127\.0\.0\.1|undefined|\[object/, path);
    assert.equal(body.match(/<h1/g)?.length, 1, `one main heading on ${path}`);
    for (const [, link] of body.matchAll(/(?:href|src)="(\/[^"#]*)/g)) {
      const target = link.replaceAll('&amp;', '&');
      if (known.has(target)) continue;
      known.add(target);
      queue.push(target);
    }
  }
  assert.ok(pages > 700, `${pages} pages`);
});

test('the addresses of the sitemap exist and carry the name the visitor used', async () => {
  const response = await fetch(`${site.url}/sitemap.xml`, { headers: { 'x-forwarded-host': 'parliament.test', 'x-forwarded-proto': 'https' } });
  const addresses = [...(await response.text()).matchAll(/<loc>([^<]+)<\/loc>/g)].map(([, address]) => address);
  assert.ok(addresses.length > 700);
  assert.ok(addresses.every((address) => address.startsWith('https://parliament.test/')));
  for (const address of addresses.filter((_, index) => index % 60 === 0)) {
    assert.equal((await fetch(site.url + new URL(address).pathname)).status, 200, address);
  }
  assert.match(await text('/rss.xml'), new RegExp(`<link>${site.url}/news</link>`));
  assert.match(await text('/atom.xml'), /<updated>2026-03-1/);
  assert.match(await text('/robots.txt'), /Disallow: \/search/);
});

test('HEAD says what GET says, without a body', async () => {
  for (const path of ['/', '/documents/5.pdf', '/images/emblem.svg', '/downloads/session-recording.bin?bytes=99', '/nowhere']) {
    const [head, get] = await Promise.all([raw('HEAD', path), raw('GET', path)]);
    assert.equal(head.body.length, 0);
    assert.equal(head.message.statusCode, get.message.statusCode);
    for (const name of ['content-length', 'content-type', 'etag', 'cache-control', 'last-modified']) {
      assert.equal(head.message.headers[name], get.message.headers[name], `${name} of ${path}`);
    }
  }
});

test('a client that has the page is told so', async () => {
  for (const path of ['/', '/news', '/members', '/documents/7', '/documents/7.pdf', '/api/v1/votes', '/rss.xml', '/images/harbour.png']) {
    const first = await fetch(site.url + path);
    await first.arrayBuffer();
    const again = await fetch(site.url + path, { headers: { 'if-none-match': first.headers.get('etag') ?? '' } });
    assert.equal(again.status, 304, path);
    assert.equal(again.headers.get('cache-control'), first.headers.get('cache-control'));
  }
  const history = await fetch(`${site.url}/about/history`);
  const since = history.headers.get('last-modified') ?? '';
  assert.equal((await fetch(`${site.url}/about/history`, { headers: { 'if-modified-since': since } })).status, 304);
});

test('a PDF can be fetched in parts that make the whole', async () => {
  const whole = await raw('GET', '/documents/9.pdf');
  assert.match(String(whole.message.headers['content-disposition']), /filename="[a-z0-9-]+\.pdf"/);
  const parts: Buffer[] = [];
  for (let start = 0; start < whole.body.length; start += 4000) {
    const part = await raw('GET', '/documents/9.pdf', { range: `bytes=${start}-${start + 3999}`, 'if-range': String(whole.message.headers.etag) });
    assert.equal(part.message.statusCode, 206);
    assert.match(String(part.message.headers['content-range']), new RegExp(`^bytes ${start}-\\d+/${whole.body.length}$`));
    parts.push(part.body);
  }
  assert.deepEqual(Buffer.concat(parts), whole.body);
  const beyond = await raw('GET', '/documents/9.pdf', { range: `bytes=${whole.body.length}-` });
  assert.equal(beyond.message.statusCode, 416);
  assert.equal((await raw('GET', '/documents/9.pdf', { range: 'bytes=0-9', 'if-range': '"old"' })).message.statusCode, 200);
});

test('pages are compressed for those who ask, and say that they vary', async () => {
  const plain = await raw('GET', '/members');
  const packed = await raw('GET', '/members', { 'accept-encoding': 'gzip' });
  assert.equal(plain.message.headers['content-encoding'], undefined);
  assert.equal(packed.message.headers['content-encoding'], 'gzip');
  assert.equal(plain.message.headers.vary, 'Accept-Encoding');
  assert.deepEqual(gunzipSync(packed.body), plain.body);
  assert.equal((await raw('GET', '/notifications/digest.txt', { 'accept-encoding': 'gzip' })).message.headers.vary, undefined);
});

test('wrong requests are refused in the right words', async () => {
  const expected: readonly (readonly [method: string, path: string, status: number])[] = [
    ['GET', '/documents/abc', 400], ['GET', '/documents/0', 400], ['GET', '/documents/999999', 404], ['GET', '/documents?page=0', 400],
    ['GET', '/documents?kind=poem', 400], ['GET', '/votes/9999', 404], ['GET', '/plenary/2026-02-30', 400], ['GET', '/plenary/2026-08-10', 404],
    ['GET', '/members/nobody', 404], ['GET', '/nowhere', 404], ['GET', '/statistics/legacy', 500], ['POST', '/news', 405], ['DELETE', '/', 405],
    ['GET', '/downloads/session-recording.bin?bytes=2147483649', 400], ['GET', `/search?q=${'a'.repeat(121)}`, 400], ['GET', '//news', 404],
    ['GET', '/news/', 301], ['GET', '/index.html', 301], ['GET', '/votes/latest', 302], ['OPTIONS', '*', 204], ['OPTIONS', '/contact', 204],
  ];
  for (const [method, path, status] of expected) {
    assert.equal((await raw(method, path)).message.statusCode, status, `${method} ${path}`);
  }
  assert.equal((await raw('PUT', '/contact')).message.headers.allow, 'GET, HEAD, POST, OPTIONS');
  const error = await raw('GET', '/api/v1/documents?per_page=1000');
  assert.deepEqual(JSON.parse(error.body.toString()), { error: { status: 400, message: 'per_page is at most 100.' } });
  assert.equal(error.message.headers['access-control-allow-origin'], '*');
});

test('the interface pages through all documents, each once', async () => {
  const ids: number[] = [];
  for (let page = 1; page <= 3; page += 1) {
    const { items, total } = JSON.parse(await text(`/api/v1/documents?per_page=100&page=${page}`)) as { items: { id: number }[]; total: number };
    assert.equal(total, 220);
    ids.push(...items.map((item) => item.id));
  }
  assert.equal(new Set(ids).size, 220);
});

test('a letter is acknowledged to its sender and to nobody else', async () => {
  const anna = await openForm();
  const bert = await openForm();
  assert.notEqual(anna.cookie, bert.cookie);
  const posted = await sendLetter(anna.cookie, anna.token, 'Anna <Exämple>');
  assert.equal(posted.message.statusCode, 303);
  assert.equal(posted.message.headers.location, '/contact/thanks');
  const thanks = await raw('GET', '/contact/thanks', { cookie: anna.cookie });
  assert.match(thanks.body.toString(), /Thank you, Anna &lt;Exämple&gt;/);
  assert.match(String(thanks.message.headers['cache-control']), /private/);
  for (const cookie of [bert.cookie, 'session=forged', '']) {
    const other = await raw('GET', '/contact/thanks', { cookie });
    assert.equal(other.message.statusCode, 303);
    assert.doesNotMatch(other.body.toString(), /Anna/);
  }
  assert.match((await raw('GET', '/notifications', { cookie: anna.cookie })).body.toString(), /Welcome back, Anna/);
  assert.doesNotMatch((await raw('GET', '/notifications/digest.txt', { cookie: bert.cookie })).body.toString(), /Anna/);
});

test('a letter without the right token, or with faults, is not taken', async () => {
  const { cookie, token } = await openForm();
  assert.equal((await sendLetter(cookie, 'wrong', 'Anna')).message.statusCode, 403);
  assert.equal((await sendLetter('', token, 'Anna')).message.statusCode, 403);
  const faulty = await sendLetter(cookie, token, '');
  assert.equal(faulty.message.statusCode, 422);
  assert.match(faulty.body.toString(), /Please tell us your name/);
  assert.match(faulty.body.toString(), /I should like to visit/, 'what was written is not lost');
  const wrongType = await raw('POST', '/contact', { 'content-type': 'application/json' }, '{}');
  assert.equal(wrongType.message.statusCode, 415);
  const long = await raw('POST', '/contact', { 'content-type': 'application/x-www-form-urlencoded' }, `message=${'a'.repeat(70_000)}`);
  assert.equal(long.message.statusCode, 413);
});

test('subjects followed are remembered for the session', async () => {
  const page = await raw('GET', '/notifications');
  const { cookie, token } = sessionOf(page);
  const body = new URLSearchParams([['token', token], ['topic', 'water'], ['topic', 'nonsense']]).toString();
  const saved = await raw('POST', '/notifications', { cookie, 'content-type': 'application/x-www-form-urlencoded' }, body);
  assert.equal(saved.message.statusCode, 303);
  assert.match((await raw('GET', '/notifications', { cookie })).body.toString(), /value="water" checked/);
  assert.match((await raw('GET', '/notifications/digest.txt', { cookie })).body.toString(), /Water and environment/);
});

test('an upload is measured and a download is what it says, whole or in part', async () => {
  const sent = Buffer.alloc(3_000_000, 'polder');
  const answer = JSON.parse((await raw('POST', '/upload', {}, sent)).body.toString()) as { bytes: number; sha256: string };
  assert.deepEqual(answer, { bytes: sent.length, sha256: createHash('sha256').update(sent).digest('hex') });
  const whole = await raw('GET', '/downloads/session-recording.bin?bytes=200000');
  assert.equal(whole.body.length, 200_000);
  assert.equal(whole.body.readBigUInt64BE(2 * 65_536), 2n);
  const part = await raw('GET', '/downloads/session-recording.bin?bytes=200000', { range: 'bytes=65530-131080' });
  assert.deepEqual(part.body, whole.body.subarray(65_530, 131_081));
});

test('the listener is told of each request, and the meter comes back to zero', async () => {
  seen.length = 0;
  await text('/news?page=2');
  assert.deepEqual(seen, ['GET /news?page=2']);
  const health = JSON.parse(await text('/healthz')) as { status: string; inFlight: number; peakInFlight: number };
  assert.equal(health.status, 'ok');
  assert.ok(health.peakInFlight >= 1);
});

test('closing lets an answer under way finish', async () => {
  const slow = await startSampleSite({ port: 0, quiet: true, documentCount: 200, latencyMs: 60 });
  const answer = fetch(`${slow.url}/about`);
  while (slow.figures().inFlight === 0) await new Promise((resolve) => { setImmediate(resolve); });
  await slow.close();
  assert.equal((await answer).status, 200);
  await assert.rejects(fetch(slow.url));
});

interface RawAnswer {
  readonly message: IncomingMessage;
  readonly body: Buffer;
}

async function raw(method: string, path: string, headers: Record<string, string> = {}, body?: string | Buffer): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(site.url);
    const outgoing = httpRequest({ hostname, port, method, path, headers, agent: false }, (message) => {
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk));
      message.on('end', () => resolve({ message, body: Buffer.concat(chunks) }));
      message.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function text(path: string): Promise<string> {
  return (await fetch(site.url + path)).text();
}

function sessionOf(page: RawAnswer): { cookie: string; token: string } {
  const cookie = String(page.message.headers['set-cookie']?.[0]).split(';')[0];
  return { cookie, token: /name="token" value="([^"]+)"/.exec(page.body.toString())?.[1] ?? '' };
}

async function openForm(): Promise<{ cookie: string; token: string }> {
  return sessionOf(await raw('GET', '/contact'));
}

async function sendLetter(cookie: string, token: string, name: string): Promise<RawAnswer> {
  const body = new URLSearchParams({ token, name, email: 'anna@example.org', subject: 'Visiting the house', message: 'I should like to visit.' }).toString();
  return raw('POST', '/contact', { cookie, 'content-type': 'application/x-www-form-urlencoded' }, body);
}

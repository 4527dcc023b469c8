import { publishedAt } from '../content/calendar.ts';
import type { NewsItem } from '../content/news.ts';
import type { Answer } from '../web/answer.ts';
import { escapeMarkup } from '../web/html.ts';
import { publicAddress } from '../web/public-address.ts';
import type { Route } from '../web/router.ts';
import type { Site } from '../web/site.ts';

const ITEMS = 30;
const FEED_CACHING = 'public, max-age=300, s-maxage=600, stale-while-revalidate=3600';

/** News as RSS 2.0 and Atom (RFC 4287). Links carry the address under which the feed was asked for. */
export function feedRoutes(site: Site): readonly Route[] {
  const items = site.parliament.news.slice(0, ITEMS);
  const newest = publishedAt(items[0].date, items[0].clock);
  const feed = (type: string, body: string): Answer => ({
    status: 200, headers: { 'content-type': `${type}; charset=utf-8`, 'cache-control': FEED_CACHING }, body,
    etag: 'weak', lastModified: newest,
  });
  return [
    { method: 'GET', path: '/rss.xml', handle: ({ request }) => feed('application/rss+xml', rss(publicAddress(request), items, newest)) },
    { method: 'GET', path: '/atom.xml', handle: ({ request }) => feed('application/atom+xml', atom(publicAddress(request), items, newest)) },
  ];
}

function rss(address: string, items: readonly NewsItem[], newest: Date): string {
  const entries = items.map((item) => `<item><title>${escapeMarkup(item.title)}</title><link>${address}/news/${item.slug}</link>
<guid isPermaLink="false">news:${item.slug}</guid><pubDate>${publishedAt(item.date, item.clock).toUTCString()}</pubDate>
<category>${escapeMarkup(item.section)}</category><description>${escapeMarkup(item.lead)}</description></item>`);
  return `<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Parliament of Exampleland: news</title>
<link>${address}/news</link><description>News from the parliament of Exampleland</description><language>en</language>
<lastBuildDate>${newest.toUTCString()}</lastBuildDate><ttl>15</ttl>
<atom:link href="${address}/rss.xml" rel="self" type="application/rss+xml"/>
${entries.join('\n')}
</channel></rss>
`;
}

function atom(address: string, items: readonly NewsItem[], newest: Date): string {
  const entries = items.map((item) => `<entry><title>${escapeMarkup(item.title)}</title><id>tag:parliament.example,2020:news/${item.slug}</id>
<link href="${address}/news/${item.slug}"/><updated>${publishedAt(item.date, item.clock).toISOString()}</updated><summary>${escapeMarkup(item.lead)}</summary></entry>`);
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>Parliament of Exampleland: news</title>
<id>tag:parliament.example,2020:news</id><link href="${address}/news"/><link rel="self" href="${address}/atom.xml"/>
<updated>${newest.toISOString()}</updated><author><name>Registry of the Parliament</name></author>
${entries.join('\n')}
</feed>
`;
}

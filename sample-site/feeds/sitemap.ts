import type { Answer } from '../web/answer.ts';
import { publicAddress } from '../web/public-address.ts';
import type { Route } from '../web/router.ts';
import type { Site } from '../web/site.ts';
import { STANDING_PAGES } from '../pages/standing-text.ts';

/** sitemap.xml with every page worth finding, and robots.txt. */
export function sitemapRoutes(site: Site): readonly Route[] {
  const { parliament } = site;
  const entries: (readonly [path: string, date?: string])[] = [
    ['/', parliament.today], ['/news'], ['/plenary'], ['/votes'], ['/members'], ['/documents'], ['/contact'],
    ...STANDING_PAGES.map((standing) => [standing.path] as const),
    ...parliament.news.map((item) => [`/news/${item.slug}`, item.date] as const),
    ...parliament.members.map((member) => [`/members/${member.slug}`] as const),
    ...parliament.house.sittings.map((sitting) => [`/plenary/${sitting.date}`] as const),
    ...parliament.house.votes.map((vote) => [`/votes/${vote.id}`, vote.date] as const),
    ...parliament.archive.allDates().map(({ id, date }) => [`/documents/${id}`, date] as const),
  ];
  return [
    {
      method: 'GET', path: '/sitemap.xml',
      handle: ({ request }): Answer => ({
        status: 200, headers: { 'content-type': 'application/xml; charset=utf-8', 'cache-control': 'public, max-age=3600, s-maxage=21600' },
        body: sitemap(publicAddress(request), entries), etag: 'weak',
      }),
    },
    {
      method: 'GET', path: '/robots.txt',
      handle: ({ request }): Answer => ({
        status: 200, headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'public, max-age=86400' }, etag: 'weak',
        body: `User-agent: *\nDisallow: /search\nDisallow: /notifications\nDisallow: /contact/thanks\nCrawl-delay: 2\n\nSitemap: ${publicAddress(request)}/sitemap.xml\n`,
      }),
    },
  ];
}

function sitemap(address: string, entries: readonly (readonly [path: string, date?: string])[]): string {
  const lines = entries.map(([path, date]) => `<url><loc>${address}${path}</loc>${date === undefined ? '' : `<lastmod>${date}</lastmod>`}</url>`);
  return `<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${lines.join('\n')}\n</urlset>\n`;
}

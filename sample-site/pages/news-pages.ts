import { publishedAt } from '../content/calendar.ts';
import type { NewsItem } from '../content/news.ts';
import { page, redirect, Refusal } from '../web/answer.ts';
import { html } from '../web/html.ts';
import type { Html } from '../web/html.ts';
import { pageNumber } from '../web/parse-parameters.ts';
import type { Route } from '../web/router.ts';
import type { Site } from '../web/site.ts';
import { newsPicture, pager, time } from './fragments.ts';
import { layout } from './layout.ts';
import { resultBar } from './vote-fragments.ts';

const PER_PAGE = 12;
const NEWS_CACHING = 'public, max-age=60, s-maxage=300, stale-while-revalidate=3600';
const TRAIL = [{ path: '/news', label: 'News' }];

export function newsRoutes(site: Site): readonly Route[] {
  const bySlug = new Map(site.parliament.news.map((item) => [item.slug, item]));
  return [
    {
      method: 'GET', path: '/news',
      handle: ({ url }) => ({ ...page(newsList(site, url), { 'cache-control': NEWS_CACHING }), etag: 'weak' }),
    },
    {
      // The old address of the news, still linked from other sites.
      method: 'GET', path: '/press-releases', handle: () => redirect(301, '/news', { 'cache-control': 'public, max-age=86400' }),
    },
    {
      method: 'GET', path: '/news/:slug',
      handle: ({ params }) => {
        const item = bySlug.get(params.slug);
        if (item === undefined) throw new Refusal(404, 'There is no news item at this address.');
        return {
          ...page(newsPage(site, item), { 'cache-control': NEWS_CACHING }), etag: 'weak', lastModified: publishedAt(item.date, item.clock),
        };
      },
    },
  ];
}

function newsList(site: Site, url: URL): Html {
  const current = pageNumber(url);
  const { news } = site.parliament;
  const items = news.slice((current - 1) * PER_PAGE, current * PER_PAGE);
  if (items.length === 0) throw new Refusal(404, 'The list of news has no such page.');
  return layout(site, {
    title: current === 1 ? 'News' : `News, page ${current}`, section: '/news', description: 'News from the parliament of Exampleland.',
    body: html`<h1>News</h1>
<ul class="news-list">${items.map((item, index) => html`<li>${newsPicture(item, '(min-width: 46rem) 16rem, 100vw', index < 2)}
<div><p class="kicker">${item.section} · ${time(item.date)}</p><h2><a href="/news/${item.slug}">${item.title}</a></h2><p>${item.lead}</p></div></li>`)}</ul>
${pager('/news', url.searchParams, current, news.length, PER_PAGE)}`,
  });
}

function newsPage(site: Site, item: NewsItem): Html {
  const { house, archive, news } = site.parliament;
  const vote = item.voteId === undefined ? undefined : house.votes[item.voteId - 1];
  const paper = item.documentId === undefined ? undefined : archive.document(item.documentId);
  const index = news.indexOf(item);
  const others = news.filter((_, other) => other !== index && Math.abs(other - index) <= 3).slice(0, 4);
  return layout(site, {
    title: item.title, section: '/news', description: item.lead, trail: TRAIL,
    body: html`<div class="reading"><article class="story">
<p class="kicker">${item.section} · ${time(item.date)}, ${item.clock}</p>
<h1>${item.title}</h1>
<p class="standfirst">${item.lead}</p>
${newsPicture(item, '(min-width: 60rem) 44rem, 100vw', true)}
${vote !== undefined && html`<section class="result-strip" aria-label="Result of the vote"><div><p class="kicker">Roll call · ${time(vote.date)}, ${vote.clock}</p><p class="strong"><a href="/votes/${vote.id}">${vote.title}</a></p></div>${resultBar(vote)}</section>`}
${item.paragraphs.map((text) => html`<p>${text}</p>`)}
${paper !== undefined && html`<section class="papers" aria-labelledby="papers-title"><h2 id="papers-title">The text</h2><ul class="lines"><li><a href="/documents/${paper.id}">${paper.title}</a><span class="meta">${paper.reference} · <a href="/documents/${paper.id}.pdf">PDF</a></span></li></ul></section>`}
</article>
<section class="related" aria-labelledby="related-title"><h2 id="related-title">More news</h2>
<ul class="lines">${others.map((other) => html`<li><a href="/news/${other.slug}">${other.title}</a><span class="meta">${other.section} · ${time(other.date)}</span></li>`)}</ul></section></div>`,
  });
}

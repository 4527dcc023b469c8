import { page } from '../web/answer.ts';
import type { Answer } from '../web/answer.ts';
import { html } from '../web/html.ts';
import type { Html } from '../web/html.ts';
import type { Route } from '../web/router.ts';
import type { Site } from '../web/site.ts';
import { runningText } from './fragments.ts';
import { layout } from './layout.ts';
import { STANDING_PAGES } from './standing-text.ts';
import type { StandingPage } from './standing-text.ts';

const TRAIL = [{ path: '/about', label: 'About' }];
const ORDINARY_CACHING = { 'cache-control': 'public, max-age=3600, stale-if-error=604800' } as const;

/** Pages whose text stands. Several of them are careless about caching, as standing pages are; see README.md. */
export function aboutRoutes(site: Site): readonly Route[] {
  return STANDING_PAGES.map((standing): Route => ({
    method: 'GET', path: standing.path, handle: () => standingAnswer(site, standing),
  }));
}

function standingAnswer(site: Site, standing: StandingPage): Answer {
  const markup = standingPage(site, standing);
  const lastModified = new Date(site.startedAt.getTime() - standing.editedDaysAgo * 86_400_000);
  switch (standing.caching) {
    case 'ordinary':
      return { ...page(markup, ORDINARY_CACHING), etag: 'weak', lastModified };
    case 'only-last-modified':
      return { ...page(markup), lastModified };
    case 'cookie-on-public-page':
      return page(markup, { 'cache-control': 'public, max-age=300', 'set-cookie': 'notice_seen=1; Path=/; Max-Age=2592000; SameSite=Lax' });
    case 'vary-star':
      return page(markup, { 'cache-control': 'public, max-age=600', vary: '*' });
    case 'expires-zero':
      return { ...page(markup, { expires: '0' }), lastModified };
    case 'etag-only':
      return { ...page(markup), etag: 'weak' };
  }
}

function standingPage(site: Site, standing: StandingPage): Html {
  const section = standing.path === '/visit' ? '/visit' : '/about';
  const picture = standing.picture;
  return layout(site, {
    title: standing.title, description: standing.lead, section, trail: standing.path === section ? undefined : TRAIL,
    body: html`<article class="story"><h1>${standing.title}</h1><p class="standfirst">${standing.lead}</p>
${picture !== undefined && html`<img class="scene" src="${picture.path}" alt="${picture.alt}" width="${picture.width}" height="${picture.height}">`}
${runningText(standing.text, 2)}
${standing.links !== undefined && html`<ul class="lines">${standing.links.map(({ path, label }) => html`<li><a href="${path}">${label}</a></li>`)}</ul>`}</article>`,
  });
}

import { addDays, fullDay } from '../content/calendar.ts';
import type { Sitting } from '../content/sittings.ts';
import { page } from '../web/answer.ts';
import { html } from '../web/html.ts';
import type { Html } from '../web/html.ts';
import type { Route } from '../web/router.ts';
import type { Site } from '../web/site.ts';
import { KIND_LABELS, newsPicture, time } from './fragments.ts';
import { layout } from './layout.ts';
import { resultBar } from './vote-fragments.ts';

const HOME_CACHING = 'public, max-age=30, s-maxage=60, stale-while-revalidate=600';

export function homeRoutes(site: Site): readonly Route[] {
  return [
    { method: 'GET', path: '/', handle: () => ({ ...page(homePage(site), { 'cache-control': HOME_CACHING }), etag: 'weak' }) },
  ];
}

function homePage(site: Site): Html {
  const { parliament } = site;
  const { house, news, today } = parliament;
  const [lead, ...others] = news;
  const pictured = others.filter((item) => item.picture !== undefined).slice(0, 3);
  const brief = others.filter((item) => !pictured.includes(item)).slice(0, 6);
  const tonight = house.sittings.find((sitting) => sitting.date === today);
  const next = house.sittings.find((sitting) => sitting.date > today);
  const latest = house.votes[house.contestedVoteId - 1];
  const papers = parliament.archive.list({}, 1, 5).documents;
  return layout(site, {
    title: 'Parliament of Exampleland', section: '/',
    description: 'News, agenda, votes and papers of the parliament of Exampleland.',
    body: html`
<h1 class="visually-hidden">Parliament of Exampleland</h1>
<div class="front">
<section class="lead-story" aria-labelledby="lead-title">
${newsPicture(lead, '(min-width: 60rem) 42rem, 100vw', true)}
<div><p class="kicker">${lead.section} · ${time(lead.date)}</p>
<h2 id="lead-title"><a href="/news/${lead.slug}">${lead.title}</a></h2>
<p class="standfirst">${lead.lead}</p></div>
</section>
${tonight !== undefined && tonightBox(tonight, next)}
</div>
<section class="result-strip" aria-labelledby="latest-vote">
<div><p class="kicker">Latest vote · ${time(latest.date)}, ${latest.clock}</p>
<h2 id="latest-vote"><a href="/votes/${latest.id}">${latest.title}</a></h2></div>
${resultBar(latest)}
</section>
<section aria-labelledby="more-news"><h2 id="more-news">Latest news</h2>
<ul class="cards">${pictured.map((item) => html`<li class="card">${newsPicture(item, '(min-width: 60rem) 20rem, 100vw', false)}
<p class="kicker">${item.section} · ${time(item.date)}</p><h3><a href="/news/${item.slug}">${item.title}</a></h3><p>${item.lead}</p></li>`)}</ul>
<ul class="lines two">${brief.map((item) => html`<li><a href="/news/${item.slug}">${item.title}</a><span class="meta">${item.section} · ${time(item.date)}</span></li>`)}</ul>
<p><a class="more" href="/news">All news</a></p></section>
<div class="columns">
<section aria-labelledby="new-papers"><h2 id="new-papers">New documents</h2>
<ul class="lines">${papers.map((paper) => html`<li><a href="/documents/${paper.id}">${paper.title}</a><span class="meta">${KIND_LABELS[paper.kind]} · ${paper.reference} · ${time(paper.date)}</span></li>`)}</ul>
<p><a class="more" href="/documents">All documents</a></p></section>
<section aria-labelledby="take-part"><h2 id="take-part">Take part</h2>
<ul class="lines"><li><a href="/visit">Visit the house</a><span class="meta">The gallery is open to everyone on sitting days, without registration.</span></li>
<li><a href="/contact">Write to the registry</a><span class="meta">Letters are answered within ten working days.</span></li>
<li><a href="/members">Find your member</a><span class="meta">151 members from ten districts.</span></li>
<li><a href="/notifications">Follow a subject</a><span class="meta">Choose the subjects you want to see first.</span></li></ul></section>
</div>`,
  });
}

function tonightBox(tonight: Sitting, next: Sitting | undefined): Html {
  return html`<aside class="tonight" aria-labelledby="tonight-title">
<h2 id="tonight-title">Tonight in the chamber</h2>
<p class="meta">${fullDay(tonight.date)}${tonight.extraordinary && ' · extraordinary sitting'}</p>
<ol class="agenda-short">${tonight.items.filter((item) => item.kind !== 'close').map((item) => html`<li class="${item.kind}"><time datetime="${tonight.date}T${item.clock}Z">${item.clock}</time> <span>${item.documentId === undefined ? item.title : html`<a href="/documents/${item.documentId}">${item.title}</a>`}</span></li>`)}</ol>
<p><a class="more" href="/plenary/${tonight.date}">Full agenda</a></p>
${next !== undefined && html`<p class="next">Next plenary: <a href="/plenary/${next.date}">${next.date === addDays(tonight.date, 1) ? 'tomorrow' : fullDay(next.date)}, 14:00</a></p>`}
</aside>`;
}

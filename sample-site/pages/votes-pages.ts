import { publishedAt } from '../content/calendar.ts';
import { GROUPS } from '../content/groups.ts';
import type { Vote } from '../content/votes.ts';
import { hemicycleSvg } from '../pictures/hemicycle.ts';
import { page, redirect, Refusal } from '../web/answer.ts';
import { html, trusted } from '../web/html.ts';
import type { Html } from '../web/html.ts';
import { pageNumber, positiveInteger } from '../web/parse-parameters.ts';
import type { Route } from '../web/router.ts';
import type { Site } from '../web/site.ts';
import { pager, time } from './fragments.ts';
import { layout } from './layout.ts';
import { CAST_COLOURS, CAST_LABELS, groupTable, resultBar, swatch } from './vote-fragments.ts';

const PER_PAGE = 20;
const LIST_CACHING = 'public, max-age=15, s-maxage=30, stale-while-revalidate=300';
const RESULT_CACHING = 'public, max-age=300, s-maxage=3600, stale-while-revalidate=86400';
const TRAIL = [{ path: '/votes', label: 'Votes' }];

export function votesRoutes(site: Site): readonly Route[] {
  const { votes } = site.parliament.house;
  return [
    {
      method: 'GET', path: '/votes',
      handle: ({ url }) => ({ ...page(votesList(site, url), { 'cache-control': LIST_CACHING }), etag: 'weak' }),
    },
    // Careless: a redirect that changes with the day, without a word about caching.
    { method: 'GET', path: '/votes/latest', handle: () => redirect(302, `/votes/${votes.length}`) },
    {
      method: 'GET', path: '/votes/:id',
      handle: ({ params }) => {
        const vote = votes[positiveInteger(params.id, 'number of a vote') - 1];
        if (vote === undefined) throw new Refusal(404, 'There is no vote with this number.');
        return {
          ...page(votePage(site, vote), { 'cache-control': RESULT_CACHING }), etag: 'weak', lastModified: publishedAt(vote.date, vote.clock),
        };
      },
    },
  ];
}

function votesList(site: Site, url: URL): Html {
  const current = pageNumber(url);
  const { votes } = site.parliament.house;
  const shown = [...votes].reverse().slice((current - 1) * PER_PAGE, current * PER_PAGE);
  if (shown.length === 0) throw new Refusal(404, 'The list of votes has no such page.');
  return layout(site, {
    title: current === 1 ? 'Votes' : `Votes, page ${current}`, section: '/votes', description: 'Roll-call votes of the house, newest first.',
    body: html`<h1>Votes</h1><p class="standfirst">${votes.length} roll-call votes in the past sixty weeks, newest first.</p>
<ul class="vote-list">${shown.map((vote) => html`<li><div><p class="kicker">${time(vote.date)}, ${vote.clock}</p><h2><a href="/votes/${vote.id}">${vote.title}</a></h2></div>${resultBar(vote)}</li>`)}</ul>
${pager('/votes', url.searchParams, current, votes.length, PER_PAGE)}`,
  });
}

function votePage(site: Site, vote: Vote): Html {
  const { members, archive } = site.parliament;
  const paper = archive.document(vote.documentId);
  return layout(site, {
    title: `Vote: ${vote.title}`, section: '/votes', trail: TRAIL,
    description: `${vote.adopted ? 'Adopted' : 'Rejected'} with ${vote.totals.yes} votes to ${vote.totals.no}.`,
    body: html`<p class="kicker">Roll call ${vote.id} · ${time(vote.date)}, ${vote.clock} · <a href="/plenary/${vote.date}">Agenda of the sitting</a></p>
<h1>${vote.title}</h1>
<section class="result-strip" aria-label="Result">${resultBar(vote)}</section>
<figure class="chamber">${trusted(hemicycleSvg(members, (member) => ({ fill: CAST_COLOURS[vote.casts[member.seat]], hollow: vote.casts[member.seat] === 'absent' }), `The chamber by vote: ${vote.totals.yes} for, ${vote.totals.no} against, ${vote.totals.abstain} abstained, ${vote.totals.absent} absent`))}
<figcaption><ul class="legend">${(['yes', 'no', 'abstain', 'absent'] as const).map((cast) => html`<li>${swatch(CAST_COLOURS[cast])} ${CAST_LABELS[cast]} <span class="meta">${vote.totals[cast]}</span></li>`)}</ul></figcaption></figure>
${groupTable(vote, members)}
${paper !== undefined && html`<p>Text put to the vote: <a href="/documents/${paper.id}">${paper.title}</a> (${paper.reference}, <a href="/documents/${paper.id}.pdf">PDF</a>).</p>`}
<h2>Vote of each member</h2>
<div class="roll-call">${GROUPS.map((group) => html`<section aria-labelledby="group-${group.id}"><h3 id="group-${group.id}">${swatch(group.colour)} ${group.name}</h3>
<ul>${members.filter((member) => member.group.id === group.id).map((member) => html`<li><a href="/members/${member.slug}">${member.name}</a> <span class="cast">${swatch(CAST_COLOURS[vote.casts[member.seat]])} ${CAST_LABELS[vote.casts[member.seat]]}</span></li>`)}</ul></section>`)}</div>
<p class="meta">The same as data: <a href="/api/v1/votes/${vote.id}">JSON</a>.</p>`,
  });
}

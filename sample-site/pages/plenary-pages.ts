import { addDays, fullDay, isDay, monthYear, publishedAt } from '../content/calendar.ts';
import type { Sitting } from '../content/sittings.ts';
import { page, Refusal } from '../web/answer.ts';
import type { Answer } from '../web/answer.ts';
import { html } from '../web/html.ts';
import type { Html } from '../web/html.ts';
import type { Route } from '../web/router.ts';
import type { Site } from '../web/site.ts';
import { layout } from './layout.ts';
import { resultBar } from './vote-fragments.ts';

const AGENDA_CACHING = 'public, max-age=15, s-maxage=30, stale-while-revalidate=120, stale-if-error=86400';
const TRAIL = [{ path: '/plenary', label: 'Plenary' }];
const KIND_WORDS: Readonly<Record<Sitting['items'][number]['kind'], string>> = {
  opening: '', questions: 'Question time', statement: 'Statement', debate: 'Debate', vote: 'Vote', close: '',
};
const LISTED_PAST_DAYS = 28;

export function plenaryRoutes(site: Site): readonly Route[] {
  const byDate = new Map(site.parliament.house.sittings.map((sitting) => [sitting.date, sitting]));
  return [
    {
      method: 'GET', path: '/plenary',
      handle: () => ({ ...page(calendarPage(site), { 'cache-control': AGENDA_CACHING }), etag: 'weak' }),
    },
    { method: 'GET', path: '/plenary/calendar.ics', handle: () => calendarFile(site) },
    {
      method: 'GET', path: '/plenary/:date',
      handle: ({ params }) => {
        if (!isDay(params.date)) throw new Refusal(400, 'A sitting is named by its day, such as 2026-03-10.');
        const sitting = byDate.get(params.date);
        if (sitting === undefined) throw new Refusal(404, `The house does not sit on ${fullDay(params.date)}.`);
        return { ...page(sittingPage(site, sitting), { 'cache-control': AGENDA_CACHING }), etag: 'weak' };
      },
    },
  ];
}

function calendarPage(site: Site): Html {
  const { house, today } = site.parliament;
  const coming = house.sittings.filter((sitting) => sitting.date >= today);
  const past = house.sittings.filter((sitting) => sitting.date < today && sitting.date >= addDays(today, -LISTED_PAST_DAYS)).reverse();
  const list = (sittings: readonly Sitting[]): Html => html`<ul class="lines">${sittings.map((sitting) => html`<li><a href="/plenary/${sitting.date}">${fullDay(sitting.date)}</a><span class="meta">${sitting.date === today && html`<strong>Today</strong> · `}${sitting.extraordinary && 'Extraordinary sitting · '}${summary(sitting)}</span></li>`)}</ul>`;
  return layout(site, {
    title: 'Plenary', section: '/plenary', description: 'Agenda of the plenary sittings.',
    body: html`<h1>Plenary</h1>
<p class="standfirst">The house sits on Tuesdays and Thursdays from 14:00. Votes are taken from 17:30, unless the agenda says otherwise.</p>
<p><a class="more" href="/plenary/${today}">Today’s agenda</a></p>
<div class="columns"><section aria-labelledby="coming"><h2 id="coming">Coming sittings</h2>${list(coming)}</section>
<section aria-labelledby="past"><h2 id="past">Past sittings, ${monthYear(addDays(today, -LISTED_PAST_DAYS))} to now</h2>${list(past)}</section></div>`,
  });
}

function sittingPage(site: Site, sitting: Sitting): Html {
  const { house, today } = site.parliament;
  const index = house.sittings.indexOf(sitting);
  const before = house.sittings[index - 1];
  const after = house.sittings[index + 1];
  return layout(site, {
    title: `Agenda, ${fullDay(sitting.date)}`, section: '/plenary', trail: TRAIL, description: `Agenda of the sitting of ${fullDay(sitting.date)}.`,
    body: html`<p class="kicker">${sitting.extraordinary ? 'Extraordinary sitting' : 'Plenary sitting'}${sitting.date === today && ' · today'}</p>
<h1>${fullDay(sitting.date)}</h1>
<ol class="agenda">${sitting.items.map((item) => {
      const vote = item.voteId === undefined ? undefined : house.votes[item.voteId - 1];
      return html`<li class="${item.kind}"><time datetime="${sitting.date}T${item.clock}Z">${item.clock}</time><div>
${KIND_WORDS[item.kind] !== '' && html`<p class="kicker">${KIND_WORDS[item.kind]}</p>`}
<p class="strong">${item.documentId === undefined ? item.title : html`<a href="/documents/${item.documentId}">${item.title}</a>`}</p>
${vote !== undefined && html`${resultBar(vote)}<p><a class="more" href="/votes/${vote.id}">Roll call</a></p>`}</div></li>`;
    })}</ol>
<nav class="pager" aria-label="Sittings"><ul>${before !== undefined && html`<li><a rel="prev" href="/plenary/${before.date}">Previous sitting</a></li>`}${after !== undefined && html`<li><a rel="next" href="/plenary/${after.date}">Next sitting</a></li>`}</ul></nav>`,
  });
}

function summary(sitting: Sitting): string {
  const votes = sitting.items.filter((item) => item.kind === 'vote').length;
  const debates = sitting.items.filter((item) => item.kind === 'debate').length;
  return `${debates} ${debates === 1 ? 'debate' : 'debates'}, ${votes} ${votes === 1 ? 'vote' : 'votes'}`;
}

/** The sittings as an iCalendar file (RFC 5545). */
function calendarFile(site: Site): Answer {
  const { house, today } = site.parliament;
  const stamp = (day: string, clock: string): string => `${day.replaceAll('-', '')}T${clock.replace(':', '')}00Z`;
  const lines = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Parliament of Exampleland//Sittings//EN'];
  for (const sitting of house.sittings.filter((candidate) => candidate.date >= addDays(today, -LISTED_PAST_DAYS))) {
    lines.push(
      'BEGIN:VEVENT', `UID:sitting-${sitting.date}@parliament.example`, `DTSTAMP:${stamp(today, '06:00')}`,
      `DTSTART:${stamp(sitting.date, '14:00')}`, `DTEND:${stamp(sitting.date, sitting.items[sitting.items.length - 1].clock)}`,
      `SUMMARY:${sitting.extraordinary ? 'Extraordinary plenary sitting' : 'Plenary sitting'}`, 'LOCATION:House on the Quay\\, Aldermouth',
      'END:VEVENT',
    );
  }
  lines.push('END:VCALENDAR', '');
  return {
    status: 200,
    headers: { 'content-type': 'text/calendar; charset=utf-8', 'cache-control': 'public, max-age=3600', 'content-disposition': 'attachment; filename="sittings.ics"' },
    body: lines.join('\r\n'), etag: 'weak', lastModified: publishedAt(today, '06:00'),
  };
}

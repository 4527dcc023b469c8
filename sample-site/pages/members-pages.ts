import { GROUPS } from '../content/groups.ts';
import type { Member } from '../content/members.ts';
import { DISTRICTS } from '../content/places.ts';
import { hemicycleSvg } from '../pictures/hemicycle.ts';
import { page, Refusal } from '../web/answer.ts';
import { html, trusted } from '../web/html.ts';
import type { Html } from '../web/html.ts';
import { oneOf } from '../web/parse-parameters.ts';
import type { Route } from '../web/router.ts';
import type { Site } from '../web/site.ts';
import { KIND_LABELS, time } from './fragments.ts';
import { layout } from './layout.ts';
import { CAST_LABELS, swatch } from './vote-fragments.ts';

const MEMBERS_CACHING = 'public, max-age=3600';
const TRAIL = [{ path: '/members', label: 'Members' }];
const GROUP_IDS = GROUPS.map((group) => group.id);
const DISTRICT_IDS = DISTRICTS.map((district) => district.id);

export function membersRoutes(site: Site): readonly Route[] {
  return [
    {
      method: 'GET', path: '/members',
      handle: ({ url }) => ({ ...page(membersList(site, url), { 'cache-control': MEMBERS_CACHING }), etag: 'weak' }),
    },
    {
      method: 'GET', path: '/members/:slug',
      handle: ({ params }) => {
        const member = site.parliament.memberBySlug.get(params.slug);
        if (member === undefined) throw new Refusal(404, 'There is no member at this address.');
        return { ...page(memberPage(site, member), { 'cache-control': MEMBERS_CACHING }), etag: 'weak' };
      },
    },
  ];
}

function membersList(site: Site, url: URL): Html {
  const groupId = oneOf(url, 'group', GROUP_IDS);
  const districtId = oneOf(url, 'district', DISTRICT_IDS);
  const group = GROUPS.find((candidate) => candidate.id === groupId);
  const { members } = site.parliament;
  const shown = members
    .filter((member) => (groupId === undefined || member.group.id === groupId) && (districtId === undefined || member.district.id === districtId))
    .sort((left, right) => lastName(left).localeCompare(lastName(right)));
  return layout(site, {
    title: 'Members', section: '/members', description: 'The 151 members of the parliament of Exampleland, by group and district.',
    body: html`<h1>Members</h1>
<figure class="chamber">${trusted(hemicycleSvg(members, (member) => ({ fill: member.group.colour }), 'The chamber, one dot per seat, coloured by group'))}
<figcaption><ul class="legend">${GROUPS.map((group) => html`<li>${swatch(group.colour)} <a href="/members?group=${group.id}"${group.id === groupId && html` aria-current="true"`}>${group.name}</a> <span class="meta">${group.seats}</span></li>`)}</ul></figcaption></figure>
<form class="filters" action="/members">
<label>Group <select name="group"><option value="">All groups</option>${GROUPS.map((group) => html`<option value="${group.id}"${group.id === groupId && html` selected`}>${group.name}</option>`)}</select></label>
<label>District <select name="district"><option value="">All districts</option>${DISTRICTS.map((district) => html`<option value="${district.id}"${district.id === districtId && html` selected`}>${district.name}</option>`)}</select></label>
<button type="submit">Show</button>
<label class="js-only">Name <input type="search" data-filter-list="member-list" autocomplete="off"></label>
</form>
${group !== undefined && html`<p class="standfirst">${group.name} (${group.short}). ${group.about}</p>`}
<p class="meta" aria-live="polite" data-filter-count="member-list">${shown.length} ${shown.length === 1 ? 'member' : 'members'}</p>
<ul class="people" id="member-list">${shown.map((member, index) => html`<li><a href="/members/${member.slug}"><img src="/images/portraits/${member.slug}.svg" alt="" width="80" height="100"${index > 11 && html` loading="lazy"`}><span><strong>${member.name}</strong><span class="meta">${swatch(member.group.colour)} ${member.group.name}<br>${member.district.name}</span></span></a></li>`)}</ul>`,
  });
}

function memberPage(site: Site, member: Member): Html {
  const { house, archive } = site.parliament;
  const votes = house.votes.slice(-12).reverse();
  const papers = archive.list({ authorSlug: member.slug }, 1, 8);
  return layout(site, {
    title: member.name, section: '/members', trail: TRAIL,
    description: `${member.name}, member for ${member.district.name}, ${member.group.name}.`,
    body: html`<article class="profile">
<img class="portrait" src="/images/portraits/${member.slug}.svg" alt="Drawn portrait of ${member.name}" width="160" height="200">
<div><h1>${member.name}</h1>
${member.office !== '' && html`<p class="standfirst">${member.office}</p>`}
<dl class="facts"><div><dt>Group</dt><dd>${swatch(member.group.colour)} <a href="/members?group=${member.group.id}">${member.group.name}</a></dd></div>
<div><dt>District</dt><dd><a href="/members?district=${member.district.id}">${member.district.name}</a></dd></div>
<div><dt>Member since</dt><dd>${member.electedYear}</dd></div><div><dt>Seat</dt><dd>${member.seat + 1}</dd></div>
<div><dt>Committees</dt><dd>${member.committees.join(', ')}</dd></div>
<div><dt>Office</dt><dd>${member.email}<br>${member.telephone}</dd></div></dl></div>
</article>
<section aria-labelledby="about-member"><h2 id="about-member">Biography</h2>${member.biography.map((text) => html`<p>${text}</p>`)}</section>
<div class="columns">
<section aria-labelledby="member-papers"><h2 id="member-papers">Papers</h2>
${papers.total === 0 ? html`<p>No papers yet.</p>` : html`<ul class="lines">${papers.documents.map((paper) => html`<li><a href="/documents/${paper.id}">${paper.title}</a><span class="meta">${KIND_LABELS[paper.kind]} · ${time(paper.date)}</span></li>`)}</ul>
<p><a class="more" href="/documents?author=${member.slug}">All ${papers.total} papers</a></p>`}</section>
<section aria-labelledby="member-votes"><h2 id="member-votes">Recent votes</h2>
<ul class="lines">${votes.map((vote) => html`<li><a href="/votes/${vote.id}">${vote.title}</a><span class="meta">${CAST_LABELS[vote.casts[member.seat]]} · ${time(vote.date)}</span></li>`)}</ul></section>
</div>`,
  });
}

function lastName(member: Member): string {
  return `${member.name.slice(member.name.lastIndexOf(' ') + 1)} ${member.name}`;
}

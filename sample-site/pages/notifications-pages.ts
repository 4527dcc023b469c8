import { TOPICS, topicById } from '../content/topics.ts';
import { page, redirect, Refusal } from '../web/answer.ts';
import type { Answer, Visit } from '../web/answer.ts';
import { html } from '../web/html.ts';
import type { Html } from '../web/html.ts';
import { readForm } from '../web/read-form.ts';
import type { Route } from '../web/router.ts';
import { formTokenMatches } from '../web/sessions.ts';
import type { Session } from '../web/sessions.ts';
import type { Site } from '../web/site.ts';
import { time } from './fragments.ts';
import { layout } from './layout.ts';

export function notificationsRoutes(site: Site): readonly Route[] {
  return [
    {
      // Careless: personal by cookie, yet it says nothing but Vary.
      method: 'GET', path: '/notifications',
      handle: ({ request }) => {
        const known = site.sessions.find(request);
        if (known !== undefined) return page(notificationsPage(site, known), { vary: 'Cookie' });
        const { session, setCookie } = site.sessions.open();
        return page(notificationsPage(site, session), { vary: 'Cookie', 'set-cookie': setCookie });
      },
    },
    { method: 'POST', path: '/notifications', handle: (visit) => saveTopics(site, visit) },
    {
      // Most careless of all: personal by cookie, and not one word about it in the headers.
      method: 'GET', path: '/notifications/digest.txt',
      handle: ({ request }) => ({
        status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: digest(site, site.sessions.find(request)),
      }),
    },
  ];
}

async function saveTopics(site: Site, { request }: Visit): Promise<Answer> {
  const form = await readForm(request);
  const session = site.sessions.find(request);
  if (session === undefined || !formTokenMatches(session, form.get('token') ?? '')) {
    throw new Refusal(403, 'This form has expired. Please open the page again; cookies must be allowed for it.');
  }
  session.followedTopics = form.getAll('topic').filter((id) => topicById(id) !== undefined);
  return redirect(303, '/notifications', { 'cache-control': 'no-store' });
}

function notificationsPage(site: Site, session: Session): Html {
  const { archive } = site.parliament;
  const followed = session.followedTopics.flatMap((id) => topicById(id) ?? []);
  return layout(site, {
    title: 'My notifications', description: 'Papers on the subjects you follow.',
    body: html`<h1>My notifications</h1>
<p class="standfirst">${session.lastMessage === undefined ? 'Choose' : `Welcome back, ${session.lastMessage.name}. Choose`} the subjects you want to see first. Your choice is kept in a session cookie, until you close the browser.</p>
<form class="topics" method="post" action="/notifications"><input type="hidden" name="token" value="${session.formToken}">
<fieldset><legend>Subjects</legend>${TOPICS.map((topic) => html`<label><input type="checkbox" name="topic" value="${topic.id}"${session.followedTopics.includes(topic.id) && html` checked`}> ${topic.name}</label>`)}</fieldset>
<button type="submit">Save</button></form>
${followed.length === 0 ? html`<p>You do not follow any subject yet.</p>` : followed.map((topic) => html`<section aria-labelledby="topic-${topic.id}"><h2 id="topic-${topic.id}">${topic.name}</h2>
<ul class="lines">${archive.list({ topicId: topic.id }, 1, 4).documents.map((paper) => html`<li><a href="/documents/${paper.id}">${paper.title}</a><span class="meta">${paper.reference} · ${time(paper.date)}</span></li>`)}</ul></section>`)}
<p class="meta"><a href="/notifications/digest.txt">The same as plain text</a></p>`,
  });
}

function digest(site: Site, session: Session | undefined): string {
  if (session === undefined) return 'You have no session, so there is nothing to list.\n';
  const lines = [`Digest for ${session.lastMessage?.name ?? 'a visitor'} (session ${session.id.slice(0, 6)})`, ''];
  for (const id of session.followedTopics) {
    const topic = topicById(id);
    if (topic === undefined) throw new Refusal(500, `unknown subject ${id}`);
    lines.push(topic.name, ...site.parliament.archive.list({ topicId: id }, 1, 4).documents.map((paper) => `  ${paper.date}  ${paper.title}`), '');
  }
  return `${lines.join('\n')}\n`;
}

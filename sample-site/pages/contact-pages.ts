import { page, redirect, Refusal } from '../web/answer.ts';
import type { Answer, Visit } from '../web/answer.ts';
import { html } from '../web/html.ts';
import type { Html } from '../web/html.ts';
import { readForm } from '../web/read-form.ts';
import type { Route } from '../web/router.ts';
import { formTokenMatches } from '../web/sessions.ts';
import type { Session } from '../web/sessions.ts';
import type { Site } from '../web/site.ts';
import { layout } from './layout.ts';

/** What PHP sends once a session is open; half the forms of the web say exactly this. */
const SESSION_HEADERS = {
  'cache-control': 'no-store, no-cache, must-revalidate', pragma: 'no-cache', expires: 'Thu, 19 Nov 1981 08:52:00 GMT',
} as const;
const PERSONAL_CACHING = 'private, no-cache';
const MIN_MESSAGE_CHARACTERS = 10;
const MAX_MESSAGE_CHARACTERS = 4000;
const MAX_FIELD_CHARACTERS = 120;
const SUBJECTS = ['A document or a vote', 'Visiting the house', 'A petition', 'Accessibility', 'Something else'] as const;

type Fields = Readonly<Record<'name' | 'email' | 'subject' | 'message', string>>;
type Faults = Partial<Record<keyof Fields, string>>;

const EMPTY: Fields = { name: '', email: '', subject: SUBJECTS[0], message: '' };

export function contactRoutes(site: Site): readonly Route[] {
  return [
    {
      method: 'GET', path: '/contact',
      handle: ({ request }) => {
        const known = site.sessions.find(request);
        if (known !== undefined) return page(contactPage(site, known, EMPTY, {}), SESSION_HEADERS);
        const { session, setCookie } = site.sessions.open();
        return page(contactPage(site, session, EMPTY, {}), { ...SESSION_HEADERS, 'set-cookie': setCookie });
      },
    },
    { method: 'POST', path: '/contact', handle: (visit) => takeMessage(site, visit) },
    {
      method: 'GET', path: '/contact/thanks',
      handle: ({ request }) => {
        const session = site.sessions.find(request);
        if (session?.lastMessage === undefined) return redirect(303, '/contact', { 'cache-control': 'no-store' });
        return page(thanksPage(site, session), { 'cache-control': PERSONAL_CACHING, vary: 'Cookie' });
      },
    },
  ];
}

async function takeMessage(site: Site, { request }: Visit): Promise<Answer> {
  const form = await readForm(request);
  const session = site.sessions.find(request);
  if (session === undefined || !formTokenMatches(session, form.get('token') ?? '')) {
    throw new Refusal(403, 'This form has expired. Please open the contact page again; cookies must be allowed for it.');
  }
  const field = (name: keyof Fields): string => (form.get(name) ?? '').trim();
  const fields: Fields = { name: field('name'), email: field('email'), subject: field('subject'), message: field('message') };
  const faults = faultsOf(fields);
  if (Object.keys(faults).length > 0) return page(contactPage(site, session, fields, faults), SESSION_HEADERS, 422);
  session.lastMessage = { number: messageNumber(session, fields), name: fields.name, email: fields.email, subject: fields.subject };
  return redirect(303, '/contact/thanks', { 'cache-control': 'no-store' });
}

function faultsOf(fields: Fields): Faults {
  const faults: Faults = {};
  if (fields.name === '') faults.name = 'Please tell us your name.';
  else if (fields.name.length > MAX_FIELD_CHARACTERS) faults.name = `At most ${MAX_FIELD_CHARACTERS} characters, please.`;
  if (fields.email.length > MAX_FIELD_CHARACTERS || !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(fields.email)) {
    faults.email = 'Please give an address we can answer to, such as name@example.org.';
  }
  if (!SUBJECTS.some((subject) => subject === fields.subject)) faults.subject = 'Please choose a subject from the list.';
  if (fields.message.length < MIN_MESSAGE_CHARACTERS) faults.message = `Please write at least ${MIN_MESSAGE_CHARACTERS} characters.`;
  else if (fields.message.length > MAX_MESSAGE_CHARACTERS) faults.message = `At most ${MAX_MESSAGE_CHARACTERS} characters, please.`;
  return faults;
}

/** A number the visitor can quote on the telephone. */
function messageNumber(session: Session, fields: Fields): string {
  const seed = `${session.id}${fields.message}`;
  let hash = 0;
  for (let index = 0; index < seed.length; index += 1) hash = (Math.imul(hash, 31) + seed.charCodeAt(index)) >>> 0;
  return `C-${String(hash % 1_000_000).padStart(6, '0')}`;
}

function contactPage(site: Site, session: Session, fields: Fields, faults: Faults): Html {
  const count = Object.keys(faults).length;
  const fault = (name: keyof Fields): Html | undefined =>
    faults[name] === undefined ? undefined : html`<p class="fault" id="${name}-fault">${faults[name]}</p>`;
  const described = (name: keyof Fields): Html | undefined =>
    faults[name] === undefined ? undefined : html` aria-invalid="true" aria-describedby="${name}-fault"`;
  return layout(site, {
    title: count > 0 ? 'Contact: please check the form' : 'Contact', description: 'Write to the registry of the parliament.',
    body: html`<h1>Contact</h1>
<p class="standfirst">The registry answers letters within ten working days, in the order in which they arrive.</p>
${count > 0 && html`<div class="notice" role="alert"><p>${count === 1 ? 'One field needs' : `${count} fields need`} your attention. Nothing was sent yet.</p></div>`}
<form class="letter" method="post" action="/contact" novalidate>
<input type="hidden" name="token" value="${session.formToken}">
<div class="field"><label for="name">Your name</label>${fault('name')}<input id="name" name="name" value="${fields.name}" autocomplete="name" required maxlength="${MAX_FIELD_CHARACTERS}"${described('name')}></div>
<div class="field"><label for="email">E-mail address</label>${fault('email')}<input id="email" name="email" type="email" value="${fields.email}" autocomplete="email" required maxlength="${MAX_FIELD_CHARACTERS}"${described('email')}></div>
<div class="field"><label for="subject">Subject</label>${fault('subject')}<select id="subject" name="subject"${described('subject')}>${SUBJECTS.map((subject) => html`<option${subject === fields.subject && html` selected`}>${subject}</option>`)}</select></div>
<div class="field"><label for="message">Message</label>${fault('message')}<textarea id="message" name="message" rows="8" required maxlength="${MAX_MESSAGE_CHARACTERS}" data-count="message-count"${described('message')}>${fields.message}</textarea>
<span class="meta" id="message-count">At most ${MAX_MESSAGE_CHARACTERS} characters</span></div>
<p><button type="submit">Send</button></p>
</form>
<section aria-labelledby="by-post"><h2 id="by-post">By post or by telephone</h2><p>Registry of the Parliament, House on the Quay, 1 Treaty Square, Aldermouth. Telephone +00 555 01 00, on working days from 09:00 to 17:00.</p></section>`,
  });
}

function thanksPage(site: Site, session: Session): Html {
  const message = session.lastMessage;
  if (message === undefined) throw new Refusal(404, 'There is no message yet.');
  return layout(site, {
    title: 'Thank you', trail: [{ path: '/contact', label: 'Contact' }],
    body: html`<h1>Thank you, ${message.name}</h1>
<p class="standfirst">Your message has reached the registry under number <strong>${message.number}</strong>.</p>
<p>Subject: ${message.subject}. We will answer to ${message.email} within ten working days. Please quote the number if you call.</p>
<p><a class="more" href="/news">Back to the news</a></p>`,
  });
}

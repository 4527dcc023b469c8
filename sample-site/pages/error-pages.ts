import { page } from '../web/answer.ts';
import type { Answer } from '../web/answer.ts';
import { html } from '../web/html.ts';
import type { Site } from '../web/site.ts';
import { layout } from './layout.ts';

const TITLES: Readonly<Record<number, string>> = {
  400: 'We could not read this request', 403: 'This form has expired', 404: 'Page not found', 405: 'Not possible here',
  413: 'Too long', 415: 'Wrong kind of form', 500: 'Something broke on our side',
};

/** A page for people; the machine reads the status. */
export function errorPage(site: Site, status: number, message: string, headers: Answer['headers'] = {}): Answer {
  const title = TITLES[status] ?? 'Error';
  return page(
    layout(site, {
      title, plain: true,
      body: html`<p class="kicker">Error ${status}</p><h1>${title}</h1><p class="standfirst">${message}</p>
<ul class="lines"><li><a href="/">Front page</a></li><li><a href="/plenary">Agenda of the plenary</a></li><li><a href="/votes">Votes</a></li><li><a href="/contact">Tell us what went wrong</a></li></ul>`,
    }),
    status >= 500 ? { 'cache-control': 'no-store', ...headers } : headers,
    status,
  );
}

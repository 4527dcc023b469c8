import { searchDocuments } from '../archive/search-documents.ts';
import { page, Refusal } from '../web/answer.ts';
import { html } from '../web/html.ts';
import type { Html } from '../web/html.ts';
import { pageNumber } from '../web/parse-parameters.ts';
import type { Route } from '../web/router.ts';
import type { Site } from '../web/site.ts';
import { KIND_LABELS, pager, time } from './fragments.ts';
import { layout } from './layout.ts';

const PER_PAGE = 15;
const MAX_QUERY_CHARACTERS = 120;
/** Results may be kept a minute; nobody did more about it, as nobody does. */
const SEARCH_CACHING = 'public, max-age=60';

export function searchRoutes(site: Site): readonly Route[] {
  return [
    { method: 'GET', path: '/search', handle: ({ url }) => page(searchPage(site, url), { 'cache-control': SEARCH_CACHING }) },
  ];
}

function searchPage(site: Site, url: URL): Html {
  const query = (url.searchParams.get('q') ?? '').trim();
  if (query.length > MAX_QUERY_CHARACTERS) throw new Refusal(400, `Please search for at most ${MAX_QUERY_CHARACTERS} characters.`);
  const current = pageNumber(url);
  const result = searchDocuments(site.parliament.archive, query, site.searchCost, current, PER_PAGE);
  const years = [...result.byYear].sort((left, right) => right.value.localeCompare(left.value));
  return layout(site, {
    title: query === '' ? 'Search' : `Search: ${query}`, plain: true,
    body: html`<h1>Search the documents</h1>
<form class="big-search" action="/search" role="search"><label for="q">Words in title or text</label>
<div><input id="q" type="search" name="q" value="${query}" maxlength="${MAX_QUERY_CHARACTERS}" required><button type="submit">Search</button></div></form>
${query !== '' && result.words.length === 0 && html`<p>Please give at least one word of two letters or more.</p>`}
${result.words.length > 0 && result.total === 0 && html`<p>No document contains ${result.words.length === 1 ? 'this word' : 'all of these words'}. Try fewer words, or <a href="/documents">browse the list</a>.</p>`}
${result.total > 0 && html`<div class="search-results"><section aria-labelledby="result-count"><h2 id="result-count">${result.total.toLocaleString('en')} ${result.total === 1 ? 'document' : 'documents'}</h2>
<ol class="documents" start="${(current - 1) * PER_PAGE + 1}">${result.hits.map((hit) => html`<li><p class="kicker">${KIND_LABELS[hit.kind]} · ${hit.reference} · ${time(hit.date)}</p>
<h3><a href="/documents/${hit.id}">${hit.title}</a></h3><p>${marked(hit.extract, result.words)}</p></li>`)}</ol>
${pager('/search', url.searchParams, current, result.total, PER_PAGE)}</section>
<aside aria-label="Where the words were found"><h2>By kind</h2><dl class="counts">${result.byKind.map(({ value, count }) => html`<div><dt>${KIND_LABELS[value]}</dt><dd>${count}</dd></div>`)}</dl>
<h2>By year</h2><dl class="counts">${years.map(({ value, count }) => html`<div><dt>${value}</dt><dd>${count}</dd></div>`)}</dl></aside></div>`}`,
  });
}

function marked(text: string, words: readonly string[]): Html[] {
  const pattern = new RegExp(`(${words.join('|')})`, 'giu');
  return text.split(pattern).map((part, index) => (index % 2 === 1 ? html`<mark>${part}</mark>` : html`${part}`));
}

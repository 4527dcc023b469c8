import { longDay, publishedAt } from '../content/calendar.ts';
import { DOCUMENT_KINDS } from '../content/compose-document.ts';
import type { ParliamentDocument } from '../content/compose-document.ts';
import { TOPICS, topicById } from '../content/topics.ts';
import { writePdf } from '../pdf/write-pdf.ts';
import type { PdfBlock } from '../pdf/write-pdf.ts';
import { page, Refusal } from '../web/answer.ts';
import type { Answer } from '../web/answer.ts';
import { html } from '../web/html.ts';
import type { Html } from '../web/html.ts';
import { oneOf, pageNumber, positiveInteger } from '../web/parse-parameters.ts';
import type { Route } from '../web/router.ts';
import type { Site } from '../web/site.ts';
import { KIND_LABELS, pager, runningText, time } from './fragments.ts';
import { layout } from './layout.ts';

const PER_PAGE = 25;
const LIST_CACHING = 'public, max-age=60, s-maxage=120';
const DOCUMENT_CACHING = 'public, max-age=600, s-maxage=86400, stale-while-revalidate=86400';
const PDF_CACHING = 'public, max-age=86400';
const TRAIL = [{ path: '/documents', label: 'Documents' }];
const TOPIC_IDS = TOPICS.map((topic) => topic.id);

export function documentsRoutes(site: Site): readonly Route[] {
  const find = (text: string): ParliamentDocument => {
    const paper = site.parliament.archive.document(positiveInteger(text, 'number of a document'));
    if (paper === undefined) throw new Refusal(404, 'There is no document with this number.');
    return paper;
  };
  return [
    {
      method: 'GET', path: '/documents',
      handle: ({ url }) => ({ ...page(documentList(site, url), { 'cache-control': LIST_CACHING }), etag: 'weak' }),
    },
    { method: 'GET', path: '/documents/:id.pdf', handle: ({ params }) => documentPdf(site, find(params.id)) },
    {
      method: 'GET', path: '/documents/:id',
      handle: ({ params }) => {
        const paper = find(params.id);
        return {
          ...page(documentPage(site, paper), { 'cache-control': DOCUMENT_CACHING }), etag: 'weak', lastModified: publishedAt(paper.date),
        };
      },
    },
  ];
}

function documentList(site: Site, url: URL): Html {
  const current = pageNumber(url);
  const kind = oneOf(url, 'kind', DOCUMENT_KINDS);
  const topicId = oneOf(url, 'topic', TOPIC_IDS);
  const author = oneOf(url, 'author', [...site.parliament.memberBySlug.keys()]);
  const { total, documents } = site.parliament.archive.list({ kind, topicId, authorSlug: author }, current, PER_PAGE);
  if (documents.length === 0 && current > 1) throw new Refusal(404, 'The list of documents has no such page.');
  const authorName = author === undefined ? undefined : site.parliament.memberBySlug.get(author)?.name;
  return layout(site, {
    title: current === 1 ? 'Documents' : `Documents, page ${current}`, section: '/documents',
    description: 'Bills, reports, resolutions, questions and petitions.',
    body: html`<h1>Documents${authorName !== undefined && ` by ${authorName}`}</h1>
<form class="filters" action="/documents">
<label>Kind <select name="kind"><option value="">All kinds</option>${DOCUMENT_KINDS.map((value) => html`<option value="${value}"${value === kind && html` selected`}>${KIND_LABELS[value]}</option>`)}</select></label>
<label>Subject <select name="topic"><option value="">All subjects</option>${TOPICS.map((topic) => html`<option value="${topic.id}"${topic.id === topicId && html` selected`}>${topic.name}</option>`)}</select></label>
${author !== undefined && html`<input type="hidden" name="author" value="${author}">`}
<button type="submit">Show</button></form>
<p class="meta">${total.toLocaleString('en')} ${total === 1 ? 'document' : 'documents'}, newest first</p>
<ul class="documents">${documents.map((paper) => html`<li><p class="kicker">${KIND_LABELS[paper.kind]} · ${paper.reference} · ${time(paper.date)}</p>
<h2><a href="/documents/${paper.id}">${paper.title}</a></h2><p>${paper.summary}</p></li>`)}</ul>
${pager('/documents', url.searchParams, current, total, PER_PAGE)}`,
  });
}

function documentPage(site: Site, paper: ParliamentDocument): Html {
  const { memberBySlug, house, archive } = site.parliament;
  const author = memberBySlug.get(paper.authorSlug);
  const votes = house.votes.filter((vote) => vote.documentId === paper.id);
  const topic = topicById(paper.topicId);
  const related = archive.list({ topicId: paper.topicId, kind: paper.kind }, 1, 6).documents.filter((other) => other.id !== paper.id).slice(0, 5);
  return layout(site, {
    title: paper.title, section: '/documents', trail: TRAIL, description: paper.summary,
    body: html`<div class="reading"><article class="story document"><p class="kicker">${KIND_LABELS[paper.kind]} · ${paper.reference}</p><h1>${paper.title}</h1>
<dl class="facts"><div><dt>Date</dt><dd>${time(paper.date)}</dd></div>
<div><dt>Author</dt><dd>${author === undefined ? 'Registry' : html`<a href="/members/${author.slug}">${author.name}</a> (${author.group.short})`}</dd></div>
${topic !== undefined && html`<div><dt>Committee</dt><dd><a href="/documents?topic=${topic.id}">${topic.committee}</a></dd></div>`}
<div><dt>Download</dt><dd><a href="/documents/${paper.id}.pdf">PDF</a>, <a href="/api/v1/documents/${paper.id}">JSON</a></dd></div>
${votes.length > 0 && html`<div><dt>Votes</dt><dd>${votes.map((vote) => html`<a href="/votes/${vote.id}">${vote.adopted ? 'Adopted' : 'Rejected'}, ${longDay(vote.date)}</a> `)}</dd></div>`}</dl>
${runningText(paper.body, 2)}</article>
<section class="related" aria-labelledby="related-title"><h2 id="related-title">On the same subject</h2>
<ul class="lines">${related.map((other) => html`<li><a href="/documents/${other.id}">${other.title}</a><span class="meta">${other.reference} · ${time(other.date)}</span></li>`)}</ul></section></div>`,
  });
}

function documentPdf(site: Site, paper: ParliamentDocument): Answer {
  const author = site.parliament.memberBySlug.get(paper.authorSlug)?.name ?? 'Registry';
  const blocks: PdfBlock[] = [
    { kind: 'small', text: `Parliament of Exampleland · ${KIND_LABELS[paper.kind]} · ${paper.reference}` },
    { kind: 'title', text: paper.title },
    { kind: 'small', text: `${longDay(paper.date)} · ${author}` },
    { kind: 'text', text: paper.summary },
    { kind: 'page-break', text: '' },
    ...paper.body.split('\n\n').map((text): PdfBlock => (text.startsWith('## ') ? { kind: 'heading', text: text.slice(3) } : { kind: 'text', text })),
  ];
  const body = writePdf({ title: paper.title, author, date: publishedAt(paper.date), footer: paper.reference }, blocks);
  const name = paper.reference.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return {
    status: 200,
    headers: { 'content-type': 'application/pdf', 'cache-control': PDF_CACHING, 'content-disposition': `inline; filename="${name}.pdf"` },
    body, etag: 'strong', ranges: true, lastModified: publishedAt(paper.date),
  };
}

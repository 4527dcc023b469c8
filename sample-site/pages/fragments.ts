import { longDay } from '../content/calendar.ts';
import type { Day } from '../content/calendar.ts';
import type { NewsItem } from '../content/news.ts';
import { html } from '../web/html.ts';
import type { Html } from '../web/html.ts';

export function time(day: Day): Html {
  return html`<time datetime="${day}">${longDay(day)}</time>`;
}

/** Links to the pages of a list. `query` holds the filters to keep. */
export function pager(path: string, query: URLSearchParams, current: number, total: number, perPage: number): Html | undefined {
  const last = Math.max(1, Math.ceil(total / perPage));
  if (last === 1) return undefined;
  const link = (page: number): string => {
    const kept = new URLSearchParams(query);
    kept.delete('page');
    if (page > 1) kept.set('page', String(page));
    const text = kept.toString();
    return text === '' ? path : `${path}?${text}`;
  };
  const near = [...new Set([1, current - 2, current - 1, current, current + 1, current + 2, last])]
    .filter((page) => page >= 1 && page <= last)
    .sort((left, right) => left - right);
  return html`<nav class="pager" aria-label="Pages"><ul>
${current > 1 && html`<li><a href="${link(current - 1)}" rel="prev">Previous</a></li>`}
${near.map((page, index) => html`${index > 0 && page - near[index - 1] > 1 && html`<li aria-hidden="true">…</li>`}<li><a href="${link(page)}"${page === current && html` aria-current="page"`}><span class="visually-hidden">Page </span>${page}</a></li>`)}
${current < last && html`<li><a href="${link(current + 1)}" rel="next">Next</a></li>`}
</ul></nav>`;
}

/** A picture of a news item in two sizes. `sizes` as in the HTML attribute. */
export function newsPicture(item: NewsItem, sizes: string, eager: boolean): Html | undefined {
  if (item.picture === undefined) return undefined;
  const base = `/images/news/${item.slug}`;
  return html`<img class="scene" src="${base}-800.png" srcset="${base}-400.png 400w, ${base}-800.png 800w" sizes="${sizes}" alt="${item.picture.alt}" width="800" height="450"${!eager && html` loading="lazy"`}>`;
}

/** Running text of a document or page: paragraphs, with "## " for headings of the given level. */
export function runningText(text: string, level: 2 | 3): Html[] {
  return text.split('\n\n').map((paragraph) => {
    if (!paragraph.startsWith('## ')) return html`<p>${paragraph}</p>`;
    return level === 2 ? html`<h2>${paragraph.slice(3)}</h2>` : html`<h3>${paragraph.slice(3)}</h3>`;
  });
}

export const KIND_LABELS: Readonly<Record<string, string>> = {
  bill: 'Bill', report: 'Report', resolution: 'Resolution', question: 'Question', petition: 'Petition', opinion: 'Opinion',
  briefing: 'Research briefing', minutes: 'Minutes',
};

import { html } from '../web/html.ts';
import type { Html } from '../web/html.ts';
import type { Site } from '../web/site.ts';

export interface PageParts {
  readonly title: string;
  readonly description?: string;
  /** Path of the entry of the main menu this page belongs to. */
  readonly section?: string;
  /** Pages above this one, from the top. */
  readonly trail?: readonly { readonly path: string; readonly label: string }[];
  readonly body: Html;
  /** Page without the search field (errors: nothing there may invite a heavy request). */
  readonly plain?: boolean;
}

const MENU = [
  { path: '/news', label: 'News' },
  { path: '/plenary', label: 'Plenary' },
  { path: '/votes', label: 'Votes' },
  { path: '/members', label: 'Members' },
  { path: '/documents', label: 'Documents' },
  { path: '/visit', label: 'Visit' },
  { path: '/about', label: 'About' },
] as const;

/** A whole page. Links are absolute paths, so that the site works behind any proxy that keeps its root. */
export function layout(site: Site, parts: PageParts): Html {
  const { assets } = site;
  const home = parts.section === '/';
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${home ? parts.title : `${parts.title} · Parliament of Exampleland`}</title>
${parts.description !== undefined && html`<meta name="description" content="${parts.description}">`}
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#12394a">
<link rel="icon" href="/favicon.ico" sizes="32x32">
<link rel="icon" href="/images/emblem.svg" type="image/svg+xml">
<link rel="alternate" type="application/rss+xml" title="News (RSS)" href="/rss.xml">
<link rel="alternate" type="application/atom+xml" title="News (Atom)" href="/atom.xml">
<link rel="stylesheet" href="${assets.stylePath}">
<link rel="stylesheet" href="${assets.printPath}" media="print">
<script src="${assets.scriptPath}" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header class="masthead">
<div class="bar">
<a class="brand" href="/"><img src="/images/emblem.svg" alt="" width="48" height="48"><span><strong>Parliament</strong> of Exampleland</span></a>
${!parts.plain && html`<form class="quick-search" action="/search" role="search" aria-label="Site search">
<label class="visually-hidden" for="site-search">Search the documents</label>
<input id="site-search" type="search" name="q" placeholder="Search documents" maxlength="120" required>
<button type="submit">Search</button>
</form>`}
</div>
<nav class="menu" aria-label="Main">
<ul>${MENU.map(({ path, label }) => html`<li><a href="${path}"${parts.section === path && html` aria-current="${parts.trail === undefined ? 'page' : 'true'}"`}>${label}</a></li>`)}</ul>
</nav>
</header>
<main id="content" tabindex="-1">
${parts.trail !== undefined && html`<nav class="trail" aria-label="You are here"><ol><li><a href="/">Home</a></li>${parts.trail.map(({ path, label }) => html`<li><a href="${path}">${label}</a></li>`)}</ol></nav>`}
${parts.body}
</main>
<footer class="colophon">
<div class="bar">
<div><h2>Parliament of Exampleland</h2>
<p>House on the Quay, 1 Treaty Square, Aldermouth<br>Registry: +00 555 01 00, on sitting days until the close of the sitting</p></div>
<nav aria-label="Service"><ul>
<li><a href="/contact">Contact</a></li><li><a href="/notifications">My notifications</a></li><li><a href="/about/opening-hours">Opening hours</a></li>
<li><a href="/accessibility">Accessibility</a></li><li><a href="/privacy">Privacy</a></li></ul></nav>
<nav aria-label="Data"><ul>
<li><a href="/rss.xml">News feed (RSS)</a></li><li><a href="/atom.xml">News feed (Atom)</a></li><li><a href="/plenary/calendar.ics">Calendar (iCal)</a></li>
<li><a href="/about/open-data">Open data</a></li><li><a href="/about/press">Press</a></li></ul></nav>
</div>
</footer>
</body>
</html>
`;
}

import { DOCUMENT_KINDS } from '../content/compose-document.ts';
import { GROUPS } from '../content/groups.ts';
import type { Member } from '../content/members.ts';
import type { Vote } from '../content/votes.ts';
import { TOPICS } from '../content/topics.ts';
import { json, Refusal } from '../web/answer.ts';
import type { Answer } from '../web/answer.ts';
import { oneOf, pageNumber, positiveInteger } from '../web/parse-parameters.ts';
import type { Route } from '../web/router.ts';
import type { Site } from '../web/site.ts';

/** Any website may read the open data. Also sent with the errors of the interface. */
export const OPEN_TO_ALL = { 'access-control-allow-origin': '*' } as const;

const API_HEADERS = { ...OPEN_TO_ALL, 'cache-control': 'public, max-age=60, stale-while-revalidate=600' } as const;
const DEFAULT_PER_PAGE = 25;
const MAX_PER_PAGE = 100;

/** The open data interface. Errors come as `{"error": {"status", "message"}}`. */
export function apiRoutes(site: Site): readonly Route[] {
  const { parliament } = site;
  const answer = (value: unknown): Answer => ({ ...json(value, API_HEADERS), etag: 'weak' });
  return [
    {
      method: 'GET', path: '/api/v1',
      handle: () => answer({
        name: 'Parliament of Exampleland, open data', licence: 'Apache-2.0',
        links: { members: '/api/v1/members', votes: '/api/v1/votes', documents: '/api/v1/documents' },
      }),
    },
    {
      method: 'GET', path: '/api/v1/members',
      handle: ({ url }) => {
        const group = oneOf(url, 'group', GROUPS.map(({ id }) => id));
        const members = parliament.members.filter((member) => group === undefined || member.group.id === group);
        return answer(paged(url, members.length, (from, count) => members.slice(from, from + count).map(memberRecord)));
      },
    },
    {
      method: 'GET', path: '/api/v1/members/:slug',
      handle: ({ params }) => {
        const member = parliament.memberBySlug.get(params.slug);
        if (member === undefined) throw new Refusal(404, 'There is no such member.');
        return answer({ ...memberRecord(member), biography: member.biography, committees: member.committees });
      },
    },
    {
      method: 'GET', path: '/api/v1/votes',
      handle: ({ url }) => {
        const votes = [...parliament.house.votes].reverse();
        return answer(paged(url, votes.length, (from, count) => votes.slice(from, from + count).map(voteRecord)));
      },
    },
    {
      method: 'GET', path: '/api/v1/votes/:id',
      handle: ({ params }) => {
        const vote = parliament.house.votes[positiveInteger(params.id, 'number of a vote') - 1];
        if (vote === undefined) throw new Refusal(404, 'There is no vote with this number.');
        return answer({ ...voteRecord(vote), casts: parliament.members.map((member) => ({ member: member.slug, cast: vote.casts[member.seat] })) });
      },
    },
    {
      method: 'GET', path: '/api/v1/documents',
      handle: ({ url }) => {
        const filter = { kind: oneOf(url, 'kind', DOCUMENT_KINDS), topicId: oneOf(url, 'topic', TOPICS.map(({ id }) => id)) };
        const { page, perPage } = paging(url);
        const { total, documents } = parliament.archive.list(filter, page, perPage);
        return answer({ page, perPage, total, items: documents.map((paper) => ({ ...paper, url: `/documents/${paper.id}`, pdf: `/documents/${paper.id}.pdf` })) });
      },
    },
    {
      method: 'GET', path: '/api/v1/documents/:id',
      handle: ({ params }) => {
        const paper = parliament.archive.document(positiveInteger(params.id, 'number of a document'));
        if (paper === undefined) throw new Refusal(404, 'There is no document with this number.');
        return answer({ ...paper, url: `/documents/${paper.id}`, pdf: `/documents/${paper.id}.pdf` });
      },
    },
  ];
}

export function apiError(status: number, message: string, headers: Answer['headers'] = {}): Answer {
  return json({ error: { status, message } }, { ...OPEN_TO_ALL, ...headers }, status);
}

function paging(url: URL): { page: number; perPage: number } {
  const text = url.searchParams.get('per_page');
  const perPage = text === null ? DEFAULT_PER_PAGE : positiveInteger(text, 'per_page');
  if (perPage > MAX_PER_PAGE) throw new Refusal(400, `per_page is at most ${MAX_PER_PAGE}.`);
  return { page: pageNumber(url), perPage };
}

function paged(url: URL, total: number, slice: (from: number, count: number) => unknown[]): unknown {
  const { page, perPage } = paging(url);
  return { page, perPage, total, items: slice((page - 1) * perPage, perPage) };
}

function memberRecord(member: Member): object {
  return {
    slug: member.slug, name: member.name, group: member.group.id, district: member.district.id, seat: member.seat + 1,
    office: member.office === '' ? null : member.office, memberSince: member.electedYear, email: member.email,
    url: `/members/${member.slug}`, portrait: `/images/portraits/${member.slug}.svg`,
  };
}

function voteRecord(vote: Vote): object {
  return {
    id: vote.id, date: vote.date, clock: vote.clock, title: vote.title, document: vote.documentId, adopted: vote.adopted,
    totals: vote.totals, url: `/votes/${vote.id}`,
  };
}

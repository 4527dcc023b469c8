import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ByteRange } from './byte-range.ts';
import type { Html } from './html.ts';

/** What a handler gives back. The sending (HEAD, conditions, ranges, gzip) is done in one place, send-answer.ts. */
export interface Answer {
  readonly status: number;
  /** Lower-case names. A list is sent as several header lines. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
  /** How the body is tagged: weak for pages that may be compressed, strong for files, none for careless pages. */
  readonly etag?: 'weak' | 'strong';
  readonly lastModified?: Date;
  /** The body may be asked for in parts. Needs a strong tag. */
  readonly ranges?: true;
  /** In place of a body: a large one, written piece by piece. */
  readonly stream?: StreamedBody;
}

interface StreamedBody {
  readonly bytes: number;
  readonly tag: string;
  write(response: ServerResponse, range: ByteRange): Promise<void>;
}

/** One request as the handlers see it. */
export interface Visit {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly params: Readonly<Record<string, string>>;
}

/** Thrown by handlers for a request that has no answer; becomes an error page of that status. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
  }
}

export function page(markup: Html, headers: Answer['headers'] = {}, status = 200): Answer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8', ...headers }, body: markup.text };
}

export function json(value: unknown, headers: Answer['headers'] = {}, status = 200): Answer {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, body: `${JSON.stringify(value)}\n` };
}

export function redirect(status: 301 | 302 | 303, location: string, headers: Answer['headers'] = {}): Answer {
  return {
    status, headers: { location, 'content-type': 'text/plain; charset=utf-8', ...headers }, body: `See ${location}\n`,
  };
}

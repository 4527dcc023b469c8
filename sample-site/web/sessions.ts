import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

interface Message {
  readonly number: string;
  readonly name: string;
  readonly email: string;
  readonly subject: string;
}

export interface Session {
  readonly id: string;
  readonly formToken: string;
  lastMessage?: Message;
  followedTopics: readonly string[];
}

const COOKIE = 'session';
/** Oldest sessions fall out beyond this many, so that memory stays fixed. */
const MAX_SESSIONS = 20_000;

/** Visitors' sessions, in memory, known by an unguessable cookie. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();

  find(request: IncomingMessage): Session | undefined {
    const id = cookieOf(request, COOKIE);
    return id === undefined ? undefined : this.#sessions.get(id);
  }

  /** A new session and the Set-Cookie line that carries it. */
  open(): { session: Session; setCookie: string } {
    const session: Session = {
      id: randomBytes(18).toString('base64url'), formToken: randomBytes(18).toString('base64url'), followedTopics: [],
    };
    this.#sessions.set(session.id, session);
    if (this.#sessions.size > MAX_SESSIONS) {
      const oldest = this.#sessions.keys().next();
      if (!oldest.done) this.#sessions.delete(oldest.value);
    }
    return { session, setCookie: `${COOKIE}=${session.id}; Path=/; HttpOnly; SameSite=Lax` };
  }
}

export function formTokenMatches(session: Session, sent: string): boolean {
  const expected = Buffer.from(session.formToken);
  const actual = Buffer.from(sent);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function cookieOf(request: IncomingMessage, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

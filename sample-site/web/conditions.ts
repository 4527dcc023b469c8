import type { IncomingHttpHeaders } from 'node:http';

/** What the conditional headers of a request ask for, given the current tag and date (RFC 9110, section 13.2.2). */
export type ConditionOutcome = 'send' | 'not-modified' | 'failed';

export function evaluateConditions(
  headers: IncomingHttpHeaders, tag: string | undefined, lastModified: Date | undefined, safeMethod: boolean,
): ConditionOutcome {
  const modifiedSeconds = lastModified === undefined ? undefined : Math.floor(lastModified.getTime() / 1000);
  if (headers['if-match'] !== undefined) {
    if (!listed(headers['if-match'], tag, true)) return 'failed';
  } else if (headers['if-unmodified-since'] !== undefined && modifiedSeconds !== undefined) {
    const since = Date.parse(headers['if-unmodified-since']);
    if (!Number.isNaN(since) && modifiedSeconds > since / 1000) return 'failed';
  }
  if (headers['if-none-match'] !== undefined) {
    if (!listed(headers['if-none-match'], tag, false)) return 'send';
    return safeMethod ? 'not-modified' : 'failed';
  }
  if (safeMethod && headers['if-modified-since'] !== undefined && modifiedSeconds !== undefined) {
    const since = Date.parse(headers['if-modified-since']);
    if (!Number.isNaN(since) && modifiedSeconds <= since / 1000) return 'not-modified';
  }
  return 'send';
}

/** Whether a Range header still applies to the body we would send (RFC 9110, section 13.1.5). */
export function rangeStillValid(ifRange: string | undefined, tag: string | undefined, lastModified: Date | undefined): boolean {
  if (ifRange === undefined) return true;
  if (ifRange.startsWith('"')) return ifRange === tag;
  if (ifRange.startsWith('W/')) return false;
  return lastModified !== undefined && Date.parse(ifRange) === Math.floor(lastModified.getTime() / 1000) * 1000;
}

function listed(header: string, tag: string | undefined, strong: boolean): boolean {
  if (header.trim() === '*') return true;
  if (tag === undefined || (strong && tag.startsWith('W/'))) return false;
  const wanted = opaque(tag);
  const entries = header.match(/(W\/)?"[^"]*"/g) ?? [];
  return entries.some((entry) => (!strong || !entry.startsWith('W/')) && opaque(entry) === wanted);
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}

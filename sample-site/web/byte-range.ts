export interface ByteRange {
  /** First byte, counted from 0. */
  readonly start: number;
  /** Last byte, included. */
  readonly end: number;
}

/**
 * Reads a Range header (RFC 9110, section 14). Undefined: send the whole body (no range, an unknown unit, a malformed
 * set, or several ranges, which we choose not to serve). 'unsatisfiable': answer 416.
 */
export function parseByteRange(header: string | undefined, bytes: number): ByteRange | 'unsatisfiable' | undefined {
  if (header === undefined) return undefined;
  const match = /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  if (match === null) return undefined;
  const [, first, last] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const suffix = Number(last);
    if (suffix === 0 || bytes === 0) return 'unsatisfiable';
    return { start: Math.max(0, bytes - suffix), end: bytes - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= bytes) return 'unsatisfiable';
  return { start, end: last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1) };
}

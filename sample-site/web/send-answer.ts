import { createHash } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { Answer } from './answer.ts';
import { parseByteRange } from './byte-range.ts';
import { evaluateConditions, rangeStillValid } from './conditions.ts';

/** Smaller bodies fit into one packet anyway. */
const COMPRESS_FROM_BYTES = 860;
const COMPRESSIBLE = /^(text\/|application\/(json|xml|rss\+xml|atom\+xml|javascript)|image\/svg)/;

/** Sends an answer as the request allows: HEAD without body, 304, 412, one byte range, gzip when the client takes it. */
export async function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  const body = answer.body === undefined ? undefined : Buffer.from(answer.body as string);
  const tag = answer.stream?.tag ?? tagOf(answer, body);
  const headers = mutableHeaders(answer.headers);
  if (tag !== undefined) headers.etag = tag;
  if (answer.lastModified !== undefined) headers['last-modified'] = answer.lastModified.toUTCString();
  const compressible = body !== undefined && body.length >= COMPRESS_FROM_BYTES && !answer.ranges && COMPRESSIBLE.test(String(headers['content-type']));
  if (compressible) headers.vary = joinVary(headers.vary, 'Accept-Encoding');
  const safe = request.method === 'GET' || request.method === 'HEAD';
  if (answer.status === 200) {
    const outcome = evaluateConditions(request.headers, tag, answer.lastModified, safe);
    if (outcome === 'not-modified') return end(request, response, 304, without(headers, 'content-type', 'content-disposition'), undefined);
    if (outcome === 'failed') return end(request, response, 412, { 'cache-control': 'no-store' }, undefined);
  }
  if (answer.stream !== undefined || answer.ranges) return sendRanged(request, response, answer, headers, body, tag);
  if (compressible && acceptsGzip(request.headers['accept-encoding'])) {
    headers['content-encoding'] = 'gzip';
    return end(request, response, answer.status, headers, gzipSync(body, { level: 6 }));
  }
  return end(request, response, answer.status, headers, body);
}

/** Whether gzip is among the encodings a client takes, with a weight above zero (RFC 9110, section 12.5.3). */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  if (header === undefined) return false;
  let any: boolean | undefined;
  for (const entry of String(header).split(',')) {
    const [name, ...parameters] = entry.trim().toLowerCase().split(';');
    const weight = parameters.map((parameter) => /^\s*q=([\d.]+)/.exec(parameter)?.[1]).find((value) => value !== undefined);
    const taken = weight === undefined || Number(weight) > 0;
    if (name === 'gzip' || name === 'x-gzip') return taken;
    if (name === '*') any = taken;
  }
  return any ?? false;
}

async function sendRanged(
  request: IncomingMessage, response: ServerResponse, answer: Answer, headers: OutgoingHttpHeaders, body: Buffer | undefined, tag: string | undefined,
): Promise<void> {
  const bytes = answer.stream?.bytes ?? body?.length ?? 0;
  headers['accept-ranges'] = 'bytes';
  const asked = request.method === 'GET' && rangeStillValid(singleHeader(request.headers['if-range']), tag, answer.lastModified)
    ? parseByteRange(request.headers.range, bytes)
    : undefined;
  if (asked === 'unsatisfiable') {
    return end(request, response, 416, { 'content-range': `bytes */${bytes}`, 'cache-control': 'no-store' }, undefined);
  }
  const range = asked ?? { start: 0, end: bytes - 1 };
  const status = asked === undefined ? answer.status : 206;
  if (asked !== undefined) headers['content-range'] = `bytes ${range.start}-${range.end}/${bytes}`;
  if (answer.stream === undefined) return end(request, response, status, headers, body?.subarray(range.start, range.end + 1));
  headers['content-length'] = range.end - range.start + 1;
  response.writeHead(status, headers);
  if (request.method === 'HEAD' || bytes === 0) {
    response.end();
    return undefined;
  }
  return answer.stream.write(response, range);
}

function tagOf(answer: Answer, body: Buffer | undefined): string | undefined {
  if (answer.etag === undefined || body === undefined) return undefined;
  const digest = createHash('sha1').update(body).digest('base64url').slice(0, 20);
  return answer.etag === 'weak' ? `W/"${digest}"` : `"${digest}"`;
}

async function end(
  request: IncomingMessage, response: ServerResponse, status: number, headers: OutgoingHttpHeaders, body: Buffer | undefined,
): Promise<void> {
  if (status !== 304 && status !== 204) headers['content-length'] = body?.length ?? 0;
  response.writeHead(status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

function mutableHeaders(headers: Answer['headers']): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]));
}

function without(headers: OutgoingHttpHeaders, ...names: readonly string[]): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

function joinVary(before: OutgoingHttpHeaders[string], name: string): string {
  return before === undefined ? name : `${String(before)}, ${name}`;
}

function singleHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

import type { IncomingMessage } from 'node:http';
import { Refusal } from './answer.ts';

const MAX_FORM_BYTES = 64 * 1024;

/** Reads a urlencoded form. Refuses other media types (415) and forms above 64 KiB (413). */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const type = request.headers['content-type'] ?? '';
  if (!type.toLowerCase().startsWith('application/x-www-form-urlencoded')) {
    throw new Refusal(415, 'This address takes a form (application/x-www-form-urlencoded).');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_FORM_BYTES) throw new Refusal(413, 'The form is too long. Please send at most 64 kilobytes.');
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

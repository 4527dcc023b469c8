import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Answer, Visit } from '../web/answer.ts';
import { Refusal } from '../web/answer.ts';
import type { ByteRange } from '../web/byte-range.ts';
import type { Route } from '../web/router.ts';
import { SeededRandom } from '../content/seeded-random.ts';

const BLOCK_BYTES = 64 * 1024;
const DEFAULT_BYTES = 16 * 1024 * 1024;
const MAX_BYTES = 2 * 1024 ** 3;

/**
 * A large download of any asked-for length up to 2 GiB, in constant memory. The bytes are noise that depends only on
 * their place; each block of 64 KiB begins with its number (64 bits, big-endian), so a lost or doubled one shows.
 */
export function sessionRecordingRoute(): Route {
  const noise = Buffer.alloc(BLOCK_BYTES);
  const random = new SeededRandom(11, 'session recording');
  for (let index = 0; index < BLOCK_BYTES; index += 1) noise[index] = random.between(0, 255);
  return {
    method: 'GET', path: '/downloads/session-recording.bin',
    handle: ({ url }: Visit): Answer => {
      const bytes = askedBytes(url.searchParams.get('bytes'));
      return {
        status: 200,
        headers: {
          'content-type': 'application/octet-stream', 'cache-control': 'no-store',
          'content-disposition': 'attachment; filename="session-recording.bin"',
        },
        stream: { bytes, tag: `"recording-${bytes}"`, write: (response, range) => writeBlocks(response, noise, range) },
      };
    },
  };
}

function askedBytes(text: string | null): number {
  if (text === null) return DEFAULT_BYTES;
  const bytes = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(bytes <= MAX_BYTES)) throw new Refusal(400, `bytes is a whole number from 0 to ${MAX_BYTES}.`);
  return bytes;
}

async function writeBlocks(response: ServerResponse, noise: Buffer, range: ByteRange): Promise<void> {
  await pipeline(Readable.from(blocks(noise, range), { objectMode: true, highWaterMark: 2 }), response);
}

function* blocks(noise: Buffer, range: ByteRange): Generator<Buffer> {
  for (let at = range.start; at <= range.end;) {
    const number = Math.floor(at / BLOCK_BYTES);
    const from = at - number * BLOCK_BYTES;
    const to = Math.min(BLOCK_BYTES, range.end + 1 - number * BLOCK_BYTES);
    const block = Buffer.from(noise);
    block.writeBigUInt64BE(BigInt(number), 0);
    yield block.subarray(from, to);
    at += to - from;
  }
}

import { createHash } from 'node:crypto';
import { json } from '../web/answer.ts';
import type { Route } from '../web/router.ts';

/** Takes a body of any size, keeps none of it, and says how long it was and its SHA-256. */
export function uploadRoute(): Route {
  return {
    method: 'POST', path: '/upload',
    handle: async ({ request }) => {
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const chunk of request as AsyncIterable<Buffer>) {
        hash.update(chunk);
        bytes += chunk.length;
      }
      return json({ bytes, sha256: hash.digest('hex') }, { 'cache-control': 'no-store' });
    },
  };
}

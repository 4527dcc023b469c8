import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptsGzip } from './send-answer.ts';

test('gzip is used only where the client takes it', () => {
  for (const header of ['gzip', 'br, gzip', 'gzip;q=0.5', '*', 'identity;q=0.1, *;q=0.5', 'GZIP', 'x-gzip']) {
    assert.equal(acceptsGzip(header), true, header);
  }
  for (const header of [undefined, '', 'br', 'gzip;q=0', 'gzip; q=0.0, *', '*;q=0', 'identity']) {
    assert.equal(acceptsGzip(header), false, String(header));
  }
});

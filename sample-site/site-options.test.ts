import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readArguments, UsageError } from './site-options.ts';

const NOW = new Date('2026-03-10T22:00:00Z');

test('without arguments the site listens on 127.0.0.1:8090 and knows the day', () => {
  const options = readArguments([], NOW);
  assert.ok(options !== 'help');
  assert.deepEqual([options.host, options.port, options.today, options.searchCost], ['127.0.0.1', 8090, '2026-03-10', 1]);
});

test('arguments are taken', () => {
  const options = readArguments(['--port', '0', '--latency-ms', '40', '--search-cost', '3', '--quiet', '--today', '2025-01-31'], NOW);
  assert.ok(options !== 'help');
  assert.deepEqual([options.port, options.latencyMs, options.searchCost, options.quiet, options.today], [0, 40, 3, true, '2025-01-31']);
  assert.equal(readArguments(['--help'], NOW), 'help');
});

test('a mistake names the option, the value and what is allowed', () => {
  const mistakes: readonly (readonly [string[], RegExp])[] = [
    [['--port', '70000'], /--port is 70000; allowed is 0 to 65535/],
    [['--port', '80a'], /--port is "80a"; give a whole number/],
    [['--search-cost', '11'], /--search-cost is 11; allowed is 0 to 10/],
    [['--documents', '5'], /--documents is 5; allowed is 200 to 20000/],
    [['--today', '2026-02-30'], /--today is "2026-02-30"/],
    [['--colour'], /--colour/],
  ];
  for (const [args, message] of mistakes) {
    assert.throws(() => readArguments(args, NOW), (error) => error instanceof UsageError && message.test(error.message), args.join(' '));
  }
});

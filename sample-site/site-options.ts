import { parseArgs } from 'node:util';
import { MAX_SPELLINGS } from './archive/search-documents.ts';
import { isDay } from './content/calendar.ts';

export interface SampleSiteOptions {
  /** TCP port; 0 lets the system choose. */
  readonly port: number;
  readonly host: string;
  /** Waiting before every answer but /healthz, in milliseconds: a far or tired back end. */
  readonly latencyMs: number;
  /** Spellings tried per word of a search, 0 to 10; 0 looks at titles only. */
  readonly searchCost: number;
  /** No line per request on standard output. */
  readonly quiet: boolean;
  /** Same seed, same parliament. */
  readonly seed: number;
  /** The day the site believes it is, `YYYY-MM-DD`. */
  readonly today: string;
  /** Papers in the archive, 200 to 20,000. */
  readonly documentCount: number;
}

export const USAGE = `Usage: node sample-site/main.ts [options]

The website of the Parliament of Exampleland, for demos, drills and tests.

  --port N          TCP port, 0 to 65535; 0 lets the system choose (default 8090)
  --host ADDRESS    address to listen on (default 127.0.0.1)
  --latency-ms N    wait before every answer but /healthz, 0 to 60000 (default 0)
  --search-cost N   spellings tried per word of a search, 0 to ${MAX_SPELLINGS}; 0 looks at titles only (default 1)
  --documents N     papers in the archive, 200 to 20000 (default 4000)
  --seed N          same seed, same content, 0 to 4294967295 (default 1871)
  --today DAY       the day the site believes it is, YYYY-MM-DD (default: today, UTC)
  --quiet           no line per request
  --help            this text
`;

/** A mistake in the command line; the message names option, value and what is allowed. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export function defaultOptions(now: Date): SampleSiteOptions {
  return {
    port: 8090, host: '127.0.0.1', latencyMs: 0, searchCost: 1, quiet: false, seed: 1871,
    today: now.toISOString().slice(0, 10), documentCount: 4000,
  };
}

/** @throws UsageError */
export function readArguments(args: readonly string[], now: Date): SampleSiteOptions | 'help' {
  const values = parse(args);
  if (values.help === true) return 'help';
  const defaults = defaultOptions(now);
  const options: SampleSiteOptions = {
    port: integer('--port', values.port, defaults.port),
    host: values.host ?? defaults.host,
    latencyMs: integer('--latency-ms', values['latency-ms'], defaults.latencyMs),
    searchCost: integer('--search-cost', values['search-cost'], defaults.searchCost),
    quiet: values.quiet ?? defaults.quiet,
    seed: integer('--seed', values.seed, defaults.seed),
    today: values.today ?? defaults.today,
    documentCount: integer('--documents', values.documents, defaults.documentCount),
  };
  return checkOptions(options);
}

/** Gives the options back when all are within range. @throws UsageError */
export function checkOptions(options: SampleSiteOptions): SampleSiteOptions {
  within('--port', options.port, 0, 65_535);
  within('--latency-ms', options.latencyMs, 0, 60_000);
  within('--search-cost', options.searchCost, 0, MAX_SPELLINGS);
  within('--seed', options.seed, 0, 4_294_967_295);
  within('--documents', options.documentCount, 200, 20_000);
  if (options.host === '') throw new UsageError('--host is empty; give an address such as 127.0.0.1.');
  if (!isDay(options.today)) throw new UsageError(`--today is "${options.today}"; give a day such as 2026-03-10.`);
  return options;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' }, host: { type: 'string' }, 'latency-ms': { type: 'string' }, 'search-cost': { type: 'string' },
        documents: { type: 'string' }, seed: { type: 'string' }, today: { type: 'string' }, quiet: { type: 'boolean' }, help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function integer(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (!/^\d{1,10}$/.test(text)) throw new UsageError(`${name} is "${text}"; give a whole number.`);
  return Number(text);
}

function within(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) throw new UsageError(`${name} is ${value}; allowed is ${low} to ${high}.`);
}

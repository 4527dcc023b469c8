import type { OptionTable, OptionValues } from '../../kernel/option.ts'

/** What is written down about visitors. Least data by default: addresses shortened, no query values beyond what the path needs. */
export const accessLogOptions = {
  format: {
    kind: 'choice', choices: ['off', 'combined', 'json'], default: 'off', applies: 'live',
    sentence: 'Access log: off, the combined format every log tool reads, or JSON lines with the reason code and timings.',
  },
  file: {
    kind: 'text', default: '-', form: 'a path, or - for standard output', applies: 'restart',
    sentence: 'Where access lines go. SIGUSR1 reopens the file after logrotate moved it.',
  },
  addresses: {
    kind: 'choice', choices: ['shortened', 'hashed', 'full'], default: 'shortened', applies: 'live',
    sentence: 'How visitors are written: shortened to /24 or /48, as a keyed hash whose key changes every day, or in full (a decision for your data protection officer).',
    source: 'Regulation (EU) 2018/1725 Art. 4 and GDPR Art. 5: data minimisation',
  },
  sampleAbovePerSecond: {
    kind: 'count', min: 1, max: 1_000_000, default: 500, applies: 'live',
    sentence: 'Above this many requests in a second a worker writes a random sample at this rate; each JSON line says how many requests it stands for.',
  },
  bufferBytes: {
    kind: 'bytes', min: 65_536, max: 67_108_864, default: 1_048_576, applies: 'live',
    sentence: 'Lines waiting for a slow disk, per worker; when full, lines are dropped and counted, requests never wait.',
  },
} as const satisfies OptionTable

export type AccessLogSettings = OptionValues<typeof accessLogOptions>

import { cidrProblem } from '../../kernel/cidr-set.ts'
import type { OptionTable, OptionValues } from '../../kernel/option.ts'
import { DAY_MS, HOUR_MS, MIB, MINUTE_MS, SECOND_MS } from '../../kernel/units.ts'

const listenForm = 'HOST:PORT, like 127.0.0.1:8083 or [::1]:8083, or nothing'
const hostForm = 'a name, like console.parliament.example'

/** `127.0.0.1:8083` in its parts; null when it is none. */
export function readConsoleListen(text: string): { readonly host: string; readonly port: number } | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+)):(\d{1,5})$/i.exec(text)
  if (match === null || Number(match[3]) > 65_535) return null
  return { host: (match[1] ?? match[2])!, port: Number(match[3]) }
}

/** The console: what operators see in a browser, and the orders they give there. */
export const consoleOptions = {
  listen: {
    kind: 'text', default: '', form: listenForm, check: (value) => (value === '' || readConsoleListen(value) !== null ? null : `is not ${listenForm}`), applies: 'live',
    sentence: 'Where the console is served; empty: not at all. Best on loopback, reached through ssh (ssh -L 8083:127.0.0.1:8083). On any other address it needs tlsCertFile and tlsKeyFile, or trustedProxies.',
  },
  hosts: {
    kind: 'textList', default: [], maxItems: 16, form: hostForm, check: (value) => (/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(value) ? null : `is not ${hostForm}`), applies: 'live',
    sentence: 'Names under which the console is asked for, beside the address it listens on and localhost. A request for any other name is refused, so that a foreign page cannot reach it by pointing its own name here (DNS rebinding).',
  },
  tlsCertFile: { kind: 'text', default: '', form: 'the path of a PEM file', applies: 'live', sentence: 'Certificate of the console, with its chain. A changed file is taken up within a minute.' },
  tlsKeyFile: { kind: 'text', default: '', form: 'the path of a PEM file', applies: 'live', sentence: 'Private key of that certificate.' },
  trustedProxies: {
    kind: 'textList', default: [], maxItems: 32, form: 'addresses or prefixes, like 192.0.2.10 or 2001:db8::/48', check: cidrProblem, applies: 'live',
    sentence: 'Proxies in front of the console that do TLS for it: only these may say who asks (X-Forwarded-For) and that it came over https (X-Forwarded-Proto).',
  },
  sessionMs: { kind: 'durationMs', min: 5 * MINUTE_MS, max: 7 * DAY_MS, default: 12 * HOUR_MS, applies: 'live', sentence: 'After this long one must sign in again, whatever one does. A night shift should fit in.' },
  sessionIdleMs: { kind: 'durationMs', min: MINUTE_MS, max: 7 * DAY_MS, default: 2 * HOUR_MS, applies: 'live', sentence: 'After this long without an open page one must sign in again.' },
  triesPerAccount: { kind: 'count', min: 3, max: 1_000, default: 20, applies: 'live', sentence: 'Wrong sign-ins for one account, from places it has not been used from, before such places have to wait. Places it has been used from have a count of their own.' },
  triesPerAddress: { kind: 'count', min: 3, max: 1_000, default: 10, applies: 'live', sentence: 'Wrong sign-ins from one address (IPv6: one /64) before it has to wait.' },
  lockMs: { kind: 'durationMs', min: SECOND_MS, max: HOUR_MS, default: MINUTE_MS, applies: 'live', sentence: 'How long the first wait is. Every further one is twice as long.' },
  lockMaxMs: { kind: 'durationMs', min: MINUTE_MS, max: DAY_MS, default: HOUR_MS, applies: 'live', sentence: 'The longest wait. After as long without a wrong sign-in all is forgotten.' },
  consolesMax: { kind: 'count', min: 1, max: 256, default: 64, applies: 'live', sentence: 'Pages that may be open at once.' },
  momentsMaxBytes: { kind: 'bytes', min: 8 * MIB, max: 4_096 * MIB, default: 192 * MIB, applies: 'live', sentence: 'How much disk the kept moments (every ten seconds for a day, and each event) and the history may take together; the oldest moments go first.' },
} as const satisfies OptionTable

export type ConsoleSettings = OptionValues<typeof consoleOptions>

/** Why it must not be opened there, or null. */
export function exposure(host: string, settings: Pick<ConsoleSettings, 'tlsCertFile' | 'tlsKeyFile' | 'trustedProxies'>): string | null {
  if ((settings.tlsCertFile === '') !== (settings.tlsKeyFile === '')) return 'tlsCertFile and tlsKeyFile belong together, and one is missing'
  if (settings.tlsCertFile !== '' || isLoopback(host) || settings.trustedProxies.length > 0) return null
  return `${host} can be reached from other machines, and without TLS everybody on the way could read passwords; without tlsCertFile and tlsKeyFile, or a proxy for that in trustedProxies, it is served on loopback only`
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^(::ffff:)?127\./.test(host)
}

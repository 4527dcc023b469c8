import { cidrProblem } from '../../kernel/cidr-set.ts'
import type { OptionTable, OptionValues } from '../../kernel/option.ts'

/** Who is let through besides the rules with `allow`: machines that watch the site. */
export const admitOptions = {
  probes: {
    kind: 'textList', default: [], maxItems: 256, form: 'addresses or prefixes, like 192.0.2.10 or 2001:db8::/48', check: cidrProblem, applies: 'live',
    sentence: 'Where health checks and uptime monitors come from: always let through, first in every queue, and never counted as part of an attack. Only addresses nobody else can use.',
  },
  probeSecretSha256: {
    kind: 'text', default: '', form: 'the SHA-256 of what the probe sends, as 64 hexadecimal digits, from: printf %s TEXT | sha256sum', applies: 'live',
    check: (value) => (value === '' || /^[0-9a-f]{64}$/i.test(value) ? null : 'is not a SHA-256 in hexadecimal digits'),
    sentence: 'The same for monitors without fixed addresses: they send the secret in the header Polder-Probe, and only its SHA-256 stands here. Take 32 or more random characters: openssl rand -hex 32.',
  },
} as const satisfies OptionTable

export type AdmitSettings = OptionValues<typeof admitOptions>

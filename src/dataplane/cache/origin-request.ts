import { combinedValue } from '../../kernel/header-list.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import { withoutIgnoredCookies } from './cookies.ts'
import type { CachePolicy } from './policy.ts'
import { SURROGATE_DEVICE } from './cacheability.ts'
import type { StoredResponse } from './stored-response.ts'
import { addValidators } from './validation.ts'
import { canonicalAcceptEncoding, canonicalAcceptLanguage } from './vary.ts'

/**
 * The header section with which the origin is asked for an answer that may be stored.
 * Rule: what is not in the key or in Vary in exactly this form must not reach the origin, or one visitor chooses what others get (cache poisoning).
 * So the visitor's conditions and range go (the whole answer is wanted), ignored cookies go, selecting headers take their normal form,
 * and the fields below, which frameworks believe without saying so in Vary, go too.
 */
const UNKEYED: ReadonlySet<string> = new Set([
  'x-forwarded-host', 'x-forwarded-server', 'x-forwarded-scheme', 'x-forwarded-port', 'x-forwarded-prefix', 'x-forwarded-path',
  'x-host', 'x-original-host', 'x-original-url', 'x-rewrite-url', 'x-original-uri', 'x-http-method', 'x-http-method-override', 'x-method-override',
  'x-forwarded', 'x-backend-host', 'x-proxy-host', 'x-proxy-url', 'x-http-host-override', 'x-http-destinationurl', 'x-scheme', 'x-url-scheme', 'x-script-name',
  'x-remote-ip', 'x-remote-addr', 'x-originating-ip', 'x-http-path', 'x-wap-profile', 'x-arr-ssl', 'front-end-https', 'base-url', 'request-uri', 'x-middleware-prefetch', 'x-nextjs-data',
])
const CONDITIONS: ReadonlySet<string> = new Set(['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since', 'if-range', 'range'])

/** `validate`: the copy whose validity is asked, or null for a new answer. `anonymous`: leave out whoever asked. */
export function headersForStorableFetch(headers: HeaderList, validate: StoredResponse | null, anonymous: boolean, policy: CachePolicy): string[] {
  const out: string[] = []
  const encodings = policy.settings.normaliseAcceptEncoding
  const languages = policy.settings.normaliseAcceptLanguage
  let hasLanguage = false
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]
    if (CONDITIONS.has(name) || UNKEYED.has(name) || name === 'surrogate-capability') continue
    if (name === 'accept-encoding' && encodings) continue
    if (name === 'accept-language' && languages) {
      hasLanguage = true
      continue
    }
    if (anonymous && (name === 'cookie' || name === 'authorization' || name === 'referer')) continue
    if (name === 'cookie') {
      const kept = withoutIgnoredCookies(headers[i + 1], policy)
      if (kept !== '') out.push(name, kept)
      continue
    }
    out.push(name, headers[i + 1])
  }
  if (encodings) out.push('accept-encoding', canonicalAcceptEncoding(combinedValue(headers, 'accept-encoding')))
  if (hasLanguage) out.push('accept-language', canonicalAcceptLanguage(combinedValue(headers, 'accept-language') as string))
  out.push('surrogate-capability', `${SURROGATE_DEVICE}="Surrogate/1.0"`)
  if (validate !== null) addValidators(out, validate)
  return out
}

/** The part of the visitor's header section that the origin saw, for Vary. */
export function selectingHeaders(headers: HeaderList, anonymous: boolean): HeaderList {
  if (!anonymous) return headers
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'cookie' && headers[i] !== 'authorization' && headers[i] !== 'referer') kept.push(headers[i], headers[i + 1])
  }
  return kept
}

/**
 * Ways to put an answer into a shared cache that others did not ask for: inputs outside the key, errors on purpose, parts for the whole, other spellings.
 * Sources: J. Kettle, "Practical Web Cache Poisoning" (2018), "Web Cache Entanglement" (2020); H. V. Nguyen et al., "Your Cache Has Fallen" (CPDoS, CCS 2019);
 * RFC 9111 section 7.1.
 */
export interface PoisonShape {
  readonly family: string
  readonly name: string
  /** First part of the path: which habit of the origin is used (poison-origin.ts). */
  readonly habit: string
  /** The attacker's request for `path`. EVIL is what must not reach others. */
  attack(path: string): string
  /** What the victim then asks; a plain GET of the same path when missing. */
  victim?(path: string): string
  readonly method?: 'HEAD'
  /** What the victim must get, when not 200. */
  readonly status?: number
  /** Why the victim is not protected. */
  readonly known?: string
}

export const EVIL = 'evil-7f3a.test'
const plain = (path: string, fields = '', method = 'GET'): string => `${method} ${path} HTTP/1.1\r\nHost: polder.test\r\n${fields}\r\n`
const withField = (field: string) => (path: string): string => plain(path, `${field}\r\n`)

const shapes: PoisonShape[] = []

const outside = [
  'X-Forwarded-Host', 'X-Forwarded-Server', 'X-Forwarded-Scheme', 'X-Forwarded-Proto', 'X-Forwarded-Port', 'X-Forwarded-Prefix', 'X-Forwarded-Path', 'X-Forwarded-For', 'X-Forwarded',
  'Forwarded', 'X-Host', 'X-Original-Host', 'X-Original-URL', 'X-Rewrite-URL', 'X-Original-URI', 'X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'X-HTTP-Host-Override',
  'X-HTTP-Path', 'X-Backend-Host', 'X-Proxy-Host', 'X-Scheme', 'X-URL-Scheme', 'X-Script-Name', 'X-Real-IP', 'X-Client-IP', 'X-Cluster-Client-IP', 'X-Remote-IP', 'X-Remote-Addr',
  'X-Originating-IP', 'True-Client-IP', 'CF-Connecting-IP', 'Fastly-Client-IP', 'Front-End-Https', 'Base-Url', 'Request-Uri', 'X-Wap-Profile', 'X-Arr-Ssl', 'X-Middleware-Prefetch',
  'X-Nextjs-Data', 'Surrogate-Capability', 'X-Request-Id', 'Proxy', 'Proxy-Authorization', 'TE', 'Upgrade', 'Accept-Encoding', 'Range', 'If-Range', 'If-None-Match', 'If-Modified-Since',
  'X_Forwarded_Host', 'X_Host',
]
for (const name of outside) shapes.push({ family: 'Fields outside the key', name, habit: 'reflect', attack: withField(`${name}: ${EVIL}`) })
shapes.push(
  { family: 'Fields outside the key', name: 'X-Forwarded-Host named by Connection', habit: 'reflect', attack: withField(`Connection: x-forwarded-host\r\nX-Forwarded-Host: ${EVIL}`) },
  { family: 'Fields outside the key', name: 'a cookie in the list of ignored ones', habit: 'reflect', attack: withField(`Cookie: _ga=${EVIL}`) },
  { family: 'Fields outside the key', name: 'redirect to X-Forwarded-Host', habit: 'moved', attack: withField(`X-Forwarded-Host: ${EVIL}`), status: 301 },
  { family: 'Fields outside the key', name: 'redirect to Host', habit: 'moved', attack: (path) => `GET ${path} HTTP/1.1\r\nHost: ${EVIL}\r\n\r\n`, status: 301 },
  { family: 'Fields outside the key', name: 'redirect to the host of an absolute-form', habit: 'moved', attack: (path) => `GET http://${EVIL}${path} HTTP/1.1\r\nHost: polder.test\r\n\r\n`, status: 301 },
  { family: 'Fields outside the key', name: 'redirect to a Host with another port', habit: 'moved', attack: (path) => `GET ${path} HTTP/1.1\r\nHost: polder.test:1${EVIL.length}\r\n\r\n`, status: 301 },
)
const origins = 'the origin calls public what it made from this field, and does not say Vary'
for (const name of ['X-Anything-Else', 'User-Agent', 'Referer', 'Accept-Language', 'Accept']) {
  shapes.push({ family: 'Fields the origin must name in Vary', name, habit: 'reflect', attack: withField(`${name}: ${EVIL}`), known: origins })
}
shapes.push(
  { family: 'Fields the origin must name in Vary', name: 'Cookie, and the answer says public', habit: 'reflect', attack: withField(`Cookie: theme=${EVIL}`), known: origins },
  { family: 'Fields the origin must name in Vary', name: 'Authorization, and the answer says public', habit: 'reflect', attack: withField(`Authorization: Basic ${EVIL}`), known: origins },
  { family: 'Cookies and credentials', name: 'Cookie, max-age but not public', habit: 'personal', attack: withField(`Cookie: theme=${EVIL}`) },
  { family: 'Cookies and credentials', name: 'session cookie, max-age but not public', habit: 'personal', attack: withField(`Cookie: session=${EVIL}`) },
  { family: 'Cookies and credentials', name: 'Authorization, max-age but not public', habit: 'personal', attack: withField(`Authorization: Basic ${EVIL}`) },
  { family: 'Cookies and credentials', name: 'Cookie, no word about caching', habit: 'silent', attack: withField(`Cookie: theme=${EVIL}`) },
  { family: 'Cookies and credentials', name: 'Authorization, no word about caching', habit: 'silent', attack: withField(`Authorization: Basic ${EVIL}`) },
  { family: 'Cookies and credentials', name: 'two Cookie fields, the first harmless', habit: 'personal', attack: withField(`Cookie: _ga=1\r\nCookie: session=${EVIL}`) },
)

shapes.push(
  { family: 'Methods and content', name: 'GET with content', habit: 'reflect', attack: (path) => `${plain(path, `Content-Length: ${EVIL.length}\r\n`)}${EVIL}` },
  { family: 'Methods and content', name: 'GET with chunked content', habit: 'reflect', attack: (path) => `${plain(path, 'Transfer-Encoding: chunked\r\n')}${EVIL.length.toString(16)}\r\n${EVIL}\r\n0\r\n\r\n` },
  { family: 'Methods and content', name: 'POST to a page', habit: 'reflect', attack: (path) => `${plain(path, `Content-Length: ${EVIL.length}\r\n`, 'POST')}${EVIL}` },
  { family: 'Methods and content', name: 'HEAD, then GET', habit: 'reflect', attack: (path) => plain(path, '', 'HEAD'), method: 'HEAD' },
  { family: 'Methods and content', name: 'OPTIONS, then GET', habit: 'reflect', attack: (path) => plain(path, `X-Anything: ${EVIL}\r\n`, 'OPTIONS') },
  { family: 'Methods and content', name: 'PROPFIND, then GET', habit: 'reflect', attack: (path) => plain(path, `X-Anything: ${EVIL}\r\n`, 'PROPFIND') },
)

const long = Array.from({ length: 7 }, (_, i) => `X-Long-${i}: ${'a'.repeat(1_000)}`).join('\r\n')
shapes.push(
  { family: 'Errors on purpose (CPDoS)', name: 'fields too large for the origin: 431 that may be kept', habit: 'limits', attack: withField(long) },
  { family: 'Errors on purpose (CPDoS)', name: 'a field the origin dislikes: 400 that may be kept', habit: 'limits', attack: withField('X-Meta: x') },
  { family: 'Errors on purpose (CPDoS)', name: 'a bell in a field', habit: 'limits', attack: withField('X-Meta: \x07') },
  { family: 'Errors on purpose (CPDoS)', name: 'a method override: 405 that may be kept', habit: 'limits', attack: withField('X-HTTP-Method-Override: DELETE') },
  { family: 'Errors on purpose (CPDoS)', name: 'a field a firewall blocks: 403 that may be kept', habit: 'limits', attack: withField('X-Block: x') },
  { family: 'Errors on purpose (CPDoS)', name: 'a field that breaks the origin: 500 that may be kept', habit: 'limits', attack: withField('X-Break: x'),
    known: 'a 5xx that says it may be kept is kept, for at most 5 s and never in place of a copy' },
  { family: 'Errors on purpose (CPDoS)', name: 'fields too large for Polder', habit: 'limits', attack: withField(`X: ${'a'.repeat(20_000)}`) },
)
shapes.push(
  { family: 'Parts and conditions', name: 'Range first, then the whole', habit: 'ranged', attack: withField('Range: bytes=0-3') },
  { family: 'Parts and conditions', name: 'Range with If-Range', habit: 'ranged', attack: withField('Range: bytes=0-3\r\nIf-Range: "good"') },
  { family: 'Parts and conditions', name: 'a Range that cannot be met', habit: 'ranged', attack: withField('Range: bytes=99999-') },
  { family: 'Parts and conditions', name: 'a guessed validator: 304 for everybody', habit: 'etag', attack: withField('If-None-Match: "guessed"') },
  { family: 'Parts and conditions', name: 'If-None-Match: *', habit: 'etag', attack: withField('If-None-Match: *') },
  { family: 'Parts and conditions', name: 'If-Match that fails', habit: 'etag', attack: withField('If-Match: "other"') },
)
const spelling = (name: string, spell: (path: string) => string): PoisonShape => ({ family: 'Other spellings of the address', name, habit: 'reflect', attack: (path) => plain(spell(path)) })
shapes.push(
  spelling('a query', (path) => `${path}?x=${EVIL}`),
  spelling('an encoded question mark', (path) => `${path}%3fx=${EVIL}`),
  spelling('an encoded hash', (path) => `${path}%23${EVIL}`),
  spelling('a semicolon', (path) => `${path};${EVIL}`),
  spelling('a doubled slash', (path) => `/${path}`),
  spelling('dot segments', (path) => `/x/..${path}`),
  spelling('encoded dot segments', (path) => `/x/%2e%2e${path}`),
  spelling('dot segments behind', (path) => `${path}/${EVIL}/..`),
  spelling('encoded slashes', (path) => path.replaceAll('/', '%2f').replace('%2f', '/')),
  spelling('backslashes', (path) => `${path}\\${EVIL}`),
  spelling('an encoded letter', (path) => path.replace('r', '%72')),
  spelling('upper case', (path) => path.toUpperCase()),
  spelling('an encoded NUL', (path) => `${path}%00${EVIL}`),
  spelling('an encoded line break', (path) => `${path}%0d%0aX-Evil:%20${EVIL}`),
  spelling('an encoded space', (path) => `${path}%20${EVIL}`),
  spelling('a slash at the end', (path) => `${path}/`),
  spelling('an empty query', (path) => `${path}?`),
  spelling('what separates the parts of a key in other caches', (path) => `${path}__${EVIL}`),
  { family: 'Other spellings of the address', name: 'Host in capitals', habit: 'reflect', attack: (path) => `GET ${path} HTTP/1.1\r\nHost: POLDER.TEST\r\n\r\n` },
  { family: 'Other spellings of the address', name: 'Host with a dot at the end', habit: 'moved', attack: (path) => `GET ${path} HTTP/1.1\r\nHost: polder.test.\r\n\r\n`, status: 301 },
  { family: 'Other spellings of the address', name: 'Host with the default port', habit: 'moved', attack: (path) => `GET ${path} HTTP/1.1\r\nHost: polder.test:80\r\n\r\n`, status: 301 },
)
const key = (name: string, query: string): PoisonShape => ({ family: 'Query keys where only q counts', name, habit: 'keyed', attack: (path) => plain(`${path}?q=1${query}`), victim: (path) => plain(`${path}?q=1`) })
shapes.push(
  key('another key', `&callback=${EVIL}`),
  key('the key in another case', `&Q=${EVIL}`),
  key('the key encoded', `&%71=${EVIL}`),
  key('the key twice', `&q=${EVIL}`),
  key('a semicolon', `;callback=${EVIL}`),
  key('an encoded ampersand', `%26callback=${EVIL}`),
  key('a second question mark', `?callback=${EVIL}`),
  key('a key without a value', `&${EVIL}`),
  key('an array', `&q[]=${EVIL}`),
)
export const poisonShapes: readonly PoisonShape[] = shapes

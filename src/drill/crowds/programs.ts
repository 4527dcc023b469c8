/**
 * Programs that visitors use, as they look on the wire: agent, the order in which they send header fields for a page and for its parts, and how they
 * behave. Shares are those of European public sites, rounded; the orders are those of the programs' HTTP/1.1 requests.
 */
import type { SeededRandom } from '../../kernel/random.ts'

export interface Program {
  readonly name: string
  readonly userAgent: string
  readonly family: 'chromium' | 'gecko' | 'webkit' | 'text'
  readonly mobile: boolean
  readonly share: number
}

const chrome = (version: number, system: string, mobile = ''): string => `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 ${mobile}Safari/537.36`
const windows = 'Windows NT 10.0; Win64; x64'
const mac = 'Macintosh; Intel Mac OS X 10_15_7'

export const programs: readonly Program[] = Object.freeze([
  { name: 'Chrome Windows', userAgent: chrome(138, windows), family: 'chromium', mobile: false, share: 26 },
  { name: 'Chrome Windows, last', userAgent: chrome(137, windows), family: 'chromium', mobile: false, share: 9 },
  { name: 'Chrome Mac', userAgent: chrome(138, mac), family: 'chromium', mobile: false, share: 8 },
  { name: 'Chrome Android', userAgent: chrome(138, 'Linux; Android 10; K', 'Mobile '), family: 'chromium', mobile: true, share: 15 },
  { name: 'Safari iPhone', userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1', family: 'webkit', mobile: true, share: 14 },
  { name: 'Safari Mac', userAgent: `Mozilla/5.0 (${mac}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15`, family: 'webkit', mobile: false, share: 6 },
  { name: 'Edge', userAgent: `${chrome(138, windows)} Edg/138.0.0.0`, family: 'chromium', mobile: false, share: 8 },
  { name: 'Firefox Windows', userAgent: `Mozilla/5.0 (${windows}; rv:140.0) Gecko/20100101 Firefox/140.0`, family: 'gecko', mobile: false, share: 6 },
  { name: 'Firefox ESR Linux', userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', family: 'gecko', mobile: false, share: 3 },
  { name: 'Samsung Internet', userAgent: 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36', family: 'chromium', mobile: true, share: 3 },
  { name: 'Opera', userAgent: `${chrome(136, windows)} OPR/121.0.0.0`, family: 'chromium', mobile: false, share: 1 },
  { name: 'Firefox Android', userAgent: 'Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0', family: 'gecko', mobile: true, share: 1 },
])

export const textBrowser: Program = { name: 'Lynx', userAgent: 'Lynx/2.9.2 libwww-FM/2.14 SSL-MM/1.4.1', family: 'text', mobile: false, share: 0 }

const languages = ['de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7', 'fr-FR,fr;q=0.9,en;q=0.8', 'en-GB,en;q=0.9', 'nl-NL,nl;q=0.9,en;q=0.8', 'it-IT,it;q=0.9,en;q=0.8', 'pl-PL,pl;q=0.9,en;q=0.8']

export function pickProgram(random: SeededRandom, mobile: boolean | null = null): Program {
  const pool = mobile === null ? programs : programs.filter((program) => program.mobile === mobile)
  let at = random.next() * pool.reduce((sum, program) => sum + program.share, 0)
  return pool.find((program) => (at -= program.share) < 0) ?? pool[0]
}

export function pickLanguage(random: SeededRandom): string {
  return languages[Math.floor(random.next() ** 2 * languages.length)]
}

export interface Circumstances {
  readonly host: string
  readonly language: string
  /** '' for none. */
  readonly referer: string
  readonly cookie: string
  readonly etag: string
}

/** Fields of a request for a page. */
export function pageHeaders(program: Program, about: Circumstances): string[] {
  const site = about.referer === '' ? 'none' : about.referer.startsWith(`http://${about.host}`) ? 'same-origin' : 'cross-site'
  const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
  switch (program.family) {
    case 'chromium':
      return [
        'Host', about.host, 'Connection', 'keep-alive', 'sec-ch-ua', brands(program), 'sec-ch-ua-mobile', program.mobile ? '?1' : '?0', 'sec-ch-ua-platform', platform(program),
        'Upgrade-Insecure-Requests', '1', 'User-Agent', program.userAgent, 'Accept', accept.replace('xml;q=0.9', 'xml;q=0.9,image/avif,image/webp,image/apng'),
        'Sec-Fetch-Site', site, 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-User', '?1', 'Sec-Fetch-Dest', 'document', ...optional('Referer', about.referer),
        'Accept-Encoding', 'gzip, deflate, br, zstd', 'Accept-Language', about.language, ...optional('Cookie', about.cookie), ...optional('If-None-Match', about.etag),
      ]
    case 'gecko':
      return [
        'Host', about.host, 'User-Agent', program.userAgent, 'Accept', accept, 'Accept-Language', about.language, 'Accept-Encoding', 'gzip, deflate, br, zstd',
        ...optional('Referer', about.referer), 'Connection', 'keep-alive', ...optional('Cookie', about.cookie), 'Upgrade-Insecure-Requests', '1',
        'Sec-Fetch-Dest', 'document', 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Site', site, ...optional('If-None-Match', about.etag), 'Priority', 'u=0, i',
      ]
    case 'webkit':
      return [
        'Host', about.host, 'Upgrade-Insecure-Requests', '1', 'Accept', accept, ...optional('Cookie', about.cookie), 'User-Agent', program.userAgent,
        ...optional('Referer', about.referer), 'Accept-Language', about.language, 'Accept-Encoding', 'gzip, deflate', 'Connection', 'keep-alive', ...optional('If-None-Match', about.etag),
      ]
    case 'text':
      return ['Host', about.host, 'Accept', 'text/html, text/plain, text/sgml, text/css, */*;q=0.01', 'Accept-Encoding', 'gzip, compress, bzip2', 'Accept-Language', 'en', 'User-Agent', program.userAgent, ...optional('Referer', about.referer)]
  }
}

/** Fields of a request for a part of a page: style, script, picture, font. */
export function partHeaders(program: Program, about: Circumstances): string[] {
  switch (program.family) {
    case 'chromium':
      return [
        'Host', about.host, 'Connection', 'keep-alive', 'sec-ch-ua-platform', platform(program), 'User-Agent', program.userAgent, 'sec-ch-ua', brands(program), 'sec-ch-ua-mobile', program.mobile ? '?1' : '?0',
        'Accept', '*/*', 'Sec-Fetch-Site', 'same-origin', 'Sec-Fetch-Mode', 'no-cors', 'Sec-Fetch-Dest', 'script', 'Referer', about.referer, 'Accept-Encoding', 'gzip, deflate, br, zstd', 'Accept-Language', about.language,
        ...optional('Cookie', about.cookie), ...optional('If-None-Match', about.etag),
      ]
    case 'gecko':
      return [
        'Host', about.host, 'User-Agent', program.userAgent, 'Accept', '*/*', 'Accept-Language', about.language, 'Accept-Encoding', 'gzip, deflate, br, zstd', 'Connection', 'keep-alive', 'Referer', about.referer,
        ...optional('Cookie', about.cookie), 'Sec-Fetch-Dest', 'script', 'Sec-Fetch-Mode', 'no-cors', 'Sec-Fetch-Site', 'same-origin', ...optional('If-None-Match', about.etag),
      ]
    default:
      return [
        'Host', about.host, 'Accept', '*/*', ...optional('Cookie', about.cookie), 'User-Agent', program.userAgent, 'Referer', about.referer, 'Accept-Language', about.language,
        'Accept-Encoding', 'gzip, deflate', 'Connection', 'keep-alive', ...optional('If-None-Match', about.etag),
      ]
  }
}

function optional(name: string, value: string): string[] {
  return value === '' ? [] : [name, value]
}

function brands(program: Program): string {
  const version = /Chrome\/(\d+)/.exec(program.userAgent)?.[1] ?? '138'
  return `"Not)A;Brand";v="8", "Chromium";v="${version}", "${program.name === 'Edge' ? 'Microsoft Edge' : 'Google Chrome'}";v="${version}"`
}

function platform(program: Program): string {
  return program.mobile ? '"Android"' : program.userAgent.includes('Mac') ? '"macOS"' : '"Windows"'
}

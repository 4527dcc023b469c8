/**
 * Why: a site that is asked without cookies may write the id of a session it has just begun into every link (`;jsessionid=…`, `?PHPSESSID=…`). Kept, everybody
 * who reads the copy would come back in one and the same session once the site stands again, and each pass would find every page under a new address.
 * What: such an id leaves the addresses the crawl goes to and those in the copies. Only where the name is one of those below and the value is long and
 * shapeless: `?session_id=12` may be the twelfth session of a parliament, and stays. Never: anything else of an address.
 */
const IN_PATH = /;jsessionid=[\w.!~-]{16,256}/i
const IN_QUERY = /^(?:jsessionid|phpsessid|aspsessionid\w{0,16}|session_?id|oscsid|zenid|cftoken)=[\w.!~,-]{16,256}$/i

/** The address without ids of sessions; the same text when there are none. `&amp;` is not known here: entities are decoded before. */
export function withoutSessionIds(address: string): string {
  const plain = address.includes(';') ? address.replace(IN_PATH, '') : address
  const hash = plain.indexOf('#')
  const end = hash === -1 ? plain.length : hash
  const mark = plain.indexOf('?')
  if (mark === -1 || mark > end) return plain
  const parts = plain.slice(mark + 1, end).split('&')
  const kept = parts.filter((part) => !IN_QUERY.test(part))
  if (kept.length === parts.length) return plain
  return `${plain.slice(0, mark)}${kept.length === 0 ? '' : `?${kept.join('&')}`}${plain.slice(end)}`
}

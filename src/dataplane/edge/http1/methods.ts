/**
 * Methods let in: those of RFC 9110, PATCH (RFC 5789), WebDAV and its kin, QUERY. Not CONNECT (this is no forward proxy), not TRACE (its answer
 * shows what the shield adds and what scripts may not see, cookies for one), and nothing unknown, because a method the origin's parser does not
 * know may be framed by it in another way.
 */
const known = [
  'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH', 'MKCOL', 'COPY', 'MOVE', 'LOCK', 'UNLOCK',
  'SEARCH', 'REPORT', 'ACL', 'MKCALENDAR', 'MKACTIVITY', 'CHECKOUT', 'MERGE', 'BIND', 'REBIND', 'UNBIND', 'LINK', 'UNLINK', 'PURGE', 'NOTIFY',
  'SUBSCRIBE', 'UNSUBSCRIBE', 'M-SEARCH',
]

/** The same string object for every request, so that comparing methods is comparing pointers. */
export const methods: ReadonlyMap<string, string> = new Map(known.map((name) => [name, name]))

/** No known method is longer. */
export const LONGEST_METHOD = 11

/**
 * HAProxy before the origin. Default: a proxy. Tuned: what its own documents advise against floods, with the limits per client raised, by calculation and
 * not by trial, so that the office of B2 passes. Sources (titles; the values were checked against summaries of them, not the originals), each beside its line:
 *   [rate] "Four Examples of HAProxy Rate Limiting", HAProxy blog      [ddos] "Application-Layer DDoS Attack Protection with HAProxy", HAProxy blog
 *   [conf] HAProxy 2.6 configuration manual: maxconn, timeout queue, set-priority-class, cache
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PeerPlace, ShieldPeer } from './shield-peer.ts'

export const haproxyPeer: ShieldPeer = {
  name: 'haproxy',
  title: 'HAProxy',
  bare503: 'busy',
  http2: false,
  command(place) {
    const file = join(place.folder, 'haproxy.cfg')
    writeFileSync(file, place.form === 'tuned' ? tuned(place) : plain(place))
    return { program: 'haproxy', args: ['-db', '-f', file] }
  },
}

const frame = (place: PeerPlace, requestTimeout: string): string => `global
  maxconn 8000
  nbthread ${place.workers}
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout http-request ${requestTimeout}
  option http-keep-alive
  option forwardfor
`

function plain(place: PeerPlace): string {
  return `${frame(place, '10s')}
frontend visitors
  bind 127.0.0.1:${place.port} backlog 4096
  default_backend origin
backend origin
  server one 127.0.0.1:${place.originPort}
`
}

function tuned(place: PeerPlace): string {
  const workers = Math.max(1, Math.round(6 * place.share))
  // [ddos] slow requests: timeout http-request 5s, and wait for the whole content.
  return `${frame(place, '5s')}
  option http-buffer-request
  # [conf] who hung up while waiting gives his place back.
  option abortonclose
cache pages
  total-max-size 64
  max-object-size 100000
  max-age 60
frontend visitors
  bind 127.0.0.1:${place.port} backlog 4096
  acl is_part path_end .css .js .png .woff2 .bin
  # [rate] requests of one source in ten seconds; an office of 400 people needs 120 pages (B2), so pages alone count, with room.
  http-request track-sc0 src table per_source unless is_part
  http-request deny deny_status 429 if { sc_http_req_rate(0) gt ${Math.round(300 * place.share)} }
  # [rate] one source on one address of the site ("rate limit by URL path"): people do not read one page ten times in ten seconds; an office does not either often.
  http-request track-sc1 base32+src table per_source_and_path unless is_part
  http-request deny deny_status 429 if { sc_http_req_rate(1) gt ${Math.max(20, Math.round(60 * place.share))} }
  # [conf] those who come with a cookie go first in the queue.
  http-request set-priority-class int(-10) if { req.hdr(Cookie) -m found }
  http-request cache-use pages
  http-response cache-store pages
  default_backend origin
backend per_source
  stick-table type ip size 1m expire 30s store http_req_rate(10s)
backend per_source_and_path
  stick-table type binary len 20 size 1m expire 30s store http_req_rate(10s)
backend origin
  # [conf] as many at once as the origin is built for, the rest waits at most two seconds.
  timeout queue 2s
  server one 127.0.0.1:${place.originPort} maxconn ${2 * workers}
`
}

/** HAProxy: deny, a stick table of clients, its small RAM cache, keep-alive to the origin. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SERVER_ADDRESS } from '../measure/loopback.ts'
import { type Peer, type PeerSetup, paths } from './peer.ts'
import { versionOf } from './version.ts'

export const haproxy: Peer = {
  name: 'haproxy',
  title: 'HAProxy',
  version: () => versionOf('haproxy', ['-v'], /version (\S+)/),
  lacks: {},
  command(setup) {
    const file = join(setup.folder, 'haproxy.cfg')
    writeFileSync(file, configuration(setup))
    return { program: 'haproxy', args: ['-db', '-f', file] }
  },
}

function configuration(setup: PeerSetup): string {
  return `global
  maxconn 8000
  nbthread ${setup.workers}
  tune.ssl.default-dh-param 2048
  ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 60s
  option http-keep-alive
  http-reuse always
cache pages
  total-max-size 64
  max-object-size 1000000
  max-age 3600
frontend visitors
  bind ${SERVER_ADDRESS}:${setup.port} backlog 4096
  bind ${SERVER_ADDRESS}:${setup.tlsPort} ssl crt ${setup.bothFile} alpn h2,http/1.1 backlog 4096
  http-request deny deny_status 403 if { path ${paths.reject} }
  http-request track-sc0 src table clients if { path ${paths.rejectTable} }
  http-request deny deny_status 403 if { path ${paths.rejectTable} } { sc0_http_req_rate ge 0 }
  use_backend cached if { path_beg /cached/ }
  default_backend origin
backend clients
  stick-table type ip size 1m expire 2m store http_req_rate(10s)
backend cached
  http-request cache-use pages
  http-response cache-store pages
  server one ${SERVER_ADDRESS}:${setup.originPort}
backend origin
  server one ${SERVER_ADDRESS}:${setup.originPort}
`
}

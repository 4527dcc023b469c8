/** nginx, as origin and as peer. `return 403` is the reference of the comparison; `/blocked-table` looks the client up and counts it (limit_req, which runs before `deny`). */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SERVER_ADDRESS } from '../measure/loopback.ts'
import { type Peer, type PeerSetup, paths } from './peer.ts'
import { versionOf } from './version.ts'

export const nginx: Peer = {
  name: 'nginx',
  title: 'nginx',
  version: () => versionOf('nginx', ['-v'], /nginx\/(\S+)/),
  lacks: {},
  command(setup) {
    const file = join(setup.folder, 'nginx.conf')
    mkdirSync(join(setup.folder, 'cache'))
    writeFileSync(file, configuration(setup))
    return { program: 'nginx', args: ['-c', file, '-p', setup.folder, '-e', join(setup.folder, 'error.log')] }
  },
}

/** The parts every nginx of ours shares: foreground, no access log, temporary files in its own folder. */
export function nginxFrame(folder: string, workers: number, http: string): string {
  const user = process.getuid?.() === 0 ? 'user root;\n' : ''
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `  ${kind}_temp_path ${folder}/tmp-${kind};`).join('\n')
  return `${user}daemon off;
worker_processes ${workers};
pid ${folder}/nginx.pid;
worker_rlimit_nofile 20000;
events { worker_connections 8192; }
http {
  access_log off;
  error_log stderr crit;
  sendfile on;
  tcp_nopush on;
  server_tokens off;
  keepalive_requests 1000000;
${places}
${http}}
`
}

function configuration(setup: PeerSetup): string {
  const reuse = setup.workers > 1 ? ' reuseport' : ''
  return nginxFrame(setup.folder, setup.workers, `
  proxy_cache_path ${setup.folder}/cache levels=1:2 keys_zone=pages:16m inactive=1h max_size=256m;
  open_file_cache max=1000 inactive=1h;
  open_file_cache_valid 1h;
  limit_req_zone $binary_remote_addr zone=clients:32m rate=1000000r/s;
  ssl_certificate ${setup.certFile};
  ssl_certificate_key ${setup.keyFile};
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:tls:8m;
  ssl_session_tickets on;
  upstream origin { server ${SERVER_ADDRESS}:${setup.originPort}; keepalive 64; keepalive_requests 1000000; }
  server {
    listen ${SERVER_ADDRESS}:${setup.port} backlog=4096${reuse};
    listen ${SERVER_ADDRESS}:${setup.tlsPort} ssl http2 backlog=4096${reuse};
    http2_max_requests 1000000;
    location = ${paths.reject} { return 403; }
    location = ${paths.rejectTable} {
      limit_req zone=clients burst=1000000 nodelay;
      deny all;
    }
    location /cached/ {
      proxy_cache pages;
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }
`)
}

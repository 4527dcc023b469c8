/**
 * nginx before the origin. Default: a proxy line in an otherwise default server. Tuned: what its own documents advise against floods, with the limits per
 * client raised, by calculation and not by trial, so that the office of B2 passes. Left out: max_conns, whose queue only the commercial version has.
 * The lock of the cache also makes requests for the origin's no-store pages wait for each other: less reaches the origin, and visitors wait longer.
 * Sources (titles; the values were checked against summaries of them, not the originals), each beside its line:
 *   [ddos]   "Mitigating DDoS Attacks with NGINX and NGINX Plus", F5/NGINX blog    [micro] "The Benefits of Microcaching with NGINX", F5/NGINX blog
 *   [limit]  nginx.org, ngx_http_limit_req_module: rate=10r/s burst=20 nodelay     [cache] nginx.org, ngx_http_proxy_module: proxy_cache_lock, proxy_cache_use_stale
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nginxFrame } from '../../peers/nginx.ts'
import type { PeerPlace, ShieldPeer } from './shield-peer.ts'

export const nginxPeer: ShieldPeer = {
  name: 'nginx',
  title: 'nginx',
  bare503: 'blocked',
  http2: false,
  command(place) {
    const file = join(place.folder, 'nginx.conf')
    mkdirSync(join(place.folder, 'cache'))
    writeFileSync(file, nginxFrame(place.folder, place.workers, place.form === 'tuned' ? tuned(place) : plain(place)))
    return { program: 'nginx', args: ['-c', file, '-p', place.folder, '-e', join(place.folder, 'error.log')] }
  },
}

const forward = `
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;`

function plain(place: PeerPlace): string {
  return `
  upstream origin { server 127.0.0.1:${place.originPort}; keepalive 32; }
  server {
    listen 127.0.0.1:${place.port} backlog=4096;
    location / {${forward}
    }
  }
`
}

function tuned(place: PeerPlace): string {
  return `
  # [limit] has 10r/s burst=20 for all of a client's requests; an office of 400 people needs 12 pages a second (B2), so pages alone count, with room.
  limit_req_zone $binary_remote_addr zone=pages:10m rate=${Math.max(5, Math.round(20 * place.share))}r/s;
  # [ddos] limit expensive addresses harder than the rest.
  limit_req_zone $binary_remote_addr zone=search:10m rate=2r/s;
  # [ddos] limit_conn addr 10; browsers open six connections each, an office has many browsers: 100.
  limit_conn_zone $binary_remote_addr zone=addresses:10m;
  limit_req_status 429;
  limit_conn_status 429;
  # [ddos] close slow connections: 5s each.
  client_body_timeout 5s;
  client_header_timeout 5s;
  # [cache]
  proxy_cache_path ${place.folder}/cache levels=1:2 keys_zone=pages_cache:16m inactive=10m max_size=256m;
  upstream origin { server 127.0.0.1:${place.originPort}; keepalive 32; }
  server {
    listen 127.0.0.1:${place.port} backlog=4096;
    limit_conn addresses 100;
    proxy_cache pages_cache;
    # [micro] one request per page asks the origin, others wait or get the old copy.
    proxy_cache_lock on;
    proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504;
    proxy_cache_background_update on;
    # [micro] 1 s for answers that do not forbid it.
    proxy_cache_valid 200 1s;
    proxy_cache_valid 404 1s;
    location ~ \\.(css|js|png|woff2|bin)$ {${forward}
    }
    location /search {
      limit_req zone=search burst=10 nodelay;${forward}
    }
    location / {
      limit_req zone=pages burst=60 nodelay;${forward}
    }
  }
`
}

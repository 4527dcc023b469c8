/** Varnish: synth, cache in malloc, pass. It ends TLS only with the help of another program, so TLS and h2 are left out. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SERVER_ADDRESS } from '../measure/loopback.ts'
import { type Peer, type PeerSetup, paths } from './peer.ts'
import { versionOf } from './version.ts'

const needsAnother = 'needs a second program for TLS'

export const varnish: Peer = {
  name: 'varnish',
  title: 'Varnish',
  version: () => versionOf('varnishd', ['-V'], /varnish-(\S+)/),
  lacks: { tls: needsAnother, h2: needsAnother, 'reject-table': 'no table of clients without extra modules', 'two-workers': 'one process, many threads' },
  command(setup) {
    const file = join(setup.folder, 'bench.vcl')
    writeFileSync(file, configuration(setup))
    return {
      program: 'varnishd',
      args: [
        '-F', '-j', 'none', '-n', join(setup.folder, 'v'), '-f', file, '-a', `${SERVER_ADDRESS}:${setup.port}`, '-T', 'none', '-s', 'malloc,256m',
        '-p', 'thread_pools=1', '-p', 'thread_pool_min=100', '-p', 'thread_pool_max=1000', '-p', 'listen_depth=4096',
      ],
    }
  },
}

function configuration(setup: PeerSetup): string {
  return `vcl 4.1;
backend origin { .host = "${SERVER_ADDRESS}"; .port = "${setup.originPort}"; }
sub vcl_recv {
  if (req.url == "${paths.reject}") { return (synth(403)); }
  if (req.url ~ "^/cached/") { return (hash); }
  return (pass);
}
`
}

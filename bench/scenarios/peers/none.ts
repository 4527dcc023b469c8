import type { ShieldPeer } from './shield-peer.ts'

/** The origin alone. */
export const nonePeer: ShieldPeer = { name: 'none', title: 'no shield', bare503: 'busy', http2: false, command: () => null }

import { unpredictableBytes } from '../kernel/random.ts'

/** 32 hex digits, unpredictable; drawn from a pool, since a call into the system's generator per request costs a microsecond. */
export function newRequestId(): string {
  if (at === pool.length) {
    pool = unpredictableBytes(POOL_BYTES)
    at = 0
  }
  const id = Buffer.from(pool.buffer, pool.byteOffset + at, ID_BYTES).toString('hex')
  at += ID_BYTES
  return id
}

const ID_BYTES = 16
const POOL_BYTES = 16_384
let pool = unpredictableBytes(POOL_BYTES)
let at = 0

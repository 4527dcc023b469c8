import type { Step } from './step.ts'

/**
 * What the steps are measured against, so that a budget holds on a slow machine and on a fast one: integer arithmetic, a walk through 32 KiB,
 * text cut and compared, as the steps themselves do. Allocates nothing that lasts. Never change it: every budget would change with it.
 */
const bytes = new Uint8Array(32_768).map((_, i) => (i * 31) & 255)
const text = 'user-agent: Mozilla/5.0 (X11; Linux x86_64) accept-language: nl-BE'
let sink = 0

export const calibration: Step = {
  name: 'calibration',
  run(iterations) {
    let h = sink
    for (let i = 0; i < iterations; i++) {
      for (let j = 0; j < 64; j++) h = Math.imul(h ^ bytes[(h + j) & 32_767], 0x01000193)
      const at = text.indexOf(':', h & 15)
      for (let j = at; j < at + 24; j++) h = (h + text.charCodeAt(j % text.length)) | 0
    }
    sink = h
  },
}

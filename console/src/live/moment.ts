/** Time travel: the moment somebody looks at instead of now. Figures come at once from the points of the charts, state and rules as soon as they are fetched. */
import { computed, signal } from '@preact/signals'
import type { HistoryPoint, KeptMoment } from '../../../src/contract/console.ts'
import type { ShieldStatus } from '../../../src/contract/control-socket.ts'
import { get, Refusal, sentenceOf } from '../api.ts'
import { lastPoint, nearestPoint, points } from './history.ts'
import { second } from './stream.ts'

/** null: now. */
export const momentAtWallMs = signal<number | null>(null)
export const moment = signal<KeptMoment | null>(null)
/** Why it could not be had, or ''. */
export const momentTrouble = signal('')
export const momentLoading = signal(false)

/** While somebody drags, at most one question is under way and the newest waits. */
let wanted: number | null = null

export function showMoment(atWallMs: number): void {
  momentAtWallMs.value = atWallMs
  wanted = atWallMs
  if (!momentLoading.peek()) void load()
}

async function load(): Promise<void> {
  momentLoading.value = true
  while (wanted !== null) {
    const at = wanted
    wanted = null
    try {
      const found = await get<KeptMoment>(`moment?at=${Math.round(at)}`)
      if (momentAtWallMs.peek() !== null) moment.value = found
      momentTrouble.value = ''
    } catch (error) {
      moment.value = null
      momentTrouble.value = error instanceof Refusal && error.code === 'not-found' ? 'none' : sentenceOf(error)
    }
  }
  momentLoading.value = false
}

export function backToLive(): void {
  wanted = null
  momentAtWallMs.value = null
  moment.value = null
  momentTrouble.value = ''
}

/** What the screen shows: now, or that moment. */
export const shownStatus = computed<ShieldStatus | null>(() => (momentAtWallMs.value === null ? (second.value?.status ?? null) : (moment.value?.status ?? null)))
export const shownPoint = computed<HistoryPoint | null>(() => (momentAtWallMs.value === null ? (second.value?.point ?? lastPoint.value) : nearestPoint(momentAtWallMs.value, points.value)))

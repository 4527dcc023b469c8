import { Admission, type Applicant, type Refusal } from '../../src/dataplane/admission/admission.ts'
import { allocateAdmission } from '../../src/dataplane/admission/admission-memory.ts'
import type { AdmissionSlot } from '../../src/dataplane/admission/admission-slot.ts'
import { admissionOptions } from '../../src/dataplane/admission/options.ts'
import type { VisitorClass } from '../../src/contract/route-class.ts'
import { SimulatedClock } from '../../src/kernel/clock.ts'
import { defaultsOf } from '../../src/kernel/option.ts'
import { SeededRandom } from '../../src/kernel/random.ts'

class Visitor implements Applicant {
  readonly routeClass = 'page'
  readonly visitorClass: VisitorClass = 'unknown'
  readonly client: { readonly key: number }
  readonly sourceSlot: number
  readonly deadlineMs = Infinity
  ticket = -1
  bookedMs = 0
  slot: AdmissionSlot | null = null

  constructor(key: number, sourceSlot: number) {
    this.client = { key }
    this.sourceSlot = sourceSlot
  }
  onSlot(slot: AdmissionSlot): void {
    this.slot = slot
  }
  onRefused(_refusal: Refusal): void {
    this.slot = null
  }
}

function open() {
  const settings = { ...defaultsOf(admissionOptions), limitMin: 20, limitMax: 20 }
  const clock = new SimulatedClock()
  const door = new Admission(allocateAdmission(settings, 2), 0, settings, { clock, random: new SeededRandom(1), wake: () => undefined, pollLater: () => undefined })
  const visitors = Array.from({ length: 4_000 }, (_, i) => new Visitor(i, door.sources.touch({ family: 4, text: '', high: i, low: 0, key: i }, 0)))
  return { clock, door, visitors }
}

const free = open()
const full = open()
const held: AdmissionSlot[] = []
for (let i = 0; i < 20; i++) {
  const answer = full.door.admit(full.visitors[i])
  if (answer !== null && !('reason' in answer)) held.push(answer)
}

export const bench = {
  name: 'admit and finish, origin free',
  run(iterations: number): void {
    for (let i = 0; i < iterations; i++) {
      free.clock.advanceMs(0.1)
      const answer = free.door.admit(free.visitors[i % 4_000])
      if (answer !== null && !('reason' in answer)) answer.success(20)
    }
  },
}

/** A flood: 10 requests come for each one that is served. */
export const benchFull = {
  name: 'admit or refuse, origin full, ten asking for each one served',
  run(iterations: number): void {
    const { clock, door, visitors } = full
    for (let i = 0; i < iterations; i++) {
      clock.advanceMs(0.1)
      const visitor = visitors[i % 4_000]
      if (visitor.ticket === -1) door.admit(visitor)
      if (visitor.slot !== null) {
        held.push(visitor.slot)
        visitor.slot = null
      }
      if (i % 10 === 0) held.shift()?.success(20)
      if (i % 100 === 0) door.poll()
    }
  },
}

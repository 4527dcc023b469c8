/** Issue 3: known request-smuggling shapes end to end. No origin ever sees a request that Polder did not count, and every visitor gets his own answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepSection, table } from '../../support/kept-section.ts'
import { contentBlindOrigin, watchedNginx, watchedNode, watchedSampleSite } from '../../support/watched-origins.ts'
import { http1Shapes } from './http1-shapes.ts'
import { http2Shapes } from './http2-shapes.ts'
import { runShapes, type ShapesRun } from './run-shapes.ts'

const shapes = http1Shapes.length + http2Shapes.length

async function run(open: typeof watchedNode): Promise<ShapesRun> {
  const origin = await open()
  try {
    return await runShapes(origin, http1Shapes, http2Shapes)
  } finally {
    await origin.close()
  }
}

function harmless({ outcomes, problems, victimAnswers, reached }: ShapesRun): void {
  assert.deepEqual(problems, [])
  assert.equal(outcomes.length, shapes)
  // Three answers to the victim around every shape; a run that never reached the origin would prove nothing.
  assert.ok(victimAnswers >= 3 * shapes && reached.length > 40, `${victimAnswers} answers to the victim, ${reached.length} requests of shapes`)
}

let before: readonly string[] = []

test('node:http behind Polder: nothing smuggled, nobody gets another\'s answer, and the manual says what happened to each shape', async () => {
  const result = await run(watchedNode)
  harmless(result)
  before = result.reached
  const rows = result.outcomes.map(({ family, name, verdict, reached }) => [family, name, verdict, reached === '' ? '–' : reached])
  keepSection('docs/benchmarks/attack-shapes.md', 'smuggling', table(['family', 'shape', 'what Polder did', 'what reached the origin'], rows), import.meta.filename)
})

for (const [name, open] of [['nginx', watchedNginx], ['the sample site', watchedSampleSite], ['an origin that never reads content', contentBlindOrigin]] as const) {
  test(`${name} behind Polder: nothing smuggled, nobody gets another's answer, and as much got through as with node:http`, async () => {
    const result = await run(open)
    harmless(result)
    assert.deepEqual(result.reached, before)
  })
}

import { RequestHead, HEAD_COMPLETE, type HeadLimits } from '../../src/dataplane/edge/http1/request-head.ts'
import type { Step } from './step.ts'
import { browserHead, minimalHead } from './typical-request.ts'

const limits: HeadLimits = { requestLineBytes: 8_192, headBytes: 16_384, headerFields: 128 }

export const benchBrowser = parsing('parse: head of a browser, 15 fields', browserHead)
export const benchMinimal = parsing('parse: shortest head, 1 field', minimalHead)

function parsing(name: string, text: string): Step {
  const bytes = Buffer.from(text, 'latin1')
  const head = new RequestHead()
  return {
    name,
    run(iterations) {
      for (let i = 0; i < iterations; i++) if (head.parse(bytes, 0, bytes.length, limits) !== HEAD_COMPLETE) throw new Error('the head was refused')
    },
  }
}

import { createConnection } from 'node:net'
import { CONTROL_FORMAT, type ControlAnswerOf, type ControlQuestion, type ControlQuestionOf, type ControlReply, LONGEST_ANSWER_BYTES } from '../../contract/control-socket.ts'

/** The shield understood and said no; `code` is one of ControlRefusal. */
export class ShieldRefused extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Asks one question over the control socket. Rejects with a system error (`code`) when nobody is there, with ShieldRefused when the answer is no. */
export function askShield<A extends ControlQuestion['ask']>(path: string, question: ControlQuestionOf<A>, withinMs: number): Promise<ControlAnswerOf<A>> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = createConnection(path)
    const fail = (error: Error): void => {
      socket.destroy()
      reject(error)
    }
    const timer = setTimeout(() => fail(Object.assign(new Error(`no answer within ${withinMs} ms`), { code: 'ETIMEDOUT' })), withinMs)
    socket.setEncoding('utf8')
    socket.once('connect', () => socket.write(`${JSON.stringify({ format: CONTROL_FORMAT, ...question })}\n`))
    socket.on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end === -1) {
        if (text.length > LONGEST_ANSWER_BYTES) fail(new Error('the answer is too long'))
        return
      }
      clearTimeout(timer)
      socket.destroy()
      let reply: ControlReply<ControlAnswerOf<A>>
      try {
        reply = JSON.parse(text.slice(0, end)) as ControlReply<ControlAnswerOf<A>>
      } catch {
        return reject(new Error('the answer is not JSON'))
      }
      if (reply.ok) resolve(reply.answer)
      else reject(new ShieldRefused(reply.code, reply.message))
    })
    socket.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    socket.once('end', () => {
      clearTimeout(timer)
      fail(Object.assign(new Error('the connection was closed without an answer'), { code: 'ECONNRESET' }))
    })
  })
}

/** Finds the end of one HTTP/1.1 answer in the bytes of a connection: Content-Length or chunked. For load generators; it trusts the server under test. */
export class AnswerReader {
  status = 0
  /** The server will close the connection after this answer. */
  closes = false
  bodyBytes = 0
  #head = ''
  #left = -1
  #chunked = false
  #tail = ''

  reset(): void {
    this.status = 0
    this.closes = false
    this.bodyBytes = 0
    this.#head = ''
    this.#left = -1
    this.#chunked = false
    this.#tail = ''
  }

  /** `whole`: the answer has ended. One answer at a time: no pipelining. */
  read(chunk: Buffer): 'more' | 'whole' | 'broken' {
    let body = chunk
    if (this.status === 0) {
      this.#head += chunk.toString('latin1')
      const end = this.#head.indexOf('\r\n\r\n')
      if (end === -1) return this.#head.length > 65_536 ? 'broken' : 'more'
      const extra = this.#head.length - end - 4
      body = chunk.subarray(chunk.length - extra)
      const head = this.#head.slice(0, end).toLowerCase()
      this.status = Number(head.slice(9, 12))
      if (!head.startsWith('http/1.') || !(this.status >= 100)) return 'broken'
      this.closes = /\r\nconnection:[^\r]*close/.test(head)
      const length = /\r\ncontent-length: *(\d+)/.exec(head)
      this.#chunked = /\r\ntransfer-encoding: *chunked/.test(head)
      if (this.status === 204 || this.status === 304) this.#left = 0
      else if (length !== null) this.#left = Number(length[1])
      else if (!this.#chunked) return 'broken'
    }
    this.bodyBytes += body.length
    if (this.#chunked) {
      this.#tail = (this.#tail + body.toString('latin1', Math.max(0, body.length - 8))).slice(-8)
      return this.#tail.endsWith('0\r\n\r\n') ? 'whole' : 'more'
    }
    this.#left -= body.length
    return this.#left > 0 ? 'more' : this.#left === 0 ? 'whole' : 'broken'
  }
}

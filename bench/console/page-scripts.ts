/** What is put into the page before its own scripts: a simulated clock that follows the seconds that come in, and stop-watches. As text: it runs in Chromium. */

/** Timers shorter than this are the renderer's own and stay real. */
const REAL_BELOW_MS = 200

/**
 * The page's clock is the shield's: each second that comes in moves it on and runs what is due by then, before the page's own code sees the second. Frames are
 * real: what a second changes is drawn.
 */
export const followShield = (atWallMs: number): string => `(() => {
  const RealDate = Date, RealSource = EventSource, realTimeout = setTimeout, realClear = clearTimeout
  const timers = new Map()
  const night = { seconds: 0, atWallMs: ${atWallMs}, now: ${atWallMs}, waiting: null }
  let ids = 1e9
  globalThis.Date = class extends RealDate { constructor(...given) { if (given.length === 0) super(night.now); else super(...given) } static now() { return night.now } }
  const add = (run, ms, every, given) => { timers.set(++ids, { run, at: night.now + ms, every, given }); return ids }
  globalThis.setTimeout = (run, ms = 0, ...given) => (ms < ${REAL_BELOW_MS} ? realTimeout(run, ms, ...given) : add(run, ms, 0, given))
  globalThis.setInterval = (run, ms = 0, ...given) => add(run, ms, Math.max(1, ms), given)
  globalThis.clearTimeout = globalThis.clearInterval = (id) => { if (!timers.delete(id)) realClear(id) }
  const advance = (to) => {
    for (;;) {
      let due = null, dueId = 0
      for (const [id, timer] of timers) if (timer.at <= to && (due === null || timer.at < due.at)) { due = timer; dueId = id }
      if (due === null) break
      night.now = Math.max(night.now, due.at)
      if (due.every > 0) due.at += due.every
      else timers.delete(dueId)
      due.run(...due.given)
    }
    night.now = Math.max(night.now, to)
  }
  const drawn = (resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))
  globalThis.EventSource = class extends RealSource {
    constructor(...given) {
      super(...given)
      this.addEventListener('second', (event) => {
        const at = Number(/"point":\\{"atWallMs":(\\d+)/.exec(event.data)[1])
        night.seconds++
        night.atWallMs = at
        advance(at)
        if (night.waiting !== null && at >= night.waiting.at) { drawn(night.waiting.resolve); night.waiting = null }
      })
    }
  }
  night.until = (at) => new Promise((resolve) => { if (night.atWallMs >= at) drawn(resolve); else night.waiting = { at, resolve } })
  night.timers = () => timers.size
  globalThis.__night = night
})()`

/** When each second's picture was made, and when two frames after its coming were drawn; when the first act is offered after a load. Wall ms, one machine. */
export const stopWatches = `(() => {
  const Source = EventSource
  globalThis.__shown = []
  let offered
  globalThis.__offered = new Promise((resolve) => { offered = resolve })
  globalThis.EventSource = class extends Source {
    constructor(...given) {
      super(...given)
      this.addEventListener('second', (event) => {
        const madeWallMs = Number(/"atWallMs":(\\d+)/.exec(event.data)[1])
        requestAnimationFrame(() => requestAnimationFrame(() => globalThis.__shown.push([madeWallMs, Date.now()])))
      })
    }
  }
  const look = () => {
    if (document.querySelector('.headline') !== null && document.querySelector('article.rule .acts button') !== null) offered(performance.now())
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
})()`

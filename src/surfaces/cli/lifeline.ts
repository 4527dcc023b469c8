/** `polder lifeline`: the last good copy of the public site. status and crawl ask the running shield; open, export, and status without one read the file itself. */
import type { FoundCopy } from '../../contract/lifeline-files.ts'
import type { LifelinePause, LifelineState } from '../../contract/lifeline.ts'
import { coloursFor, paint, printable } from './colour.ts'
import { configFlag, configOf, exitCodes, jsonFlag, textOf, type CliParts, type CommandSpec } from './command.ts'
import { bytes, clockTime, count, percent, span } from './plain-words.ts'
import { countText, problemText } from './problem-text.ts'
import { ProgressBar } from './progress.ts'
import { askRunning, socketFlags } from './reach-shield.ts'

const POLL_MS = 1_000

const statusCommand: CommandSpec = {
  name: 'status',
  summary: 'what is kept, how old, what is missing and why',
  description: 'How much of the site is kept and how old the copies are; the share of the last month\'s reading that they could serve; what is missing and why; what the crawl does now. Without a running shield the file itself is read.',
  flags: [...socketFlags, jsonFlag],
  examples: [
    ['polder lifeline status', 'would the site survive its server?'],
    ['polder lifeline status --json', 'for scripts'],
  ],
  async act(given, parts) {
    const named = textOf(given, 'socket')
    const { path } = named === null ? parts.controlSocket(configOf(given)) : { path: named }
    let state: LifelineState
    let from = ''
    try {
      state = await parts.ask<'lifeline'>(path, { ask: 'lifeline', order: 'state' })
    } catch (error) {
      const settings = await settingsOf(given, parts)
      if (settings === null) return exitCodes.refused
      try {
        state = await parts.lifeline.state(settings)
      } catch (missing) {
        return refused(parts, (missing as Error).message)
      }
      from = `no answer from a running shield (${(error as Error).message}); read from the file`
    }
    if (given['json'] === true) parts.out.write(`${JSON.stringify(state, null, 2)}\n`)
    else parts.out.write(printable(statusText(state, from, coloursFor(parts.out, parts.noColor))))
    return exitCodes.ok
  },
}

const crawlCommand: CommandSpec = {
  name: 'crawl',
  summary: 'begin a pass over the site, and watch it',
  description: 'Asks the running shield for a pass over the whole site as soon as it is calm, and waits until it is done. Ctrl-C ends the watching, not the crawl. Pages that did not change cost the origin a 304.',
  flags: [...socketFlags, { flags: '--no-wait', sentence: 'give the order and return' }, jsonFlag],
  examples: [
    ['polder lifeline crawl', 'before a day on which it matters'],
    ['polder lifeline crawl --no-wait', 'from a script'],
  ],
  async act(given, parts) {
    const before = await askRunning(given, parts, { ask: 'lifeline', order: 'state' })
    if (before === null) return exitCodes.refused
    const running = before.pass.number > 0 && before.pass.endedAtWallMs === 0
    const wanted = running ? before.pass.number : before.pass.number + 1
    let state = await askRunning(given, parts, { ask: 'lifeline', order: 'crawl' })
    if (state === null) return exitCodes.refused
    const stop = given['wait'] === false ? null : parts.interrupted()
    const bar = new ProgressBar(parts)
    let said: LifelinePause = ''
    const isOver = (): boolean => stop === null || stop.aborted || (state!.pass.number >= wanted && state!.pass.endedAtWallMs > 0)
    while (!isOver()) {
      const { done, left } = state.pass.number >= wanted ? state.pass : { done: 0, left: state.pages.known }
      bar.show(done, done + left, done, 'pages')
      if (state.pause !== said && state.pause !== '' && state.pause !== 'done' && state.pause !== 'starting') parts.error.write(`${pauseWords[state.pause]}\n`)
      if (state.pause === 'no-site') break
      said = state.pause
      await pause(POLL_MS, stop!)
      const next = await askRunning(given, parts, { ask: 'lifeline', order: 'state' })
      if (next === null) return exitCodes.refused
      state = next
    }
    bar.end()
    if (given['json'] === true) parts.out.write(`${JSON.stringify(state, null, 2)}\n`)
    else if (stop === null) parts.out.write('ordered; polder lifeline status shows how far it is\n')
    else parts.out.write(printable(statusText(state, stop.aborted ? 'the crawl goes on without you' : '', coloursFor(parts.out, parts.noColor))))
    return state.pause === 'no-site' ? exitCodes.refused : exitCodes.ok
  },
}

const openCommand: CommandSpec = {
  name: 'open',
  summary: 'one kept copy',
  description: 'Shows what is known of the copy of one page: date, type, size, or why there is none. With --body the copy itself goes to standard output, as visitors would get it. Reads the file, so it also works when no shield runs.',
  words: [['<path>', 'path of a page (/news), or its whole address']],
  flags: [configFlag, { flags: '--body', sentence: 'print the copy itself' }, jsonFlag],
  examples: [
    ['polder lifeline open /news', 'is the page kept, and from when?'],
    ['polder lifeline open / --body > home.html', 'look at it in a browser'],
  ],
  async act(given, parts, [place]) {
    const settings = await settingsOf(given, parts)
    if (settings === null) return exitCodes.refused
    let found: FoundCopy
    try {
      found = await parts.lifeline.open(settings, place)
    } catch (error) {
      return refused(parts, (error as Error).message)
    }
    if (given['body'] === true && found.kept !== null) parts.writeBytes(found.kept.body)
    else if (given['json'] === true) parts.out.write(`${JSON.stringify({ ...found, kept: found.kept === null ? null : { ...found.kept, body: undefined } }, null, 2)}\n`)
    else parts.out.write(printable(copyText(found, parts.clock.wallMs())))
    return found.kept === null ? exitCodes.refused : exitCodes.ok
  },
}

const exportCommand: CommandSpec = {
  name: 'export',
  summary: 'the site as files for any web server',
  description: 'Writes all copies into a folder that any web server can serve as it is: links are relative, pages carry their date, forms say that they do not work. The folder appears whole or not at all. A folder that is not an earlier export is never overwritten. Reads the file, so it also works when no shield runs.',
  words: [['<folder>', 'a new folder, an empty one, or an earlier export']],
  flags: [configFlag, jsonFlag],
  examples: [
    ['polder lifeline export /srv/copy', 'then: nginx with root /srv/copy'],
    ['polder lifeline export copy --json', 'for scripts'],
  ],
  async act(given, parts, [folder]) {
    const settings = await settingsOf(given, parts)
    if (settings === null) return exitCodes.refused
    const bar = new ProgressBar(parts)
    try {
      const result = await parts.lifeline.export(settings, folder, (done, total) => bar.show(done, total, done, 'files'))
      bar.end()
      if (given['json'] === true) parts.out.write(`${JSON.stringify(result, null, 2)}\n`)
      else {
        const age = span(parts.clock.wallMs() - result.oldestWallMs)
        parts.out.write(printable(`${result.folder}: ${count(result.files)} files, ${count(result.pages)} of them pages, ${bytes(result.bytes)}; the oldest copy is ${age} old${result.damaged === 0 ? '' : `; ${count(result.damaged)} damaged copies left out`}\n`))
      }
      return exitCodes.ok
    } catch (error) {
      bar.end()
      return refused(parts, (error as Error).message)
    }
  },
}

export const lifelineCommand: CommandSpec = {
  name: 'lifeline',
  summary: 'the last good copy of the public site',
  description: 'Polder gathers the public site in calm times and shows the copy, with its date, while the origin fails. These commands say what is kept, renew it, look at it, and turn it into a site of files for another server.',
  flags: [...socketFlags, jsonFlag],
  children: [statusCommand, crawlCommand, openCommand, exportCommand],
  examples: [
    ['polder lifeline status', 'what is kept, how old, what is missing'],
    ['polder lifeline crawl', 'renew it now'],
    ['polder lifeline open /news', 'one copy'],
    ['polder lifeline export /srv/copy', 'a site of files'],
  ],
  act: (given, parts, words) => statusCommand.act(given, parts, words),
}

async function settingsOf<S>(given: Readonly<Record<string, unknown>>, parts: CliParts<S>): Promise<S | null> {
  const report = await parts.check(configOf(given))
  if (report.settings !== null) return report.settings
  for (const problem of report.problems) parts.error.write(problemText(problem, coloursFor(parts.error, parts.noColor)))
  parts.error.write(`\n${countText(report.problems, report.problemCount)}: the settings say where the copies are kept\n`)
  return null
}

function refused<S>(parts: CliParts<S>, message: string): number {
  parts.error.write(printable(`${paint(coloursFor(parts.error, parts.noColor), 'red', 'polder:')} ${message}\n`))
  return exitCodes.refused
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      stop.removeEventListener('abort', done)
      resolve()
    }
    stop.addEventListener('abort', done)
  })
}

const pauseWords: Readonly<Record<LifelinePause, string>> = {
  '': 'at work',
  done: 'waits for the next pass',
  off: 'no shield runs',
  'no-site': 'knows no site: name it under lifeline.sites (or under hosts)',
  'not-calm': 'rests: the shield is not calm',
  'origin-fails': 'rests: the origin does not answer',
  starting: 'starts',
}

/** Why a page is not kept, in words; unknown ones are shown as they are. */
const whyWords: Readonly<Record<string, string>> = {
  'no-store': 'says no-store; if it is public, name it under lifeline.publicPaths',
  private: 'says private; if it is public, name it under lifeline.publicPaths',
  'set-cookie': 'sets a cookie; if it is public, name it under lifeline.publicPaths',
  robots: 'forbidden by robots.txt',
  noarchive: 'its page says noarchive',
  'too-large': 'larger than lifeline.maxObjectBytes',
  'disk-full': 'no room left under lifeline.diskBytes',
  'route-off': 'its route says cache: off',
  'not-known': 'no link, sitemap or earlier reading names it',
  'not-yet': 'not visited yet',
}

function inWords(why: string): string {
  return whyWords[why] ?? (why.startsWith('status-') ? `the origin answers ${why.slice(7)}` : why)
}

function statusText(state: LifelineState, note: string, colours: 'on' | 'off'): string {
  const { pages, pass, coverage, age, disk } = state
  const lines: string[] = []
  const share = coverage.share < 0 ? 'nobody has read anything yet' : `${percent(coverage.share)} of the reading of the last ${coverage.days === 1 ? 'day' : `${coverage.days} days`} (${count(coverage.reads)} pages read)`
  lines.push(`${paint(colours, 'bold', 'could serve')}    ${share}`)
  lines.push(`sites          ${state.sites.length === 0 ? 'none known: name them under lifeline.sites' : state.sites.join(', ')}`)
  lines.push(`kept           ${count(pages.kept)} of ${count(pages.known)} addresses${pages.missing === 0 ? '' : `, ${count(pages.missing)} missing`}${pages.beyondBound === 0 ? '' : `; ${count(pages.beyondBound)} links beyond maxPages or maxQueriesPerPath`}`)
  if (pages.kept > 0) lines.push(`age            half are younger than ${span(age.medianMs)}, the oldest is ${span(age.oldestMs)} old`)
  lines.push(`disk           ${bytes(disk.bytes)} of ${bytes(disk.maxBytes)}${disk.suspended ? paint(colours, 'red', '; the last write was refused') : ''}`)
  const at = (ms: number): string => clockTime(ms, state.atWallMs)
  const passText = pass.number === 0 ? 'none yet' : pass.endedAtWallMs > 0 ? `number ${pass.number}, ${at(pass.startedAtWallMs)} to ${at(pass.endedAtWallMs)}` : `number ${pass.number} since ${at(pass.startedAtWallMs)}: ${count(pass.left)} left, at most ${pass.perSecond.toFixed(1)}/s`
  lines.push(`pass           ${passText}; ${pauseWords[state.pause]}`)
  for (const one of state.missing) lines.push(`  missing      ${count(one.pages)}: ${inWords(one.why)} (${one.examples.join(', ')}${one.pages > one.examples.length ? ', …' : ''})`)
  for (const one of coverage.unserved.slice(0, 10)) lines.push(`  read, not kept  ${one.key}, ${count(one.reads)} times: ${inWords(one.why)}`)
  if (note !== '') lines.push(`note           ${note}`)
  return `${lines.join('\n')}\n`
}

function copyText(found: FoundCopy, nowWallMs: number): string {
  const { kept } = found
  if (kept === null) return `${found.key}: no copy: ${inWords(found.why)}${found.checkedAtWallMs === 0 ? '' : ` (last visit ${clockTime(found.checkedAtWallMs, nowWallMs)})`}\n`
  const lines = [`${found.key}: kept`, `  status     ${kept.status}`, `  from       ${clockTime(kept.storedAtWallMs, nowWallMs)} UTC, ${span(nowWallMs - kept.storedAtWallMs)} ago`, `  size       ${bytes(kept.bytes)}`]
  for (let i = 0; i < kept.headers.length; i += 2) if (kept.headers[i] === 'content-type' || kept.headers[i] === 'location') lines.push(`  ${kept.headers[i].padEnd(10)} ${kept.headers[i + 1]}`)
  if (found.why !== '') lines.push(`  last visit ${inWords(found.why)}`)
  return `${lines.join('\n')}\n`
}

/** `polder statement`: what the public is told. Drafted, approved and published by people; the status page shows nothing else. */
import { readFileSync } from 'node:fs'
import { type ComponentName, componentNames, type ComponentState, componentStates, type Statement, type StatusBoard } from '../../contract/statement.ts'
import { coloursFor, paint, printable, type Colours } from './colour.ts'
import { exitCodes, jsonFlag, textOf, type CliParts, type CommandSpec } from './command.ts'
import { clockTime } from './plain-words.ts'
import { askRecord, recordFlags, socketFlags } from './reach-shield.ts'
import { UsageError } from './rule-orders.ts'

type Given = Readonly<Record<string, unknown>>
const idWord = ['<id>', 'as polder statement list shows it'] as const
const LARGEST_FILE_BYTES = 30_000

async function guarded<S>(parts: CliParts<S>, run: () => Promise<number>): Promise<number> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    parts.error.write(`polder: ${printable(error.message)}\n`)
    return exitCodes.usage
  }
}

function say<S>(given: Given, parts: CliParts<S>, answer: unknown, text: string): number {
  parts.out.write(given['json'] === true ? `${JSON.stringify(answer, null, 2)}\n` : printable(text))
  return exitCodes.ok
}

const listCommand: CommandSpec = {
  name: 'list',
  summary: 'the status page now, and all statements',
  description: 'Shows what the status page says of each part of the site, where it is served and written, and every statement with its stage.',
  flags: [{ flags: '--all', sentence: 'with their words' }, ...socketFlags, jsonFlag],
  examples: [['polder statement list --all', 'what exactly did we say?']],
  async act(given, parts) {
    const board = await askRecord(given, parts, 'statement', 'board', {})
    return board === null ? exitCodes.refused : say(given, parts, board, boardPage(board, parts.clock.wallMs(), given['all'] === true, coloursFor(parts.out, parts.noColor)))
  },
}

const templatesCommand: CommandSpec = {
  name: 'templates',
  summary: 'beginnings of statements',
  description: 'Shows the templates. Each keeps apart what we know, what we do not know, what we do and when we speak next. What stands in [square brackets] a person fills in.',
  flags: [{ flags: '--language <code>', sentence: 'en (when left out), de, fr, nl' }, ...socketFlags, jsonFlag],
  examples: [['polder statement templates --language fr', 'in French']],
  async act(given, parts) {
    const templates = await askRecord(given, parts, 'statement', 'templates', { language: textOf(given, 'language') ?? 'en' })
    return templates === null ? exitCodes.refused : say(given, parts, templates, templates.map((one) => `${one.name}: ${one.title}\n${wordsText(one)}\n`).join('\n'))
  },
}

const draftCommand: CommandSpec = {
  name: 'draft',
  summary: 'write a statement, or change one that is not published',
  description: 'A new draft from a template, from the words given here, or from a file of JSON (a list of {language, title, know, notKnown, doing, next}). With an id it changes that draft; an approval it had is then gone.',
  words: [['[id]', 'the draft to change']],
  flags: [
    { flags: '--template <name>', sentence: 'first-word, attack, claim or over; in every language of the page that has it' },
    { flags: '--file <file>', sentence: 'JSON with the texts in all languages; - for standard input' },
    { flags: '--language <code>', sentence: 'language of the words given here (en when left out)' },
    { flags: '--title <words>', sentence: 'the heading' },
    { flags: '--know <words>', sentence: 'what we know' },
    { flags: '--not-known <words>', sentence: 'what we do not know' },
    { flags: '--doing <words>', sentence: 'what we are doing' },
    { flags: '--next <words>', sentence: 'when we speak next' },
    { flags: '--incident <id>', sentence: 'the incident it belongs to: its id, open or last' },
    ...recordFlags, jsonFlag,
  ],
  examples: [
    ['polder statement draft --template first-word', 'a beginning in every language of the page'],
    ['polder statement draft 2026-11-23-s1 --know "Since 20:14 our website has been hard to reach." --next "We report again at 21:00."', 'fill in the English text'],
    ['polder statement draft 2026-11-23-s1 --file texts.json', 'all languages from a file'],
  ],
  act: (given, parts, [id = '']) => guarded(parts, async () => {
    const template = textOf(given, 'template')
    const file = textOf(given, 'file')
    const fields = { title: textOf(given, 'title'), know: textOf(given, 'know'), notKnown: textOf(given, 'notKnown'), doing: textOf(given, 'doing'), next: textOf(given, 'next') }
    const words = Object.values(fields).some((one) => one !== null)
    if (Number(template !== null) + Number(file !== null) + Number(words) !== 1) throw new UsageError('give one of --template, --file, or words (--title, --know, --not-known, --doing, --next)')
    const wanted = textOf(given, 'incident')
    // "open" and "last" mean another incident tomorrow: its own id is kept.
    const incident = wanted === null ? null : await askRecord(given, parts, 'incident', 'show', { id: wanted })
    if (wanted !== null && incident === null) return exitCodes.refused
    const asks: Record<string, unknown> = { ...(id === '' ? {} : { id }), ...(incident === null ? {} : { incidentId: incident.id }) }
    if (template !== null) asks['template'] = template
    else if (file !== null) asks['texts'] = readTexts(file)
    else {
      const language = textOf(given, 'language') ?? 'en'
      let old: Statement['texts'] = []
      if (id !== '') {
        const board = await askRecord(given, parts, 'statement', 'board', {})
        if (board === null) return exitCodes.refused
        old = board.statements.find((one) => one.id === id)?.texts ?? []
      }
      const before = old.find((one) => one.language === language) ?? { language, title: '', know: '', notKnown: '', doing: '', next: '' }
      const changed = { language, title: fields.title ?? before.title, know: fields.know ?? before.know, notKnown: fields.notKnown ?? before.notKnown, doing: fields.doing ?? before.doing, next: fields.next ?? before.next }
      if (changed.title === '') throw new UsageError('--title is missing: the heading of the statement')
      asks['texts'] = old.some((one) => one.language === language) ? old.map((one) => (one.language === language ? changed : one)) : [...old, changed]
    }
    const answer = await askRecord(given, parts, 'statement', 'draft', asks)
    return answer === null ? exitCodes.refused : say(given, parts, answer, statementText(answer, parts.clock.wallMs(), true))
  }),
}

function readTexts(file: string): Statement['texts'] {
  let text: string
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`)
  }
  if (text.length > LARGEST_FILE_BYTES) throw new UsageError(`${file} has more than ${LARGEST_FILE_BYTES} characters: a statement is shorter`)
  try {
    return JSON.parse(text) as Statement['texts']
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${(error as Error).message}`)
  }
}

function step(name: 'approve' | 'publish' | 'withdraw', summary: string, description: string, example: string): CommandSpec {
  return {
    name, summary, description,
    words: [idWord], flags: [...recordFlags, jsonFlag],
    examples: [[`polder statement ${name} 2026-11-23-s1`, example]],
    async act(given, parts, [id = '']) {
      const answer = await askRecord(given, parts, 'statement', name, { id })
      return answer === null ? exitCodes.refused : say(given, parts, answer, statementText(answer, parts.clock.wallMs(), false))
    },
  }
}

const componentCommand: CommandSpec = {
  name: 'component',
  summary: 'say how a part of the site works',
  description: `Says on the status page how a part of the site works. Parts: ${componentNames.join(', ')}. States: ${componentStates.join(', ')}. What you say goes before what Polder sees, until you say "works".`,
  words: [['<part>', 'which part'], ['<state>', 'how it works']],
  flags: [...recordFlags, jsonFlag],
  examples: [['polder statement component search limited', 'the search is off on purpose']],
  async act(given, parts, [name = '', state = '']) {
    const board = await askRecord(given, parts, 'statement', 'component', { name: name as ComponentName, state: state as ComponentState })
    return board === null ? exitCodes.refused : say(given, parts, board, boardPage(board, parts.clock.wallMs(), false, coloursFor(parts.out, parts.noColor)))
  },
}

export const statementCommand: CommandSpec = {
  name: 'statement',
  summary: 'what the public is told: the status page',
  description: 'Statements for the public status page. The page shows what a person approved and published, and by itself at most "being investigated".',
  flags: [{ flags: '--all', sentence: 'with their words' }, ...socketFlags, jsonFlag],
  children: [
    listCommand, templatesCommand, draftCommand,
    step('approve', 'say that a draft is right', 'Approves a draft, which then may be published. Refused while a [bracket] is left. With statements.fourEyes somebody else than the writer must do it.', 'read it aloud first'),
    step('publish', 'put an approved statement on the status page', 'Publishes an approved statement: it stands on the page and in the feed at once. It cannot be changed afterwards, only withdrawn.', 'now everybody reads it'),
    step('withdraw', 'take a statement off the status page', 'Takes a statement off the page. What was said stays in the journal.', 'it was wrong'),
    componentCommand,
  ],
  examples: [
    ['polder statement draft --template first-word', 'in the first ten minutes'],
    ['polder statement approve 2026-11-23-s1', 'when it is right'],
    ['polder statement publish 2026-11-23-s1', 'and out'],
  ],
  act: (given, parts, words) => listCommand.act(given, parts, words),
}

function boardPage(board: StatusBoard, nowWallMs: number, all: boolean, colours: Colours): string {
  const lines = board.components.map(({ name, state, automatic }) => `${name.padEnd(9)} ${paint(colours, state === 'works' ? 'green' : 'yellow', state)}${automatic && state !== 'works' ? ' (said by Polder itself)' : ''}`)
  const served = board.listen === '' ? 'not served by Polder (statements.listen)' : `served at http://${board.listen}/`
  const written = board.exportedAtWallMs === null ? 'never written' : `written ${clockTime(board.exportedAtWallMs, nowWallMs)} UTC`
  lines.push('', `status page: ${served}; ${written} to ${board.exportFolder}`)
  if (board.trouble !== '') lines.push(paint(colours, 'red', board.trouble))
  lines.push(`languages: ${board.languages.join(', ')}; four eyes ${board.fourEyes ? 'on' : 'off'}; automatic "being investigated" ${board.automaticState ? 'on' : 'off'}`, '')
  if (board.statements.length === 0) lines.push('no statement yet: polder statement templates')
  return `${lines.join('\n')}\n${board.statements.toReversed().map((one) => statementText(one, nowWallMs, all)).join('')}`
}

function statementText(one: Statement, nowWallMs: number, all: boolean): string {
  const by = [`drafted by ${one.draftedBy}`, ...(one.approvedBy === null ? [] : [`approved by ${one.approvedBy}`]), ...(one.publishedBy === null ? [] : [`published by ${one.publishedBy} ${clockTime(one.publishedAtWallMs!, nowWallMs)} UTC`])].join(', ')
  const head = `${one.id}  ${one.stage}: ${one.texts[0]!.title} (${one.texts.map((text) => text.language).join(', ')}; ${by})\n`
  return all ? `${head}${one.texts.map((text) => `  [${text.language}] ${text.title}\n${wordsText(text)}\n`).join('')}` : head
}

function wordsText(text: { readonly know: string; readonly notKnown: string; readonly doing: string; readonly next: string }): string {
  return [['we know', text.know], ['we do not know', text.notKnown], ['we do', text.doing], ['next', text.next]].filter(([, said]) => said !== '').map(([name, said]) => `    ${name}: ${said}`).join('\n')
}

/** `polder account`: who may sign in to the console. It works on the file in dataDir, with or without a running shield: who may write there may decide this. */
import { type ConsoleRole, consoleRoles } from '../../contract/console.ts'
import { readSecretFile } from '../../kernel/secret-file.ts'
import { coloursFor, paint, printable } from './colour.ts'
import { configFlag, configOf, exitCodes, jsonFlag, textOf, type CliParts, type CommandFlag, type CommandSpec } from './command.ts'
import { countText, problemText } from './problem-text.ts'
import { clockTime } from './plain-words.ts'

const LONGEST_PASSWORD_BYTES = 2_048
const passwordFlags: readonly CommandFlag[] = [
  { flags: '--password-file <file>', sentence: 'read the password from a file that nobody else may read (mode 0600)' },
  { flags: '--password-stdin', sentence: 'read the password from standard input' },
]
const roleFlag: CommandFlag = { flags: '--role <role>', sentence: `${consoleRoles.join(', ')}: a viewer sees all, an operator also gives orders, an admin also manages accounts` }

class Refused extends Error {}
class WrongUse extends Error {}

type Given = Readonly<Record<string, unknown>>

/** Reads the settings, does it, and says what became of it. */
async function withSettings<S>(given: Given, parts: CliParts<S>, act: (settings: S) => Promise<string>): Promise<number> {
  const report = await parts.check(configOf(given))
  const colours = coloursFor(parts.error, parts.noColor)
  if (report.settings === null) {
    for (const problem of report.problems) parts.error.write(problemText(problem, colours))
    parts.error.write(`\n${paint(colours, 'bold', countText(report.problems, report.problemCount))}: it is not known where the accounts are\n`)
    return exitCodes.refused
  }
  try {
    parts.out.write(`${printable(await act(report.settings))}\n`)
    return exitCodes.ok
  } catch (error) {
    parts.error.write(`${paint(colours, 'red', 'polder:')} ${printable((error as Error).message)}\n`)
    return error instanceof WrongUse ? exitCodes.usage : exitCodes.refused
  }
}

/** From where the flags say, else asked twice on the terminal. A password never stands on the command line: others on this machine could read it there. */
async function passwordOf<S>(given: Given, parts: CliParts<S>, name: string): Promise<string> {
  const file = textOf(given, 'passwordFile')
  const fromInput = given['passwordStdin'] === true
  if (file !== null && fromInput) throw new WrongUse('choose --password-file or --password-stdin, not both')
  if (file !== null) {
    const read = readSecretFile(file)
    if ('trouble' in read) throw new Refused(read.trouble)
    return read.secret
  }
  if (fromInput) {
    const password = (await parts.readInput(LONGEST_PASSWORD_BYTES)).replace(/\r?\n$/, '')
    if (password === '') throw new Refused('standard input was empty')
    return password
  }
  const first = await parts.askSecret(`Password for ${name} (at least 12 characters): `)
  if (first === null) throw new Refused('there is no terminal to ask for a password: use --password-file or --password-stdin')
  const again = await parts.askSecret('Once more: ')
  if (again !== first) throw new Refused('the two are not the same; nothing was changed')
  return first
}

function roleOf(given: Given, otherwise: ConsoleRole | null): ConsoleRole {
  const text = textOf(given, 'role')
  const role = text === null ? otherwise : (consoleRoles.find((one) => one === text) ?? null)
  if (role === null) throw new WrongUse(`--role must be one of ${consoleRoles.join(', ')}`)
  return role
}

const nameWord = [['<name>', 'the name of the account']] as const

const addCommand: CommandSpec = {
  name: 'add',
  summary: 'let somebody sign in to the console',
  description: 'Makes an account. The password is asked for on the terminal and not shown. Every order this person gives stands in the journal under this name: give everybody their own.',
  words: nameWord,
  flags: [roleFlag, ...passwordFlags, configFlag],
  examples: [
    ['polder account add ada --role admin', 'the first account'],
    ['polder account add noc --role viewer --password-file /root/noc.password', 'for a screen on the wall, from a script'],
  ],
  act: (given, parts, [name = '']) => withSettings(given, parts, async (settings) => {
    const role = roleOf(given, null)
    return parts.accounts.add(settings, name, role, await passwordOf(given, parts, name))
  }),
}

const removeCommand: CommandSpec = {
  name: 'remove',
  summary: 'take an account away',
  description: 'Ends the open sessions of this person at once. What they did stays in the journal.',
  words: nameWord,
  flags: [configFlag],
  examples: [['polder account remove ada', 'she works elsewhere now']],
  act: (given, parts, [name = '']) => withSettings(given, parts, (settings) => parts.accounts.remove(settings, name)),
}

const roleCommand: CommandSpec = {
  name: 'role',
  summary: 'change what somebody may do',
  description: `Roles: ${consoleRoles.join(', ')}. It counts from the next click on; the last admin stays one.`,
  words: [...nameWord, ['<role>', consoleRoles.join(', ')]],
  flags: [configFlag],
  examples: [['polder account role noc operator', 'may give orders from now on']],
  act: (given, parts, [name = '', role = '']) => withSettings(given, parts, async (settings) => parts.accounts.role(settings, name, roleOf({ role }, null))),
}

const passwordCommand: CommandSpec = {
  name: 'password',
  summary: 'set another password',
  description: 'Ends the open sessions of this person.',
  words: nameWord,
  flags: [...passwordFlags, configFlag],
  examples: [['polder account password ada', 'she forgot it']],
  act: (given, parts, [name = '']) => withSettings(given, parts, async (settings) => parts.accounts.password(settings, name, await passwordOf(given, parts, name))),
}

const totpCommand: CommandSpec = {
  name: 'totp',
  summary: 'switch a second factor on or off',
  description: 'On: prints a secret, once, to be entered in an authenticator app (RFC 6238, six digits every 30 seconds); signing in then needs its code too. Switching it on again makes a new secret. Ends the open sessions of this person.',
  words: [...nameWord, ['<state>', 'on or off']],
  flags: [configFlag],
  examples: [['polder account totp ada on', 'scan or type the secret into the app'], ['polder account totp ada off', 'the telephone is lost']],
  act: (given, parts, [name = '', state = '']) => withSettings(given, parts, async (settings) => {
    if (state !== 'on' && state !== 'off') throw new WrongUse('say on or off')
    const { sentence, uri } = await parts.accounts.totp(settings, name, state === 'on')
    return uri === '' ? sentence : `${sentence}\n\n  secret  ${/secret=([A-Z2-7]+)/.exec(uri)?.[1] ?? ''}\n  uri     ${uri}\n\nIt is shown this once.`
  }),
}

const unlockCommand: CommandSpec = {
  name: 'unlock',
  summary: 'let somebody try again at once',
  description: 'After too many wrong sign-ins from places an account has not been used from, such places have to wait. This ends the waiting.',
  words: nameWord,
  flags: [configFlag],
  examples: [['polder account unlock ada', 'she is on another telephone and strangers have been guessing']],
  act: (given, parts, [name = '']) => withSettings(given, parts, (settings) => parts.accounts.unlock(settings, name)),
}

export const accountCommand: CommandSpec = {
  name: 'account',
  summary: 'who may sign in to the console',
  description: 'Lists the accounts of the console. They are kept in dataDir/console/accounts.json, with passwords that nobody can read back (scrypt). A change counts at once, also while the shield runs.',
  flags: [configFlag, jsonFlag],
  children: [addCommand, removeCommand, roleCommand, passwordCommand, totpCommand, unlockCommand],
  examples: [['polder account', 'who may sign in, and when they last did'], ['polder account add ada --role admin', 'the first account']],
  act: (given, parts) => withSettings(given, parts, async (settings) => {
    const accounts = await parts.accounts.list(settings)
    if (given['json'] === true) return JSON.stringify(accounts, null, 2)
    if (accounts.length === 0) return 'nobody may sign in to the console yet: polder account add NAME --role admin'
    const now = parts.clock.wallMs()
    const wide = Math.max(...accounts.map((one) => one.name.length))
    return accounts.map((one) => `${one.name.padEnd(wide)}  ${one.role.padEnd(8)}  ${one.totp ? 'second factor' : 'password only'}  ${one.lastLoginAtWallMs === null ? 'never signed in' : `last signed in ${clockTime(one.lastLoginAtWallMs, now)} UTC`}`).join('\n')
  }),
}

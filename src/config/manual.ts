/** Makes docs/operator/settings.md and docs/polder.schema.json from the same tables the parser uses. A test fails when the files in the repository differ. */
import { settingsProblemCodes, type SettingsProblemCode } from '../contract/settings-problem.ts'
import { routeClasses } from '../contract/route-class.ts'
import { cacheRouteOptions } from '../dataplane/cache/options.ts'
import { MAX_CHANNELS, channelFields, channelKinds, channelOptions } from '../record/alert/options.ts'
import type { Option, OptionTable } from '../kernel/option.ts'
import { optionText } from './effective.ts'
import { addressForm, hostForm, idForm, methodForm, originForm, pathForm, prefixForm, timeForm } from './forms.ts'
import { formatNumber, formatRange } from './quantity.ts'
import { MAX_ROUTES, MAX_RULES, MAX_UPSTREAMS, routeNumbers, settingsJsonSchema, topLevel, topLevelKeys } from './schema.ts'
import { sectionNames, sectionSentences, sectionTables, writtenElsewhere } from './tables.ts'

export const generatedFiles: ReadonlyArray<{ readonly path: string; readonly make: () => string }> = [
  { path: 'docs/operator/settings.md', make: settingsManual },
  { path: 'docs/polder.schema.json', make: () => `${JSON.stringify(settingsJsonSchema(), null, 2)}\n` },
]

const codeMeaning: Readonly<Record<SettingsProblemCode, string>> = {
  'file-not-found': 'There is no such file.',
  'file-unreadable': 'The file, or a file it names, cannot be read.',
  'file-too-large': 'Larger than 1 MiB: most likely another file.',
  'file-empty': 'The file holds no settings.',
  'not-utf8': 'The file is not UTF-8 text.',
  'control-character': 'A character that cannot be seen, from copying or a damaged file.',
  'invisible-character': 'A zero-width or direction mark, from copying out of a web page (warning).',
  'yaml-syntax': 'Brackets, quotes or indentation do not fit together. Nothing else is judged until this is mended.',
  'yaml-tab': 'A tab as indentation.',
  'yaml-duplicate-key': 'A key stands twice in the same map.',
  'yaml-alias': 'An alias (*name) that has no anchor, contains itself, or is used too often.',
  'yaml-tag': 'YAML tags (!name) are not read.',
  'yaml-merge-key': 'YAML merge keys (<<) are not read.',
  'yaml-directive': 'YAML directives (%NAME) are not read.',
  'yaml-many-documents': 'More than one document in the file.',
  'yaml-too-deep': 'Nested too deeply.',
  'unknown-key': 'No setting has this name here: misspelt, or in the wrong section.',
  missing: 'A setting that has no default is not there.',
  'wrong-type': 'A value of another kind: a list instead of text, text instead of true or false.',
  'wrong-form': 'Text that is not of the form wanted: an address, a path, a time.',
  'wrong-unit': 'A unit that is not one of those allowed, or can be read two ways (8MB).',
  'out-of-range': 'A number outside its range.',
  'not-a-choice': 'Not one of the words allowed.',
  'not-yet': 'Polder will have this later; it cannot be used now.',
  'no-effect': 'The setting cannot act, because something it needs is missing.',
  duplicate: 'The same thing stands twice.',
  conflict: 'Two settings contradict each other.',
  shadowed: 'A rule or route can never act, because another one matches first (warning).',
  'empty-section': 'A section without settings (warning).',
  exposed: 'It works, but is open to more people than you may think (warning).',
  certificate: 'A certificate or key that cannot serve (error), or will soon expire (warning).',
}

function settingsManual(): string {
  return [
    intro,
    '## The top of the file\n',
    table(['name', 'default', 'change', 'what it does'], topLevelKeys.map((key) => [`\`${key}\``, topLevel[key].default, topLevel[key].applies === 'mixed' ? 'see below' : topLevel[key].applies, topLevel[key].sentence])),
    listenPart,
    originPart,
    rulesPart,
    routesPart(),
    ...sectionNames.map(sectionPart),
    problemsPart(),
  ].join('\n')
}

const intro = `# Settings

<!-- Made by script/generate-docs from the options tables in src/. Do not edit: a test compares. -->

Two lines are enough:

\`\`\`yaml
listen: 127.0.0.1:8080
origin: http://127.0.0.1:8090
\`\`\`

\`polder check -c polder.yaml\` says everything that is wrong with a file, without starting anything. \`polder check --effective\` shows every
setting as it will act, and where it comes from. An editor that knows JSON Schema completes and checks while you type, when the first line is
\`# yaml-language-server: $schema=PATH/docs/polder.schema.json\`.

**How values are written.** A duration: \`500ms\`, \`10s\`, \`2m\`, \`1h\`, \`1d\`. A size: \`512B\`, \`64KiB\`, \`1MiB\`, \`2GiB\` (steps of 1024; \`8MB\` is refused,
because it can mean two things). A share: \`5%\` or \`0.05\`. A rate: \`20/s\`, \`90/m\`. A bare number has the unit at the end of the setting's name:
\`headerDeadlineMs: 10000\` is ten seconds. Relative paths start at the folder of the settings file. In YAML, text that starts with \`*\`, \`[\`, \`{\`, \`&\`,
\`!\`, \`%\` or \`@\`, or that holds \`: \`, stands in quotes: \`"*.pdf"\`, \`"[::1]:8080"\`.

**What is not read.** Variables such as \`\${NAME}\`, YAML tags, merge keys, a second document, files larger than 1 MiB.
A name that Polder does not know is an error, never ignored; so is a setting that cannot act.

**Change.** \`live\`: applied when the file changes or on SIGHUP (\`systemctl reload polder\`). \`restart\`: needs a new process.
A file with an error changes nothing. A good file that changes both kinds: what is live is applied at once, the rest keeps its old value and is named
in the log until the restart; if that mixture would contradict itself, nothing is applied before the restart, and the log says why.
`

const listenPart = `
### listen

\`\`\`yaml
listen:
  - 127.0.0.1:8080
  - address: ":8443"
    tls:
      certificates:
        - {cert: /etc/polder/site.pem, key: /etc/polder/site.key}
  - {address: "[::1]:8444", tls: true, proxyProtocol: true}
\`\`\`

${table(['name', 'form', 'default', 'what it does'], [
  ['`address`', addressForm, 'required', 'Where visitors connect.'],
  ['`tls`', '`true`, or a map with `certificates`', 'clear text', '`true`: a certificate made at start, for trying out only. HTTP/2 is offered on every listener with tls.'],
  ['`tls.certificates[].cert`', 'path of a PEM file', 'required', 'The certificate, then its chain. The files are watched; a renewed certificate is taken without a reload.'],
  ['`tls.certificates[].key`', 'path of a PEM file', 'required', 'Its private key, without a passphrase.'],
  ['`tls.certificates[].hosts`', hostForm, 'the names in the certificate', 'Names to use it for. The first certificate also serves visitors who name no host, or an unknown one.'],
  ['`proxyProtocol`', 'true or false', 'false', 'Every connection starts with a PROXY protocol header (v1 or v2); needs `trustedProxies`.'],
])}
`

const originPart = `
### origin

\`\`\`yaml
origin:
  upstreams:
    - http://127.0.0.1:8090
    - {url: http://127.0.0.1:8091, weight: 2}
  firstByteTimeoutMs: 20s
\`\`\`

\`upstreams\` is a list of 1 to ${MAX_UPSTREAMS}. An upstream is ${originForm}, or \`unix:/path/to/socket\`; its weight is 1 to 100, default 1. The other settings are in the section origin below.
`

const rulesPart = `
### rules

\`\`\`yaml
rules:
  - {path: /blocked, action: block}
  - {id: monitoring, prefix: 192.0.2.10, action: allow, note: our own checks}
  - {path: "/old-search*", methods: [GET, POST], action: block, dryRun: true, expires: 2026-12-01T18:00:00Z}
\`\`\`

At most ${MAX_RULES} rules. All conditions of a rule must hold, and there must be at least one.

${table(['name', 'form', 'what it does'], [
  ['`action`', '`block` or `allow`', '`block` refuses; `allow` wins over every other rule, wherever it stands. Required.'],
  ['`path`', pathForm, 'Condition: the path, without its query. A block also sees through other spellings of the path (`/%62locked`).'],
  ['`host`', hostForm, 'Condition: the host asked for.'],
  ['`method`, `methods`', methodForm, 'Condition: the method, or one of them.'],
  ['`prefix`, `prefixes`', prefixForm, 'Condition: the visitor\'s address.'],
  ['`id`', idForm, 'Name in logs and metrics; without it `operator-1`, `operator-2` and so on, by place.'],
  ['`note`', 'text', 'Why the rule is here.'],
  ['`dryRun`', 'true or false', 'Only count what the rule would have done.'],
  ['`expires`', timeForm, 'The rule ends by itself.'],
])}
`

function routesPart(): string {
  return `
### routes

\`\`\`yaml
routes:
  - {path: "/api/*", class: api, exempt: true}
  - path: /search
    class: search
    cache: {queryKeys: [q, page], dropUnknownQueryKeys: true}
  - {path: "/intranet/*", cache: off}
\`\`\`

At most ${MAX_ROUTES} routes; the first that matches counts.

${table(['name', 'form', 'what it does'], [
  ['`path`', pathForm, 'The paths this is about. Required.'],
  ['`class`', routeClasses.join(', '), 'What these paths are; without it Polder looks at the request.'],
  ['`cache`', '`off`, `rfc`, or a map of the settings below', cacheRouteOptions.cache.sentence],
  ...Object.entries(routeNumbers).map(([name, option]) => [`\`${name}\``, `${formatNumber(option.kind, option.min)} to ${formatNumber(option.kind, option.max)}`, option.sentence]),
  ['`upgrade`', 'true or false', 'Connections may change protocol here (WebSocket).'],
  ['`exempt`', 'true or false', 'Never challenged: feeds, APIs, machines.'],
])}

Settings of a route's \`cache\` (all live):

${optionsTable(cacheRouteOptions, ['cache'])}
`
}

function sectionPart(name: (typeof sectionNames)[number]): string {
  const hidden = [...Object.keys(writtenElsewhere).filter((path) => path.startsWith(`${name}.`)).map((path) => path.slice(name.length + 1)), ...(name === 'origin' ? ['upstreams'] : [])]
  return `\n## ${name}\n\n${sectionSentences[name]}\n\n${optionsTable(sectionTables[name], hidden)}\n${name === 'alert' ? channelsPart() : ''}`
}

function channelsPart(): string {
  return `
### alert.channels

\`\`\`yaml
alert:
  timeZone: Europe/Brussels
  channels:
    - {name: duty-mail, kind: mail, server: "mail.example.org:587", user: polder, secretFile: /etc/polder/smtp.password, from: polder@example.org, to: [duty@example.org]}
    - {name: chat, kind: mattermost, secretFile: /etc/polder/mattermost.url, quiet: ["22:00-06:30", "Sat,Sun 00:00-24:00"]}
    - {name: head-of-it, kind: ntfy, url: https://ntfy.example.org, room: polder-head, atLeast: critical, afterMs: 15m}
\`\`\`

At most ${MAX_CHANNELS} channels (all live). What each kind needs and may have, beside the settings of every channel:

${table(['kind', 'needs', 'may have'], channelKinds.map((kind) => [`\`${kind}\``, channelFields[kind].needs.map((field) => `\`${field}\``).join(', ') || '`url` or a secret that holds it', channelFields[kind].may.map((field) => `\`${field}\``).join(', ')]))}

${optionsTable(channelOptions, [])}
`
}

function optionsTable(options: OptionTable, except: readonly string[]): string {
  const rows = Object.entries(options).filter(([name]) => !except.includes(name)).map(([name, option]) => {
    const source = option.source === undefined ? '' : ` *Source: ${option.source}.*`
    return [`\`${name}\``, optionText(option, option.default), allowedText(option), option.applies, `${option.sentence}${source}`]
  })
  return table(['name', 'default', 'allowed', 'change', 'what it does'], rows)
}

function allowedText(option: Option): string {
  switch (option.kind) {
    case 'flag':
      return 'true or false'
    case 'choice':
      return option.choices.join(', ')
    case 'text':
      return option.form
    case 'textList':
      return `list of ${option.form}; at most ${option.maxItems}`
    default:
      return formatRange(option)
  }
}

function problemsPart(): string {
  return `\n## What \`polder check\` says\n\n${table(['code', 'meaning'], settingsProblemCodes.map((code) => [`\`${code}\``, codeMeaning[code]]))}\n`
}

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

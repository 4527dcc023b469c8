/**
 * From the bytes of a settings file to plain values, each with its place. The only file that knows the yaml package.
 * A strict part of YAML 1.2: one document, text keys, no tags, no merge keys, no directives, few aliases; everything found is reported at once.
 * Never throws, whatever the bytes; work and depth are bounded before anything is built (anchor bombs: CVE-2020-36518 class).
 */
import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument, type Document, type Node, type ParsedNode, type YAMLError } from 'yaml'
import type { SettingsProblem, SettingsProblemCode } from '../contract/settings-problem.ts'

/** A settings file larger than this is not one: 1 MiB holds some 20,000 rules. */
export const MAX_FILE_BYTES = 1_048_576
const MAX_DEPTH = 16
const MAX_ALIASES = 100
const MAX_NODES = 200_000
const MAX_SYNTAX_ERRORS = 20

export interface Place {
  readonly line: number
  readonly column: number
  /** As written, shortened to one line. */
  readonly text: string
}

export interface YamlSource {
  /** Plain maps without prototype, lists, text, numbers, true/false, null. undefined when nothing could be read. */
  readonly value: unknown
  readonly problems: readonly SettingsProblem[]
  /** Where the value at a dotted path stands; undefined when it is not written in the file. */
  placeOf(path: string): Place | undefined
  placeOfKey(path: string): Place | undefined
}

export function dotted(path: readonly PropertyKey[]): string {
  let text = ''
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : text === '' ? String(part) : `.${String(part)}`
  return text
}

export function readYaml(bytes: Uint8Array, file: string): YamlSource {
  return new Reader(file).read(bytes)
}

const guessing: ReadonlySet<SettingsProblemCode> = new Set(['yaml-syntax', 'yaml-tab', 'yaml-too-deep', 'yaml-many-documents'])

class Reader implements YamlSource {
  value: unknown = undefined
  readonly problems: SettingsProblem[] = []
  readonly #file: string
  readonly #values = new Map<string, Place>()
  readonly #keys = new Map<string, Place>()
  readonly #lines = new LineCounter()
  #text = ''
  #document: Document.Parsed | null = null
  #nodes = 0
  #aliases = 0

  constructor(file: string) {
    this.#file = file
  }

  placeOf(path: string): Place | undefined {
    return this.#values.get(path)
  }

  placeOfKey(path: string): Place | undefined {
    return this.#keys.get(path)
  }

  read(bytes: Uint8Array): this {
    if (bytes.byteLength > MAX_FILE_BYTES) {
      this.#addAt('file-too-large', 0, '', `has ${bytes.byteLength} bytes`, 'at most 1 MiB', 'is this the right file?')
      return this
    }
    const text = this.#decoded(bytes)
    if (text === null) return this
    this.#text = text
    if (!this.#plainCharacters(text)) return this
    try {
      this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, version: '1.2', stringKeys: true, uniqueKeys: false, logLevel: 'error', resolveKnownTags: false })
    } catch {
      this.#addAt('yaml-too-deep', 0, '', 'is nested too deeply to be read', `at most ${MAX_DEPTH} levels`)
      return this
    }
    this.#syntax(this.#document)
    const root = this.#document.contents
    if (root === null || (isScalar(root) && root.value === null)) {
      if (this.problems.length === 0) this.#addAt('file-empty', 0, '', 'holds no settings', '', 'write at least two lines: "listen: 127.0.0.1:8080" and "origin: http://127.0.0.1:8090"')
      return this
    }
    const value = this.#plain(root, [], new Set())
    // After these the rest was read by guessing, or not at all: complaints about its values would mislead.
    if (!this.problems.some((problem) => guessing.has(problem.code)) && this.#aliases <= MAX_ALIASES && this.#nodes <= MAX_NODES) this.value = value
    return this
  }

  #decoded(bytes: Uint8Array): string | null {
    const [a, b] = bytes
    if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
      this.#addAt('not-utf8', 0, '', 'is UTF-16', 'UTF-8', 'save it as UTF-8 (in Windows Notepad: Save as, Encoding UTF-8)')
      return null
    }
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch {
      const lenient = new TextDecoder('utf-8').decode(bytes)
      const before = lenient.slice(0, Math.max(0, lenient.indexOf('\uFFFD'))).split('\n')
      this.#add('error', 'not-utf8', before.length, before.at(-1)!.length + 1, '', '', 'is not UTF-8 text', 'UTF-8', 'convert it: iconv -f ISO-8859-1 -t UTF-8 OLD > NEW')
      return null
    }
  }

  #plainCharacters(text: string): boolean {
    // eslint-disable-next-line no-control-regex -- finding them is the purpose
    const control = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u0084\u0086-\u009F]/.exec(text)
    const hidden = /[\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u2069\uFEFF]/.exec(text)
    for (const [found, severity, code] of [[control, 'error', 'control-character'], [hidden, 'warning', 'invisible-character']] as const) {
      if (found === null) continue
      const before = text.slice(0, found.index).split('\n')
      const name = `U+${found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
      this.#add(severity, code, before.length, before.at(-1)!.length + 1, '', name, `holds the character ${name}, which cannot be seen`, '', 'delete it: type this line again by hand')
    }
    return control === null
  }

  #syntax(document: Document.Parsed): void {
    const exhausted = document.errors.find((error) => error.code === 'RESOURCE_EXHAUSTION')
    const linesWithError = new Set<number>()
    for (const error of exhausted === undefined ? [...document.errors, ...document.warnings] : [exhausted]) {
      const [start] = error.pos
      // The first complaint about a line is the one that helps; the others follow from it.
      const { line } = this.#lines.linePos(start)
      if (linesWithError.has(line) || linesWithError.size >= MAX_SYNTAX_ERRORS) continue
      if (error.code === 'MULTIPLE_DOCS') this.#addAt('yaml-many-documents', start, '', 'holds more than one document', 'one document', 'remove the line "---" and what follows, or merge it')
      else if (error.code === 'TAB_AS_INDENT') this.#addAt('yaml-tab', start, '', 'has a tab as indentation', 'spaces', 'replace each tab with two spaces')
      else if (error.code === 'TAG_RESOLVE_FAILED' || error.code === 'BAD_COLLECTION_TYPE') continue // reported as yaml-tag where the value stands
      else if (error.code === 'RESOURCE_EXHAUSTION') this.#addAt('yaml-too-deep', start, '', 'is nested too deeply to be read', `at most ${MAX_DEPTH} levels`)
      else {
        this.#addAt('yaml-syntax', start, '', `is not YAML: ${plainWords(error)}`, '', this.#syntaxMend(error))
        linesWithError.add(line)
      }
    }
    if (document.directives.yaml.explicit || Object.keys(document.directives.tags).length > 1) {
      this.#addAt('yaml-directive', Math.max(0, this.#text.search(/^%/m)), '', 'starts with a directive (a line with %)', '', 'remove that line')
    }
  }

  #syntaxMend(error: YAMLError): string {
    const line = this.#lineAt(error.pos[0])
    if (/\[[0-9a-fA-F]*:[0-9a-fA-F:.]*\]/.test(line)) return 'an IPv6 address with a port must stand in quotes: "[::1]:8080"'
    if (/:\s+[`@%*&!]/.test(line)) return 'text that starts with * & ! @ ` or % must stand in quotes'
    if (error.code === 'BLOCK_AS_IMPLICIT_KEY' || error.code === 'MULTILINE_IMPLICIT_KEY') return 'put text that holds ": " in quotes, and check that the lines around are indented alike'
    if (error.code === 'BAD_INDENT' || error.code === 'UNEXPECTED_TOKEN') return 'check the indentation (two spaces per level) and that every bracket and quote is closed'
    if (error.code === 'MISSING_CHAR') return 'close the quote or bracket; it was opened on this line or above'
    return ''
  }

  #plain(node: Node | null, path: readonly PropertyKey[], above: ReadonlySet<Node>): unknown {
    const at = dotted(path)
    if (node === null) return null
    if (node.range) this.#values.set(at, this.#place(node.range[0], node.range[1]))
    if (++this.#nodes > MAX_NODES) {
      if (this.#nodes === MAX_NODES + 1) this.#addNode('yaml-alias', node, path, 'grows too large when its aliases are filled in', `at most ${MAX_NODES} values`)
      return null
    }
    if (path.length > MAX_DEPTH) {
      this.#addNode('yaml-too-deep', node, path.slice(0, 3), 'is nested too deeply', `at most ${MAX_DEPTH} levels`)
      return null
    }
    if (isAlias(node)) return this.#aliased(node, path, above)
    if (node.tag !== undefined) this.#addNode('yaml-tag', node, path, `has the YAML tag ${node.tag.replace('tag:yaml.org,2002:', '!!')}; tags are not read here`, '', 'remove the tag, or put the text in quotes')
    if (isMap<ParsedNode, Node | null>(node)) return this.#map(node.items, path, new Set([...above, node]))
    if (isSeq<Node | null>(node)) {
      const inside = new Set([...above, node])
      return node.items.map((item, i) => this.#plain(item, [...path, i], inside))
    }
    return isScalar(node) ? node.value : null
  }

  #map(items: ReadonlyArray<{ key: ParsedNode; value: Node | null }>, path: readonly PropertyKey[], above: ReadonlySet<Node>): Record<string, unknown> {
    // Without prototype: a key "__proto__" is a key like any other, and unknown.
    const map: Record<string, unknown> = Object.create(null) as Record<string, unknown>
    const firstAt = new Map<string, number>()
    for (const { key: keyNode, value } of items) {
      if (!isScalar(keyNode)) {
        this.#addNode('yaml-syntax', keyNode, path, 'has a key that is not plain text')
        continue
      }
      const key = String(keyNode.value)
      const here = [...path, key]
      const place = this.#place(keyNode.range[0], keyNode.range[1])
      if (keyNode.tag !== undefined) this.#addNode('yaml-tag', keyNode, here, 'has a YAML tag; tags are not read here', '', 'remove the tag')
      const first = firstAt.get(key)
      if (key === '<<') {
        this.#addNode('yaml-merge-key', keyNode, here, 'is a YAML merge key, which is not read here', '', 'write the settings out in each place')
        continue
      }
      if (first !== undefined) {
        this.#addNode('yaml-duplicate-key', keyNode, here, `is given twice; first on line ${first}`, '', 'keep one of the two')
        continue
      }
      firstAt.set(key, place.line)
      this.#keys.set(dotted(here), place)
      map[key] = this.#plain(value, here, above)
    }
    return map
  }

  #aliased(node: Node, path: readonly PropertyKey[], above: ReadonlySet<Node>): unknown {
    if (!isAlias(node)) return null
    if (++this.#aliases > MAX_ALIASES) {
      if (this.#aliases === MAX_ALIASES + 1) this.#addNode('yaml-alias', node, path, 'there are too many aliases', `at most ${MAX_ALIASES}`)
      return null
    }
    const target = node.resolve(this.#document!)
    if (target === undefined) {
      this.#addNode('yaml-alias', node, path, `refers to the anchor &${node.source}, which does not exist`, '', `if the text itself is meant, put it in quotes: "*${node.source}"`)
      return null
    }
    if (above.has(target)) {
      this.#addNode('yaml-alias', node, path, 'contains itself')
      return null
    }
    const value = this.#plain(target, path, above)
    if (node.range) this.#values.set(dotted(path), this.#place(node.range[0], node.range[1]))
    return value
  }

  #place(start: number, end: number): Place {
    const { line, col } = this.#lines.linePos(start)
    return { line, column: col, text: oneLine(this.#text.slice(start, Math.min(end, start + 200))) }
  }

  #lineAt(offset: number): string {
    const start = this.#text.lastIndexOf('\n', Math.max(0, offset - 1)) + 1
    const end = this.#text.indexOf('\n', offset)
    return this.#text.slice(start, Math.min(end === -1 ? this.#text.length : end, start + 200))
  }

  #addNode(code: SettingsProblemCode, node: Node, path: readonly PropertyKey[], message: string, allowed = '', mend = ''): void {
    const { line, column, text } = this.#place(node.range?.[0] ?? 0, node.range?.[1] ?? 0)
    this.#add('error', code, line, column, dotted(path), text, message, allowed, mend)
  }

  #addAt(code: SettingsProblemCode, offset: number, path: string, message: string, allowed = '', mend = ''): void {
    const whole = code.startsWith('file-') || (code === 'yaml-too-deep' && offset === 0) || (code === 'not-utf8' && offset === 0)
    const { line, col } = whole ? { line: 0, col: 0 } : this.#lines.linePos(Math.min(offset, this.#text.length))
    this.#add('error', code, line, col, path, whole ? '' : oneLine(this.#lineAt(offset).trim()), message, allowed, mend)
  }

  #add(severity: 'error' | 'warning', code: SettingsProblemCode, line: number, column: number, path: string, value: string, message: string, allowed: string, mend: string): void {
    this.problems.push({ severity, code, file: this.#file, line, column, path, value, message, allowed, mend })
  }
}

/** User names and passwords inside URLs are never repeated in a message. */
function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll(/\/\/[^/@\s]*@/g, '//***@').trim()
  return line.length > 60 ? `${line.slice(0, 57)}...` : line
}

function plainWords(error: YAMLError): string {
  const message = error.message.split('\n')[0]!
  return message.charAt(0).toLowerCase() + message.slice(1)
}

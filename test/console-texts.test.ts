/** Every word that the console shows stands in console/src/texts.ts, so that a translation is one file: what a page says by itself is found here. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseSync } from 'vite'

const source = join(import.meta.dirname, '../console/src')
/** The texts themselves, and units and names of languages that are the same in every text. */
const exempt: ReadonlySet<string> = new Set(['texts.ts', 'format.ts'])

interface Node {
  readonly type: string
  readonly start: number
  readonly [field: string]: unknown
}

/** Of elements of HTML and SVG: what a person sees or hears. Of components of ours any text is, but for these. */
const seenAttributes: ReadonlySet<string> = new Set(['aria-label', 'aria-description', 'aria-roledescription', 'aria-valuetext', 'title', 'placeholder', 'alt', 'label', 'summary'])
const technicalProps: ReadonlySet<string> = new Set(['class', 'name', 'id', 'type', 'key', 'defaultValue', 'value', 'at', 'kind', 'unit', 'format', 'tone', 'code', 'room', 'href', 'autoComplete', 'autocomplete', 'inputMode', 'inputmode', 'autocapitalize', 'min', 'max', 'step', 'language', 'place'])
const word = /\p{L}{2,}/u
/** Two words in a row: a sentence, wherever it stands. Lists of class names and the like are lower case without any mark. */
const sentence = /\p{L}[\p{L}’']*[,;:]? \p{L}/u

/** `line: text` of what a file shows without texts.ts. */
function ownWords(file: string, text: string): string[] {
  const found: string[] = []
  const told = new Set<number>()
  const tell = (node: Node, what: string): void => {
    if (told.has(node.start)) return
    told.add(node.start)
    found.push(`${file}:${text.slice(0, node.start).split('\n').length}: ${what.trim()}`)
  }
  const textOf = (node: Node): string => node.type === 'Literal' ? (typeof node['value'] === 'string' ? node['value'] : '') : node.type === 'TemplateElement' ? ((node['value'] as { cooked?: string }).cooked ?? '') : node.type === 'JSXText' ? (node['value'] as string) : ''
  const childrenOf = (node: Node): Node[] => Object.entries(node).filter(([field]) => !['typeAnnotation', 'typeArguments', 'typeParameters', 'returnType'].includes(field)).flatMap(([, value]) => (Array.isArray(value) ? value : [value])).filter((one): one is Node => typeof one === 'object' && one !== null && typeof (one as Node).type === 'string')
  /** What an expression comes to, as far as it is written here: both sides of a choice, the parts of a template. */
  const results = (node: Node): Node[] => {
    switch (node.type) {
      case 'Literal': case 'TemplateElement': return [node]
      case 'TemplateLiteral': return [...(node['quasis'] as Node[]), ...(node['expressions'] as Node[]).flatMap(results)]
      case 'ConditionalExpression': return [...results(node['consequent'] as Node), ...results(node['alternate'] as Node)]
      case 'LogicalExpression': return [...results(node['left'] as Node), ...results(node['right'] as Node)]
      case 'BinaryExpression': return node['operator'] === '+' ? [...results(node['left'] as Node), ...results(node['right'] as Node)] : []
      case 'ParenthesizedExpression': case 'TSAsExpression': case 'TSNonNullExpression': return results(node['expression'] as Node)
      default: return []
    }
  }
  const shown = (node: Node): void => {
    for (const one of results(node)) if (word.test(textOf(one))) tell(one, textOf(one))
  }
  const visit = (node: Node, quiet: boolean): void => {
    if (node.type === 'ImportDeclaration' || node.type === 'TSTypeAliasDeclaration' || node.type === 'TSInterfaceDeclaration' || node.type.startsWith('TSType')) return
    let below = quiet
    if (node.type === 'JSXText' && word.test(textOf(node))) tell(node, textOf(node))
    if (node.type === 'JSXElement' || node.type === 'JSXFragment') {
      for (const child of node['children'] as Node[]) if (child.type === 'JSXExpressionContainer') shown(child['expression'] as Node)
    }
    if (node.type === 'JSXOpeningElement') {
      const name = (node['name'] as { name?: string }).name ?? 'Component'
      const ours = /^[A-Z]/.test(name)
      for (const attribute of (node['attributes'] as Node[]).filter(({ type }) => type === 'JSXAttribute')) {
        const attributeName = String((attribute['name'] as { name: unknown }).name)
        const value = attribute['value'] as Node | null
        const seen = ours ? !technicalProps.has(attributeName) && !attributeName.startsWith('data-') && !attributeName.startsWith('on') : seenAttributes.has(attributeName)
        if (value !== null && seen) shown(value.type === 'JSXExpressionContainer' ? (value['expression'] as Node) : value)
      }
    }
    // Class names, paths and the like are lists of words too.
    if (node.type === 'JSXAttribute' && !seenAttributes.has(String((node['name'] as { name: unknown }).name))) below = true
    if (node.type === 'JSXExpressionContainer') below = false
    if (!below && (node.type === 'Literal' || node.type === 'TemplateElement') && sentence.test(textOf(node)) && /[A-Z.!?’…]/.test(textOf(node))) tell(node, textOf(node))
    for (const child of childrenOf(node)) visit(child, below)
  }
  const { program, errors } = parseSync(file, text)
  assert.deepEqual(errors, [], file)
  visit(program as unknown as Node, false)
  return found
}

test('no view, part or chart of the console says a word that is not in texts.ts', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts') && !name.includes('.test.') && !exempt.has(name))
  assert.ok(files.length > 30, 'the source of the console is found')
  assert.deepEqual(files.flatMap((name) => ownWords(name, readFileSync(join(source, name), 'utf8'))), [])
})

test('a word written in a view is found, wherever it stands', () => {
  const words = (tsx: string): string[] => ownWords('view.tsx', tsx).map((line) => line.replace(/^view\.tsx:\d+: /, ''))
  assert.deepEqual(words('const a = <p class="muted">Visitors are served</p>'), ['Visitors are served'])
  assert.deepEqual(words('const a = <p>{texts.a} of {n}</p>'), ['of'])
  assert.deepEqual(words('const a = <button aria-label="Close" title={`Close ${name}`}>x</button>'), ['Close', 'Close'])
  assert.deepEqual(words('const a = <p>{ok ? "yes" : texts.no}</p>'), ['yes'])
  assert.deepEqual(words('const a = <p>{n + " rows"}</p>'), ['rows'])
  assert.deepEqual(words('const a = <Field name="why" label="Why" maxLength={300} />'), ['Why'])
  assert.deepEqual(words('tell("trouble", "That could not be done.")'), ['That could not be done.'])
  assert.deepEqual(words('const a = <p class={open ? "is open" : "row"} data-rule="r">{texts.a} {count(n)} · <b>{rule.id}</b></p>; const path = "main .loading"; fetch("record/incident/show")'), [])
})

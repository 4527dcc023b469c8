/**
 * One pass over an HTML or XML text: every tag with its attributes, values decoded, and where each value stands in the text, so that a link can be read
 * or replaced without touching anything around it. The only file that knows htmlparser2 (its tokenizer, which follows the HTML standard's states).
 */
import { QuoteType, Tokenizer, type TokenizerCallbacks } from 'htmlparser2'

export interface HtmlAttribute {
  readonly name: string
  /** Entities decoded. */
  readonly value: string
  /** Of the raw value in the text, quotes included; `from` -1 for an attribute without a value. */
  readonly from: number
  readonly to: number
}

export interface HtmlTag {
  /** Lower case. */
  readonly name: string
  readonly attributes: readonly HtmlAttribute[]
  /** Of the whole tag, `<` to behind `>`. */
  readonly from: number
  readonly to: number
}

export interface HtmlSink {
  onTag?(tag: HtmlTag): void
  onClose?(name: string, from: number): void
  /** Text between two tags, in one or more pieces; entities are not decoded. Of style and script too (`inside`: the last open tag's name). */
  onText?(text: string, from: number, inside: string): void
  /** A character that the text wrote as an entity. */
  onEntity?(char: string): void
}

const ATTRIBUTES_AT_MOST = 256

export function passOverHtml(text: string, sink: HtmlSink, xml = false): void {
  let tagName = ''
  let tagFrom = 0
  let attributes: HtmlAttribute[] = []
  let attribute = ''
  let value = ''
  let nameEnd = 0
  let rawText = ''

  const endTag = (end: number): void => {
    sink.onTag?.({ name: tagName, attributes, from: tagFrom, to: end + 1 })
    rawText = tagName
    attributes = []
  }
  const callbacks: TokenizerCallbacks = {
    onopentagname(start, end) {
      tagName = lower(text.slice(start, end), xml)
      tagFrom = start - 1
      attributes = []
    },
    onattribname(start, end) {
      attribute = lower(text.slice(start, end), xml)
      value = ''
      nameEnd = end
    },
    onattribdata(start, end) {
      value += text.slice(start, end)
    },
    onattribentity(codepoint) {
      value += String.fromCodePoint(codepoint)
    },
    onattribend(quote, end) {
      if (attributes.length >= ATTRIBUTES_AT_MOST) return
      if (quote === QuoteType.NoValue) attributes.push({ name: attribute, value: '', from: -1, to: -1 })
      else attributes.push({ name: attribute, value, from: valueStart(text, nameEnd), to: end })
    },
    onopentagend: endTag,
    onselfclosingtag: endTag,
    onclosetag(start, end) {
      rawText = ''
      sink.onClose?.(lower(text.slice(start, end), xml), start - 2)
    },
    ontext(start, end) {
      sink.onText?.(text.slice(start, end), start, rawText)
    },
    ontextentity(codepoint) {
      sink.onEntity?.(String.fromCodePoint(codepoint))
    },
    oncdata(start, end, endOffset) {
      if (xml) sink.onText?.(text.slice(start, end - endOffset), start, rawText)
    },
    oncomment() {},
    ondeclaration() {},
    onprocessinginstruction() {},
    onend() {},
  }
  const tokenizer = new Tokenizer({ xmlMode: xml, decodeEntities: true }, callbacks)
  tokenizer.write(text)
  tokenizer.end()
}

/** Behind the equals sign and the white space around it; at the opening quote when there is one. */
function valueStart(text: string, nameEnd: number): number {
  let at = text.indexOf('=', nameEnd) + 1
  while (isSpace(text.charCodeAt(at))) at++
  return at
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d || code === 0x0c
}

function lower(name: string, xml: boolean): string {
  return xml && name.includes(':') ? name.slice(name.indexOf(':') + 1).toLowerCase() : name.toLowerCase()
}

/** The value of an attribute, or ''. */
export function attributeOf(tag: HtmlTag, name: string): string {
  for (const one of tag.attributes) if (one.name === name) return one.value
  return ''
}

export function hasAttribute(tag: HtmlTag, name: string): boolean {
  return tag.attributes.some((one) => one.name === name)
}

/** Pieces of a text to put in place of others. Spans must not overlap; order does not matter. */
export class Replacements {
  readonly #list: Array<{ readonly from: number; readonly to: number; readonly by: string }> = []

  add(from: number, to: number, by: string): void {
    this.#list.push({ from, to, by })
  }

  applyTo(text: string): string {
    if (this.#list.length === 0) return text
    const sorted = this.#list.toSorted((a, b) => a.from - b.from)
    const parts: string[] = []
    let at = 0
    for (const { from, to, by } of sorted) {
      if (from < at) continue
      parts.push(text.slice(at, from), by)
      at = to
    }
    parts.push(text.slice(at))
    return parts.join('')
  }
}

/**
 * The tags of an HTML text, one after the other: names and places, nothing else. Follows the states of the HTML standard as far as they decide where a tag
 * begins and ends (13.2.5): quoted values, comments, and elements whose content is text. One pass, no regular expression, nothing kept.
 */
export interface TagPlace {
  /** Lower case. */
  name: string
  isEnd: boolean
  /** Of `<`. */
  from: number
  /** Behind the name. */
  nameTo: number
  /** Behind `>`. */
  to: number
}

const TEXT_ONLY: ReadonlySet<string> = new Set(['script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes'])

export class HtmlTags {
  readonly #text: string
  #at = 0
  /** The same object for every tag. */
  readonly tag: TagPlace = { name: '', isEnd: false, from: 0, nameTo: 0, to: 0 }

  constructor(text: string) {
    this.#text = text
  }

  /** False: no more. */
  next(): boolean {
    const text = this.#text
    for (;;) {
      const from = text.indexOf('<', this.#at)
      if (from === -1 || from + 1 >= text.length) return false
      const code = text.charCodeAt(from + 1)
      if (code === 0x21 || code === 0x3f) {
        this.#at = skipDeclaration(text, from)
        continue
      }
      const isEnd = code === 0x2f
      const nameFrom = from + (isEnd ? 2 : 1)
      if (!isLetter(text.charCodeAt(nameFrom))) {
        this.#at = from + 1
        continue
      }
      let nameTo = nameFrom
      while (nameTo < text.length && !endsName(text.charCodeAt(nameTo))) nameTo++
      const to = tagEnd(text, nameTo)
      if (to === -1) return false
      const { tag } = this
      tag.name = text.slice(nameFrom, nameTo).toLowerCase()
      tag.isEnd = isEnd
      tag.from = from
      tag.nameTo = nameTo
      tag.to = to
      this.#at = !isEnd && TEXT_ONLY.has(tag.name) ? textEnd(text, to, tag.name) : to
      return true
    }
  }
}

function skipDeclaration(text: string, from: number): number {
  if (text.startsWith('<!--', from)) {
    const end = text.indexOf('-->', from + 2)
    return end === -1 ? text.length : end + 3
  }
  const end = text.indexOf('>', from)
  return end === -1 ? text.length : end + 1
}

/** Behind the tag's `>`; -1 when there is none. A quote counts only where a value begins. */
function tagEnd(text: string, at: number): number {
  let valueMayBegin = false
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === 0x3e) return at + 1
    if (valueMayBegin && (code === 0x22 || code === 0x27)) {
      at = text.indexOf(text[at], at + 1)
      if (at === -1) return -1
      valueMayBegin = false
    } else if (code === 0x3d) valueMayBegin = true
    else if (!isSpace(code)) valueMayBegin = false
    at++
  }
  return -1
}

/** Of the end tag that closes an element whose content is text. */
function textEnd(text: string, from: number, name: string): number {
  for (let at = text.indexOf('</', from); at !== -1; at = text.indexOf('</', at + 2)) {
    if (text.substr(at + 2, name.length).toLowerCase() === name && endsName(text.charCodeAt(at + 2 + name.length))) return at
  }
  return text.length
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d || code === 0x0c
}

function endsName(code: number): boolean {
  return isSpace(code) || code === 0x2f || code === 0x3e || Number.isNaN(code)
}

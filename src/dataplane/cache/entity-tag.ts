/** Entity tags (RFC 9110 section 8.8.3). A tag without quotes, as careless origins write it, is compared as it stands. */

/** Weak comparison (section 8.8.3.2): the opaque parts are equal. */
export function weaklyEqual(a: string, b: string): boolean {
  return opaque(a) === opaque(b)
}

/** Strong comparison: both strong and equal. */
export function stronglyEqual(a: string, b: string): boolean {
  return a === b && !isWeak(a) && a !== ''
}

export function isWeak(tag: string): boolean {
  return tag.startsWith('W/') || tag.startsWith('w/')
}

function opaque(tag: string): string {
  return isWeak(tag) ? tag.slice(2) : tag
}

/** If-None-Match against one tag: `*`, or any member weakly equal. Members are split outside quotes, since a tag may hold commas. */
export function listMatches(list: string, tag: string): boolean {
  if (list.trim() === '*') return true
  if (tag === '') return false
  let quoted = false
  let start = 0
  for (let i = 0; i <= list.length; i++) {
    const c = i === list.length ? 0x2c : list.charCodeAt(i)
    if (c === 0x22) quoted = !quoted
    if (i === list.length || (c === 0x2c && !quoted)) {
      if (weaklyEqual(list.slice(start, i).trim(), tag)) return true
      start = i + 1
    }
  }
  return false
}

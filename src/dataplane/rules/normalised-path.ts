/**
 * The path a lenient origin would most likely understand: percent-encoded bytes decoded once, `//` and dot segments reduced, backslash as slash,
 * path parameters (`;x=1`) cut. Only for matching block rules, never for keys and never forwarded.
 */
export function normalisedPath(path: string): string {
  if (!needsWork(path)) return path
  let text = path.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  text = text.replaceAll('\\', '/').replace(/;[^/]*/g, '')
  const kept: string[] = []
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') kept.pop()
    else kept.push(part)
  }
  const tail = text.endsWith('/') && kept.length > 0 ? '/' : ''
  return `/${kept.join('/')}${tail}`
}

function needsWork(path: string): boolean {
  for (let i = 0; i < path.length; i++) {
    const c = path.charCodeAt(i)
    if (c === 37 || c === 92 || c === 59) return true
    if (c === 47) {
      const next = path.charCodeAt(i + 1)
      if (next === 47 || next === 46) return true
    }
  }
  return false
}

/** Whether an origin might understand the path as one that leaves the folder it names: `/feed/../admin`, however it is written. */
export function climbs(path: string): boolean {
  return (path.includes('..') || path.includes('%')) && climbing.test(path)
}

const climbing = /(?:\/|\\|%2f|%5c)(?:\.|%2e){2}(?:;|%3b|\/|\\|%2f|%5c|$)/i

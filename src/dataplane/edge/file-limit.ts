import { readFileSync } from 'node:fs'

/** Files this process may have open (Node raises the soft limit to the hard one at start), or Infinity where the system does not say. */
export function openFileLimit(): number {
  let text: string
  try {
    text = readFileSync('/proc/self/limits', 'latin1')
  } catch {
    return Number.POSITIVE_INFINITY
  }
  const match = /^Max open files\s+(\d+)/m.exec(text)
  return match === null ? Number.POSITIVE_INFINITY : Number(match[1])
}

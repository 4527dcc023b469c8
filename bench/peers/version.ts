import { ChildGroup } from '../measure/child-group.ts'

/** The version a program says it has, or null when it cannot be run. Some say it with an exit code of 1 (wrk). */
export async function versionOf(program: string, args: readonly string[], pattern: RegExp): Promise<string | null> {
  const group = new ChildGroup(program, args)
  const limit = setTimeout(() => void group.end('SIGKILL'), 10_000)
  const code = await group.ended
  clearTimeout(limit)
  return code === 127 ? null : (pattern.exec(group.out + group.err)?.[1] ?? null)
}

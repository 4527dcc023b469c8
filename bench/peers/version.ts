import { runProgram } from '../measure/child-group.ts'

/** The version a program says it has, or null when it cannot be run. */
export async function versionOf(program: string, args: readonly string[], pattern: RegExp): Promise<string | null> {
  try {
    const { out, err } = await runProgram(program, args, 10_000)
    return pattern.exec(out + err)?.[1] ?? 'unknown'
  } catch {
    return null
  }
}

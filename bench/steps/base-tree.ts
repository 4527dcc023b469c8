/** Another state of the repository in a folder of its own (git worktree), with this tree's node_modules, removed afterwards. */
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '../command-line.ts'
import { runProgram } from '../measure/child-group.ts'

/** @throws UsageError when the ref is unknown or its tree has no steps to measure. */
export async function withBase(root: string, ref: string, act: (tree: string) => Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'polder-base-'))
  const tree = join(parent, 'tree')
  try {
    await runProgram('git', ['worktree', 'add', '--detach', '--quiet', tree, ref], 60_000, { cwd: root }).catch((error: Error) => {
      throw new UsageError(`--compare ${ref}: ${error.message.split('\n').at(-2) ?? error.message}`)
    })
    if (!existsSync(join(tree, 'bench/steps/measure-steps.ts'))) throw new UsageError(`--compare ${ref}: has no steps to measure (bench/steps/measure-steps.ts)`)
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
    await act(tree)
  } finally {
    await runProgram('git', ['worktree', 'remove', '--force', tree], 60_000, { cwd: root }).catch(() => undefined)
    rmSync(parent, { recursive: true, force: true })
  }
}

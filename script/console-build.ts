/**
 * Builds the console's browser files (console/ → src/surfaces/console/assets/, or the folder given as first argument). They are committed: a shield
 * needs no build. The folder is flat; index.html names its files as /assets/NAME-HASH.ext. Same sources, same bytes.
 */
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'vite'

const root = join(import.meta.dirname, '..')
export const builtFolder = join(root, 'src/surfaces/console/assets')

export async function buildConsole(outDir: string): Promise<void> {
  rmSync(outDir, { recursive: true, force: true })
  await build({
    configFile: false,
    root: join(root, 'console'),
    base: '/assets/',
    mode: 'production',
    logLevel: 'warn',
    publicDir: false,
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir,
      emptyOutDir: true,
      assetsDir: '',
      // The policy of the page allows no data: address.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: ['chrome120', 'firefox121', 'safari17'],
      reportCompressedSize: false,
      sourcemap: false,
    },
  })
}

if (import.meta.main) await buildConsole(process.argv[2] === undefined ? builtFolder : resolve(process.argv[2]))

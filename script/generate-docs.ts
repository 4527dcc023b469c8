import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { generatedFiles } from '../src/config/manual.ts'

const onlyCheck = process.argv.includes('--check')
for (const { path, make } of generatedFiles) {
  const text = make()
  let old = ''
  try {
    old = readFileSync(path, 'utf8')
  } catch {
    // not made yet
  }
  if (old === text) continue
  if (onlyCheck) {
    console.error(`${path} is out of date: run script/generate-docs`)
    process.exitCode = 1
    continue
  }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  console.log(`wrote ${path}`)
}

/** A STIX bundle against the schemas of OASIS (test/data/stix-schemas). */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { tlpMarkings } from '../../../contract/incident.ts'
import type { StixBundle } from './stix-bundle.ts'
import { tlpMarking } from './tlp-markings.ts'

const folder = join(import.meta.dirname, '../../../../test/data/stix-schemas')
const validators = loadValidators()

function loadValidators(): Map<string, ValidateFunction> {
  // The schemas write `\-` outside a class, which a regular expression with the flag u does not allow.
  const ajv = new Ajv2020({ strict: false, allErrors: true, unicodeRegExp: false, validateFormats: false })
  ajv.addMetaSchema(JSON.parse(readFileSync(join(import.meta.dirname, '../../../../node_modules/ajv/dist/refs/json-schema-draft-07.json'), 'utf8')))
  const files = new Map(globSync('*/*.json', { cwd: folder }).map((file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, any>]))
  // STIX 2.1, 4.6: the standard has the type incident; the schemas of 2020 had not yet.
  const core = files.get('common/core.json')!
  assert.deepEqual(core['properties'].type.not.enum, ['incident', 'action'])
  core['properties'].type.not.enum = ['action']
  for (const schema of files.values()) ajv.addSchema(schema)
  const found = new Map<string, ValidateFunction>()
  for (const [file, schema] of files) if (!file.startsWith('common/')) found.set(schema['title'], ajv.getSchema(schema['$id'])!)
  return found
}

/** Schema of its type, and what the schemas cannot say: references, times, markings. @throws AssertionError */
export function assertValidStix(bundle: StixBundle): void {
  assert.equal(bundle.type, 'bundle')
  assert.match(bundle.id, /^bundle--[0-9a-f-]{36}$/)
  const ids = new Set(bundle.objects.map((one) => one.id))
  assert.equal(ids.size, bundle.objects.length, 'an id is used twice')
  for (const object of bundle.objects) {
    if (object.type === 'marking-definition') {
      assert.deepEqual(object, tlpMarking(tlpMarkings.find((one) => tlpMarking(one).id === object.id)!))
      continue
    }
    const validate = validators.get(object.type)
    assert.ok(validate !== undefined, `no schema for ${object.type}`)
    assert.ok(validate(object), `${object.type}: ${JSON.stringify(validate.errors)}\n${JSON.stringify(object, null, 1)}`)
    for (const [name, value] of Object.entries(object)) {
      if (name.endsWith('_ref')) assert.ok(ids.has(value as string), `${object.id}.${name} points nowhere`)
      if (name.endsWith('_refs')) for (const one of value as string[]) assert.ok(ids.has(one), `${object.id}.${name} points nowhere`)
    }
    for (const [first, last] of [['created', 'modified'], ['first_observed', 'last_observed'], ['first_seen', 'last_seen'], ['start', 'end']] as const) {
      if (object[first] !== undefined && object[last] !== undefined) assert.ok((object[first] as string) <= (object[last] as string), `${object.id}: ${last} before ${first}`)
    }
    if (object['valid_until'] !== undefined) assert.ok((object['valid_from'] as string) < (object['valid_until'] as string))
  }
}

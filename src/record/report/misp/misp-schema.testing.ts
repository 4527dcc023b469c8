/** A MISP event against MISP's own schema (test/data/misp-schema), and what its stricter form knows. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import type { MispEvent } from './misp-event.ts'

const schema = withoutDraft4Ids(JSON.parse(readFileSync(join(import.meta.dirname, '../../../../test/data/misp-schema/schema.json'), 'utf8'))) as Record<string, unknown>
delete schema['$schema']
export const validateMisp = new Ajv({ strict: false, allErrors: true }).compile(schema)

/** In draft 4 `id` names a schema; nothing refers to these names, and today's validator refuses the word. */
function withoutDraft4Ids(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutDraft4Ids)
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(Object.entries(schema).filter(([name, value]) => name !== 'id' || typeof value !== 'string').map(([name, value]) => [name, withoutDraft4Ids(value)]))
}

/** What MISP's stricter schema (format 2.5) knows of an event, an attribute, a tag. */
const eventProperties = new Set(['id', 'orgc_id', 'org_id', 'date', 'extends_uuid', 'threat_level_id', 'info', 'published', 'uuid', 'attribute_count', 'analysis', 'timestamp', 'first_publication', 'distribution', 'proposal_email_lock', 'locked', 'publish_timestamp', 'sharing_group_id', 'disable_correlation', 'event_creator_email', 'Org', 'Orgc', 'SharingGroup', 'Attribute', 'ShadowAttribute', 'RelatedEvent', 'Galaxy', 'Object', 'Tag'])
const attributeProperties = new Set(['id', 'old_id', 'type', 'category', 'to_ids', 'uuid', 'event_id', 'event_uuid', 'distribution', 'timestamp', 'first_seen', 'last_seen', 'comment', 'sharing_group_id', 'deleted', 'disable_correlation', 'value', 'data', 'object_relation', 'object_id', 'SharingGroup', 'ShadowAttribute', 'Sighting', 'Galaxy', 'Tag'])
/** Categories that the MISP core format allows for the types used. */
const categoryOf: Readonly<Record<string, string>> = { AS: 'Network activity', datetime: 'Other', text: 'Other', comment: 'Other', 'pattern-in-traffic': 'Network activity', 'user-agent': 'Network activity', 'ip-src': 'Network activity' }

/** @throws AssertionError */
export function assertValidMisp(event: MispEvent): void {
  assert.ok(validateMisp(event), JSON.stringify(validateMisp.errors))
  for (const name of Object.keys(event.Event)) assert.ok(eventProperties.has(name), name)
  const uuids = new Set<string>()
  for (const attribute of event.Event.Attribute) {
    for (const name of Object.keys(attribute)) assert.ok(attributeProperties.has(name), name)
    assert.equal(attribute.category, categoryOf[attribute.type], attribute.type)
    assert.notEqual(attribute.value.trim(), '')
    assert.match(attribute.uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    uuids.add(attribute.uuid)
  }
  assert.equal(uuids.size, event.Event.Attribute.length)
  assert.match(event.Event['timestamp'] as string, /^\d{10}$/)
  assert.equal(typeof (event.Event['Orgc'] as { uuid: string }).uuid, 'string')
}

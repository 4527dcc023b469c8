import { nameUuid } from '../name-uuid.ts'

/** For observables alone, so that everybody gives the same thing the same id (STIX 2.1, 2.9). */
const STIX_NAMESPACE = '00abedb4-aa42-466c-9c01-fed23315a9b7'

/** `contributing`: the properties that STIX names for the type, as they stand in the object. The name is their JSON in the canonical form of RFC 8785. */
export function observableId(type: string, contributing: Readonly<Record<string, unknown>>): string {
  return `${type}--${nameUuid(STIX_NAMESPACE, canonicalJson(contributing))}`
}

/** RFC 8785 for what stands in our observables: strings, whole numbers, lists, objects with plain names. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object' && value !== null) return `{${Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => `${JSON.stringify(key)}:${canonicalJson(one)}`).join(',')}}`
  return JSON.stringify(value)
}

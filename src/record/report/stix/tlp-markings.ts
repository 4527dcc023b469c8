import type { TlpMarking } from '../../../contract/incident.ts'

/** TLP 2.0 as OASIS publishes it for STIX 2.1 (cti-stix-common-objects, extension-definition-specifications/tlp-2.0): ids and dates are fixed, never made up. */
const TLP_EXTENSION = 'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d'
const TLP_CREATED = '2022-10-01T00:00:00.000Z'

const ids: Readonly<Record<TlpMarking, string>> = Object.freeze({
  clear: 'marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487',
  green: 'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb',
  amber: 'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421',
  'amber+strict': 'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003',
  red: 'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1',
})

export function tlpMarking(tlp: TlpMarking): { readonly id: string; readonly [key: string]: unknown } {
  return {
    type: 'marking-definition', spec_version: '2.1', id: ids[tlp], created: TLP_CREATED, name: `TLP:${tlp.toUpperCase()}`,
    extensions: { [TLP_EXTENSION]: { extension_type: 'property-extension', tlp_2_0: tlp } },
  }
}

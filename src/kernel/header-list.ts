/**
 * Header fields as one flat list: name, value, name, value, in order of arrival; names in lower case, values without outer white space.
 * A list, not a map: order is a fingerprint, repeats are kept, and no object is made per field.
 */
export type HeaderList = readonly string[]

/** The first value of `name` (lower case), or undefined. */
export function firstValue(headers: HeaderList, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1]
  return undefined
}

/** All values of `name` joined by ", " (RFC 9110 section 5.3), or undefined. Not for set-cookie. */
export function combinedValue(headers: HeaderList, name: string): string | undefined {
  let combined: string | undefined
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === name) combined = combined === undefined ? headers[i + 1] : `${combined}, ${headers[i + 1]}`
  }
  return combined
}

export function hasHeader(headers: HeaderList, name: string): boolean {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return true
  return false
}

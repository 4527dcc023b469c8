/** For a question without fields. */
export type AsksNothing = Readonly<Record<string, never>>

/** Everything a visitor may read on a page of ours. Plain words, no blame, nothing technical; one file per language, so that a native speaker can correct it whole. */
export interface Words {
  /** The language as its readers call it. */
  readonly name: string
  readonly language: string
  readonly code: string
  readonly contact: string
  readonly again: string
  readonly busyTitle: string
  /** Shed: the site is full. */
  readonly busy: string
  readonly downTitle: string
  /** The origin cannot answer. */
  readonly down: string
  readonly refusedTitle: string
  /** A rule of the operator. */
  readonly refused: string
  readonly badTitle: string
  /** A request that cannot be right. */
  readonly bad: string
  readonly checkTitle: string
  /** `{s}` stands for the longest time, written as `5 s` in every language, so that no plural is needed. */
  readonly check: string
  /** Behind `check`, but not where a form could not be kept: there the visitor has something to do. */
  readonly idle: string
  readonly done: string
  readonly go: string
  /** `{s}` as above. */
  readonly nothing: string
  /** A form was sent, and its content waits in the page. */
  readonly kept: string
  /** A form was sent that cannot wait in the page (a file, more than 64 KiB, another site's form). Back is the form as it was written, but for its files. */
  readonly resend: string
  /** Shown once it is known that cookies do not come back. */
  readonly noCookie: string
  /** `{m}` stands for a time such as `30 min`. */
  readonly cookie: string
  readonly roomTitle: string
  /** The waiting room: why there is one. */
  readonly room: string
  /** `{n}` stands for a number, `{t}` for a time such as `30 s` or `5 min`. */
  readonly roomPlace: string
  readonly roomTurn: string
  /** `{m}` stands for a time such as `2 min`. */
  readonly roomKeep: string
}

/** The words a committee's papers are made of. Each list is used in running text: lower case, no full stop. */
export interface Topic {
  readonly id: string;
  readonly name: string;
  readonly committee: string;
  /** Fits "the Act on ...", "report on ...". */
  readonly subjects: readonly string[];
  /** Fits "X said", "according to X". */
  readonly actors: readonly string[];
  /** Fits "recommends that the government ...". */
  readonly measures: readonly string[];
  /** Fits "because ...", "finds that ...". */
  readonly problems: readonly string[];
}

/** One hot step of a request, as something that can be repeated. What it works on is made when the file is loaded, not while it is timed. */
export interface Step {
  readonly name: string
  run(iterations: number): void
}

/** Requests under way in this process, so that a drill can see what a shield lets through. */
export class TrafficMeter {
  #inFlight = 0;
  #peakInFlight = 0;
  #answered = 0;

  begin(): void {
    this.#inFlight += 1;
    if (this.#inFlight > this.#peakInFlight) this.#peakInFlight = this.#inFlight;
  }

  finish(): void {
    this.#inFlight -= 1;
    this.#answered += 1;
  }

  figures(): TrafficFigures {
    return { inFlight: this.#inFlight, peakInFlight: this.#peakInFlight, answered: this.#answered };
  }
}

export interface TrafficFigures {
  readonly inFlight: number;
  /** Most requests at once since the start. */
  readonly peakInFlight: number;
  readonly answered: number;
}

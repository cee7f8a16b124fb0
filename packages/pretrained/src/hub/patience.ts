/** Ends what is waited for when nothing has come for a time. What its taker does in between takes any time. */
export class Patience {
  readonly #abort = new AbortController();
  readonly signal: AbortSignal = this.#abort.signal;

  /** @param within milliseconds */
  constructor(private readonly within: number) {}

  /** The parts of a stream that ends by the signal, as they come. */
  async *of<T>(parts: AsyncIterable<T>): AsyncGenerator<T> {
    let timer = this.#timer();
    try {
      for await (const part of parts) {
        clearTimeout(timer);
        yield part;
        timer = this.#timer();
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #timer(): NodeJS.Timeout {
    const { within } = this;
    return setTimeout(
      () => this.#abort.abort(new Error(`nothing came for ${within / 1000} s`)),
      within,
    );
  }
}

import type { Results, SweepPlan, Trial } from './sweep-plan.ts';
import { readResult, type TrialResult, trialFolder } from './trial-result.ts';

/** What the trials of a folder have come to, read again as processes go on with them. */
export class SweepResults {
  readonly #all = new Map<string, TrialResult>();

  /** @param out the sweep's folder; absent: nothing has been run */
  constructor(
    private readonly plan: SweepPlan,
    private readonly out?: string,
  ) {}

  get all(): Results {
    return this.#all;
  }

  forget(id: string): void {
    this.#all.delete(id);
  }

  /** Reads what has come since. @throws KcrError `STATE_DAMAGED` */
  async read(): Promise<void> {
    // Results of a rung decide which trials the next one has.
    while (await this.#readKnown());
  }

  /** @returns whether there was anything new */
  async #readKnown(): Promise<boolean> {
    if (this.out === undefined) return false;
    const ids = new Set(
      this.plan.slots
        .map((slot) => this.plan.trial(slot, this.#all))
        .filter((trial): trial is Trial => typeof trial === 'object')
        .map(({ id }) => id),
    );
    let found = false;
    for (const id of ids) {
      if (this.#all.has(id)) continue;
      const result = await readResult(trialFolder(this.out, id));
      if (!result) continue;
      this.#all.set(id, result);
      found = true;
    }
    return found;
  }
}

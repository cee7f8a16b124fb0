import { type Outcome, readRaw, writeRaw } from './raw.ts';

/** A part of an experiment that is measured and kept by itself. */
export interface Measurement {
  readonly name: string;
  run(seed: number): Promise<Outcome>;
}

const minutes = (ms: number) => `${Math.round(ms / 60_000)} min`;

/** Says on standard error what is done, and about how long the rest will take. */
export class Progress {
  readonly #started = performance.now();
  #measured = 0;
  #left: number;

  /** @param planned how many units there are, those included that were measured before */
  constructor(planned: number) {
    this.#left = planned;
  }

  /** A unit is done. @param isNew whether it took its time now */
  done(text: string, isNew: boolean): void {
    this.#left--;
    if (isNew) this.#measured++;
    const each = (performance.now() - this.#started) / this.#measured;
    const rest = this.#measured > 0 ? `; about ${minutes(each * this.#left)} left` : '';
    process.stderr.write(`${text}: done${rest}\n`);
  }
}

/**
 * Measures what a file of raw results does not have, seed by seed, and writes it after each unit.
 *
 * @param settings what the results are of, see {@link readRaw}
 * @throws Error where the file has results of other settings
 */
export async function measure(
  path: string,
  settings: object,
  units: readonly Measurement[],
  seeds: number,
  onUnit: (unit: Measurement, seed: number, isNew: boolean) => void,
): Promise<void> {
  const raw = await readRaw(path, settings);
  for (let seed = 0; seed < seeds; seed++)
    for (const unit of units) {
      const own = (raw.outcomes[unit.name] ??= {});
      const isNew = own[seed] === undefined;
      if (isNew) {
        own[seed] = await unit.run(seed);
        await writeRaw(path, raw);
      }
      onUnit(unit, seed, isNew);
    }
}

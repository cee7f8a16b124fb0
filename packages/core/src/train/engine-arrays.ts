import type { Engine } from '../engine/engine.ts';
import { kindText, type NdArray } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import { nonFinite } from '../ground/finite.ts';
import { stateDamaged } from './seal.ts';

/** The arrays that a trainer has in an engine, which others may have arrays in too. */
export class EngineArrays {
  /** In the order in which they were set. */
  readonly #owned = new Map<string, Pick<NdArray, 'dtype' | 'shape'>>();
  /** Names of those that checkpoints leave out. */
  readonly #unsaved = new Set<string>();

  constructor(private readonly engine: Engine) {}

  /** Sets arrays, which it has from then on. @param saved whether checkpoints have them */
  set(arrays: Readonly<Record<string, NdArray>>, { saved = true } = {}): void {
    for (const [name, { dtype, shape }] of Object.entries(arrays)) {
      this.#owned.set(name, { dtype, shape });
      if (!saved) this.#unsaved.add(name);
    }
    this.engine.set(arrays);
  }

  /**
   * The arrays that a training goes on from.
   *
   * @throws KcrError `STATE_FINITE` where it could not
   */
  async save(where: string): Promise<Record<string, NdArray>> {
    const arrays = await this.get();
    const found = nonFinite(arrays);
    if (found)
      throw new KcrError('STATE_FINITE', {
        where,
        found,
        fix: 'A gradient was not finite: start a new run with a lower learning rate or with `clipGrad`, or look at the plugin named here',
      });
    return arrays;
  }

  /** Sets what {@link save} gave. @throws KcrError `STATE_DAMAGED` for other arrays than it has */
  restore(arrays: Readonly<Record<string, NdArray>>, where: string): void {
    const wrong = this.#misfit(arrays);
    if (wrong) throw stateDamaged(where, wrong);
    this.set(arrays);
  }

  /** Those that checkpoints have. */
  get(): Promise<Record<string, NdArray>> {
    return this.engine.get(this.#saved());
  }

  /** Sets values of some that it has. */
  put(arrays: Readonly<Record<string, NdArray>>): void {
    this.engine.set(arrays);
  }

  /** Takes them out of the engine. */
  delete(): void {
    this.engine.delete([...this.#owned.keys()]);
  }

  /** Names of the arrays that checkpoints have. */
  #saved(): string[] {
    return [...this.#owned.keys()].filter((name) => !this.#unsaved.has(name));
  }

  /** How arrays are not those that checkpoints have, if they are not. */
  #misfit(arrays: Readonly<Record<string, NdArray>>): string | undefined {
    const expected = new Set(this.#saved());
    const unknown = Object.keys(arrays).find((name) => !expected.has(name));
    if (unknown !== undefined) return `an array ${unknown} that this training has not`;
    for (const name of expected) {
      const [own, saved] = [this.#owned.get(name)!, arrays[name]];
      if (!saved) return `no array ${name}`;
      if (kindText(saved) !== kindText(own))
        return `${name}: ${kindText(saved)} instead of ${kindText(own)}`;
    }
    return undefined;
  }
}

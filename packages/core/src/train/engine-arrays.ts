import type { Engine, StateChange } from '../engine/engine.ts';
import { kindText, type NdArray } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import { nonFinite } from '../ground/finite.ts';
import { stateDamaged } from './seal.ts';

/** The arrays that a trainer has: in an engine, which others may have arrays in too, and beside it. */
export class EngineArrays {
  /** In the order in which they were set. */
  readonly #owned = new Map<string, Pick<NdArray, 'dtype' | 'shape'>>();
  /** Names of those that checkpoints leave out. */
  readonly #unsaved = new Set<string>();
  /** Those that are not in the engine; checkpoints have them. */
  readonly #host = new Map<string, NdArray>();

  constructor(private readonly engine: Engine) {}

  /** Sets arrays, which it has from then on. @param saved whether checkpoints have them */
  set(arrays: Readonly<Record<string, NdArray>>, { saved = true } = {}): void {
    for (const [name, { dtype, shape }] of Object.entries(arrays)) {
      this.#owned.set(name, { dtype, shape });
      if (!saved) this.#unsaved.add(name);
    }
    this.engine.set(arrays);
  }

  /** An array beside the engine, whose data its owner writes to. */
  host(name: string, initial: NdArray): NdArray {
    const array = { ...initial, data: initial.data.slice() };
    this.#host.set(name, array);
    return array;
  }

  /** Whether it has an array beside the engine under a path. */
  hasHost(path: string): boolean {
    return [...this.#host.keys()].some((name) => name.startsWith(`${path}/`));
  }

  /**
   * The arrays that a training goes on from.
   *
   * @throws KcrError `STATE_FINITE` where it could not
   */
  async save(where: string): Promise<Record<string, NdArray>> {
    const arrays = { ...(await this.engine.get(this.#saved())), ...Object.fromEntries(this.#host) };
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
    const inEngine: Record<string, NdArray> = {};
    for (const [name, array] of Object.entries(arrays)) {
      const host = this.#host.get(name);
      if (host) host.data.set(array.data);
      else inEngine[name] = array;
    }
    this.set(inEngine);
  }

  /** Changes those in the engine that checkpoints have, in place. */
  revise(change: StateChange): Promise<void> {
    return this.engine.revise(this.#saved(), change);
  }

  /** Takes those that are there out of the engine. */
  delete(): void {
    this.engine.delete([...this.#owned.keys()]);
  }

  /** Names of the arrays in the engine that checkpoints have. */
  #saved(): string[] {
    return [...this.#owned.keys()].filter((name) => !this.#unsaved.has(name));
  }

  /** How arrays are not those that checkpoints have, if they are not. */
  #misfit(arrays: Readonly<Record<string, NdArray>>): string | undefined {
    const saved = this.#saved().map((name) => [name, this.#owned.get(name)!] as const);
    const expected = new Map<string, Pick<NdArray, 'dtype' | 'shape'>>([...saved, ...this.#host]);
    const unknown = Object.keys(arrays).find((name) => !expected.has(name));
    if (unknown !== undefined) return `an array ${unknown} that this training has not`;
    for (const [name, own] of expected) {
      const saved = arrays[name];
      if (!saved) return `no array ${name}`;
      if (kindText(saved) !== kindText(own))
        return `${name}: ${kindText(saved)} instead of ${kindText(own)}`;
    }
    return undefined;
  }
}

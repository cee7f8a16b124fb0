import { kindText, type NdArray, shapeText } from '../ground/array.ts';
import { authorLine } from '../ground/author-line.ts';
import { KcrError } from '../ground/error.ts';
import type { Adapter } from './adapter.ts';
import type { Dim } from './dim.ts';
import type { ParamSpec, TapInfo } from './scope.ts';

/** A place in a model, with the author's line that is run now. */
function placeOf(path: string): string {
  const line = authorLine();
  return line ? `${path}, at ${line}` : path;
}

const twice = (path: string, found: string): KcrError =>
  new KcrError('DECLARED_TWICE', {
    where: placeOf(path),
    found,
    fix: 'Give one of them another name, or put it into a scope of its own (m.child)',
  });

/** What of two dimensions of one name must be the same. */
const dimText = ({ full, size, fullGroups, prunable, of }: Dim): string =>
  [
    `${full} channels`,
    ...(size < full ? [`of which ${size} are left`] : []),
    ...(fullGroups > 1 ? [`in ${fullGroups} groups`] : []),
    ...(of ? [`of ${of.name}`] : []),
    ...(prunable ? [] : ['which stay']),
  ].join(' ');

/** What a model has declared while it is built: each name once, and each prunable dimension where masks can reach it. */
export class Declarations {
  readonly params = new Map<string, ParamSpec>();
  readonly dims = new Map<string, Dim>();
  readonly taps: TapInfo[] = [];
  /** Where dimensions were declared that may be pruned. */
  readonly #places = new Map<string, string>();
  /** The adapters that parameters are of. */
  readonly #makers = new Map<string, Adapter | undefined>();
  /** Taps without a dimension, by name, and where they are. */
  readonly #bare = new Map<string, string>();

  /** @throws KcrError `DECLARED_TWICE` */
  dim(dim: Dim): void {
    const before = this.dims.get(dim.name);
    if (before && dimText(before) !== dimText(dim))
      throw twice(dim.name, `a dimension with ${dimText(dim)}, before with ${dimText(before)}`);
    if (dim.prunable && !before) this.#places.set(dim.name, placeOf(dim.name));
    this.dims.set(dim.name, dim);
  }

  /**
   * @param adapter that makes it, if one does
   * @throws KcrError `DECLARED_TWICE`, `ADAPTER_DUPLICATE`
   */
  param(spec: ParamSpec, adapter?: Adapter): void {
    const before = this.params.get(spec.name);
    if (before && adapter && this.#makers.get(spec.name) !== adapter)
      throw new KcrError('ADAPTER_DUPLICATE', {
        where: `adapter "${adapter.name}", ${placeOf(spec.name)}`,
        found: `a parameter that ${this.#makerText(spec.name)} has made`,
        fix: 'Adapt the model once by it, or make parameters in a scope of their own (m.child)',
      });
    this.#makers.set(spec.name, adapter);
    if (before && kindText(before) !== kindText(spec))
      throw twice(spec.name, `a parameter ${kindText(spec)}, before ${kindText(before)}`);
    this.params.set(spec.name, spec);
  }

  #makerText(parameter: string): string {
    const maker = this.#makers.get(parameter);
    return maker ? `another adapter "${maker.name}"` : 'the model itself';
  }

  /** @throws KcrError `TAP_DIM` where the dimension is not that of the value */
  tap(info: TapInfo, { shape }: Pick<NdArray, 'shape'>): void {
    const { name, dim } = info;
    this.taps.push(info);
    if (!dim) {
      this.#bare.set(name, placeOf(name));
      return;
    }
    if (dim.size !== shape.at(-1))
      throw new KcrError('TAP_DIM', {
        where: placeOf(name),
        found: `a value of shape ${shapeText(shape)} with ${dim.name}, which has ${dim.size} channels`,
        fix: 'Tap the value where its last axis is that dimension, or give the one that it is',
      });
  }

  /**
   * Checks what can be known when all is declared.
   *
   * @throws KcrError `TAP_DIM` for a tap without the dimension of its name, and for one with a dimension of another model;
   *   `DIM_UNTAPPED`
   */
  check(): void {
    for (const [name, where] of this.#bare)
      if (this.dims.get(name)?.prunable)
        throw new KcrError('TAP_DIM', {
          where,
          found: 'a tap of the name of a dimension, without it',
          fix: `Give the tap the dimension: m.tap('${name.slice(name.lastIndexOf('.') + 1)}', value, dim)`,
        });
    for (const { name, dim } of this.taps)
      if (dim && !this.dims.has(dim.name))
        throw new KcrError('TAP_DIM', {
          where: name,
          found: `${dim.name}, which the model has not declared`,
          fix: 'Tap with a dimension that this run of the model declares: m.dim(...)',
        });
    const tapped = new Set(this.taps.map(({ dim }) => dim?.name));
    for (const [name, where] of this.#places)
      if (!tapped.has(name))
        throw new KcrError('DIM_UNTAPPED', {
          where,
          found:
            'a dimension that may be pruned and that no tap carries, so that no mask reaches it',
          fix: 'Tap the value that has it, m.tap(name, value, dim), or declare it with `prunable: false`',
        });
  }
}

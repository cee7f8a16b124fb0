import type { StateDict } from '@kcr/core';
import type { Source } from '@kcr/pretrained';
import { type CheckpointOptions, openSource } from './load-checkpoint.ts';
import type { Recipe } from './recipes/recipe.ts';

interface GivenWeightsOptions extends Pick<CheckpointOptions, 'trust' | 'on' | 'from'> {
  /** How often they are taken. Default: once. */
  readonly uses?: number;
}

/** Weights from elsewhere that a run starts from: read once, and kept until they were taken as often as they are needed. */
export class GivenWeights {
  #source: Promise<Source> | undefined;
  #left: number;

  /** @param place a checkpoint of any kind, see `loadCheckpoint` */
  constructor(
    readonly place: string,
    private readonly options: GivenWeightsOptions,
  ) {
    this.#left = options.uses ?? 1;
  }

  /** What is there, to look at before they are taken. @throws KcrError those of reading it */
  look(): Promise<Source> {
    const source = this.#source ?? openSource(this.place, this.options).then(readOnce);
    this.#source = source;
    return source;
  }

  /** The same, for a stage that starts from them. @throws KcrError those of reading it */
  take(): Promise<Source> {
    const source = this.look();
    this.#left--;
    if (this.#left <= 0) this.#source = undefined;
    return source;
  }
}

/** A source whose arrays are read when they are first asked for. */
function readOnce(source: Source): Source {
  let read: Promise<StateDict> | undefined;
  return {
    ...source,
    tensors() {
      const tensors = read ?? source.tensors();
      read = tensors;
      return tensors;
    },
  };
}

/** How many stages of a recipe start from weights from elsewhere. @param backbone whether the compact model's is given */
export function usesOf({ dense, search, retrain, prune, controls }: Recipe, backbone: boolean) {
  const inherited = retrain.initial === 'pretrained' && !prune;
  const stages = [
    dense?.initial !== 'scratch',
    search?.initial === 'pretrained' && !backbone,
    inherited && !backbone,
    ...controls.map(() => inherited),
  ];
  return stages.filter(Boolean).length;
}

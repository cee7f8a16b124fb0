import type { ModelEntry } from '@kcr/backbones';
import type { Adapter, Kept, ModelParts, Preprocessing, StateDict } from '@kcr/core';

/** What a source says of the model that its weights are of. */
export interface SourceModel extends Pick<ModelEntry, 'architecture'> {
  /** Options that the source says. */
  readonly config: object;
  /** Options that follow from a name, and that the weights may know better. */
  readonly defaults: object;
  readonly kept?: Kept;
  readonly adapters?: readonly Adapter[];
}

/** Weights that were found, and what is known of them. */
export interface Source {
  /** What messages call it: a path, or a name on the hub. */
  readonly where: string;
  /** Absent where a file does not say which model it is of. */
  readonly model?: SourceModel;
  /** The weights, under their names in the file. */
  tensors(): Promise<StateDict>;
  /** Class names in the order of the logits, where they are known. */
  readonly classes?: readonly string[];
  /** How the model was shown images. */
  readonly input?: Preprocessing;
}

/** What a source tells while it is read. */
export type SourceEvent =
  /** Bytes of a file that are there, and all; those of an earlier download count. */
  | {
      readonly type: 'download';
      readonly where: string;
      readonly done: number;
      readonly bytes: number;
    }
  | { readonly type: 'warning'; readonly message: string };

export interface SourceOptions {
  /** Finds what a checkpoint of the toolkit names. */
  readonly parts: ModelParts;
  /** Hears of downloads, and of what could not be looked up. */
  readonly on?: (event: SourceEvent) => void;
}

/** A kind of places that weights come from: a folder of the toolkit or of timm, a file, the hub. */
export interface SourceKind {
  /** What it is called in messages. */
  readonly name: string;
  /** Whether a text names such a place. */
  fits(source: string): boolean | Promise<boolean>;
  /** @throws KcrError where the place has not what it should */
  read(source: string, options: SourceOptions): Promise<Source>;
}

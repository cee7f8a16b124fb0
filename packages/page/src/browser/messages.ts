import type { ClassPrediction, Spread } from '@kcr/core/ground';
import type { PageContent } from '../content.ts';

/** What runs the models. */
export type Device = 'wasm' | 'webgpu';

/** An image as a canvas takes it: red, green, blue and opacity. */
export interface Picture {
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

/** An object as the page draws it, in pixels of the picture. */
export interface ShownObject {
  readonly label: number;
  readonly score: number;
  /** left, top, right, bottom */
  readonly box: readonly [number, number, number, number];
}

/** What a model says of an image, and the picture that shows it. */
export interface Finding {
  readonly picture: Picture;
  /** Of classifiers. */
  readonly top?: ClassPrediction;
  /** Of detectors. */
  readonly objects?: readonly ShownObject[];
  /** Of class maps: each class' share of the pixels, largest first, and the share that has the first model's class. */
  readonly shares?: readonly { readonly label: number; readonly share: number }[];
  readonly agreement?: number;
}

/** How long a model takes for one image. */
export interface Timing {
  readonly ms: Spread;
  /** How many times as fast as the first model, run by run. */
  readonly speedup: Spread;
}

export interface Timings {
  readonly models: readonly Timing[];
  /** Timed runs of each model. */
  readonly runs: number;
  /** Milliseconds in which an image became the first model's input. */
  readonly prepareMs: number;
}

/** What the models were opened on. */
export interface Opened {
  readonly device: Device;
  readonly threads: number;
  /** Whether the browser has WebGPU. */
  readonly webgpu: boolean;
}

/** What the worker does when it is asked. */
export interface Requests {
  open(content: PageContent, device: Device): Promise<Opened>;
  /** @param image a file */
  look(image: Blob): Promise<readonly Finding[]>;
  /** Pictures of where each model looks for a class. @param labels of each model */
  explain(labels: readonly number[]): Promise<readonly (Picture | undefined)[]>;
  measure(): Promise<Timings>;
}

export type Method = keyof Requests;

/** A question to the worker. */
export interface Question {
  readonly id: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

/** Its answer, an error, or what goes on meanwhile. */
export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
  readonly progress?: string;
}

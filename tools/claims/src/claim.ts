import type { Outcome, Raw } from '../../experiments/src/raw.ts';
import type { Lab } from './lab.ts';
import type { Statement } from './verdict.ts';

/** A part of an experiment that is measured and kept by itself. */
export interface Unit {
  readonly name: string;
  run(lab: Lab, seed: number): Promise<Outcome>;
}

/** What became of a claim. */
export interface Finding {
  /** Tables in Markdown. */
  readonly text: string;
  /** What they say, by what is claimed. */
  readonly statements: readonly Statement[];
  /** What has to be known besides. */
  readonly note?: string;
}

/** A claim of a paper, and an experiment that could have refuted it. */
export interface Claim {
  readonly name: string;
  readonly title: string;
  /** As the paper has it, and where. */
  readonly claim: string;
  /** How it was tested. */
  readonly experiment: string;
  /** Seeds, unless told otherwise. */
  readonly seeds: number;
  readonly units: readonly Unit[];
  /** Made from the raw results alone. */
  finding(raw: Raw, images: number): Finding;
}

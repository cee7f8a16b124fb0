import type { Target } from '@kcr/onnx';
import type { OperatorTime } from './costliest.ts';

/** A model at 224 px, under its name in timm. */
interface GpuModel {
  readonly title: string;
  readonly config: object;
  /** So few blocks that a device in software ends in minutes: every kind of layer, at its size. */
  readonly few: object;
}

export const gpuModels: Readonly<Record<string, GpuModel>> = {
  vit_small_patch16_224: { title: 'ViT-S', config: {}, few: { depth: 2 } },
  deit_tiny_patch16_224: { title: 'DeiT-T', config: {}, few: { depth: 2 } },
  swin_tiny_patch4_window7_224: { title: 'Swin-T', config: {}, few: { depths: [2, 2, 2, 2] } },
  mobilevit_s: {
    title: 'MobileViT-S',
    config: { img_size: 224 },
    few: { transformer_depths: [0, 0, 1, 1, 1] },
  },
};

/** What a process is to do: try a device, train, or run a model. */
export interface GpuTask {
  readonly kind: 'probe' | 'step' | 'inference';
  readonly device: Target;
  readonly model: string;
  /** Whether the model has few blocks. */
  readonly few: boolean;
  /** Images of a batch. */
  readonly batch: number;
  /** Runs that are not timed, and those that are, after them. */
  readonly warmUp: number;
  readonly times: number;
  /** Whether ONNX Runtime's profile is read, which makes steps slower. */
  readonly profile: boolean;
}

/** What a process found. Sizes are in MB of a million bytes, times in milliseconds. */
export interface Measured {
  /** Median of the timed runs. */
  readonly ms: number;
  /** Time until the first run's end: tracing, compilation of the session and of the device's programs. */
  readonly firstMs: number;
  /** Of the training's steps, in their order. */
  readonly losses?: readonly number[];
  /** Of the first run, [batch, classes] in a row. */
  readonly logits?: readonly number[];
  /** What state and step are expected to take on the device, by `CompiledStep.memory`. */
  readonly expectedMB?: number;
  /** What PyTorch's tensors took on the device at their peak. */
  readonly allocatedMB?: number;
  /** Peak memory of the process on the host. */
  readonly hostMB: number;
  readonly profile?: StepProfile;
}

/** Where the time of a training's last step goes. */
export interface StepProfile {
  /** The costliest. */
  readonly operators: readonly OperatorTime[];
  /** Milliseconds of all operators together. */
  readonly all: number;
  /** Whether the device timed them; else the host did. */
  readonly byDevice: boolean;
  /** Nodes that run on the processor while the step is on a device, by operator. */
  readonly onProcessor: Readonly<Record<string, number>>;
}

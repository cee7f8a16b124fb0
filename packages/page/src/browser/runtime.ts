import type { CompiledStep, NdArray } from '@kcr/core';
import { channelsFirst, channelsLast } from '@kcr/core/ground';
import type * as Ort from 'onnxruntime-web';
import type { Device } from './messages.ts';
import { RUNTIMES } from './runtimes.ts';

/** Most threads: beyond some, small models become slower. */
const MOST_THREADS = 4;

/** The name of the images among an exported file's inputs. */
const INPUT = 'pixel_values';

/** ONNX Runtime as it lies beside the page. */
export interface Runtime {
  readonly device: Device;
  readonly threads: number;
  /** Opens an exported file as a step that takes images [n, height, width, channels] as `image`, and int32 inputs by name. */
  open(file: string): Promise<CompiledStep>;
}

/** Whether the browser has WebGPU, and a device for it. */
export async function hasWebGpu(): Promise<boolean> {
  const { gpu } = navigator as unknown as { gpu?: { requestAdapter(): Promise<unknown> } };
  return Boolean(await gpu?.requestAdapter().catch(() => undefined));
}

/** Several threads need memory that they share, which browsers give to pages alone whose server says that they are isolated. */
const threadsHere = () =>
  globalThis.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency || 1, MOST_THREADS) : 1;

/** Loads ONNX Runtime for a device. @param base URL of the page's folder */
export async function loadRuntime(base: string, device: Device): Promise<Runtime> {
  const { script, wasm } = RUNTIMES[device];
  const ort: typeof Ort = await import(new URL(`ort/${script}`, base).href);
  const threads = device === 'wasm' ? threadsHere() : 1;
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = { wasm: new URL(`ort/${wasm}`, base).href };
  // Of errors alone: it warns of nodes that it runs elsewhere by design.
  ort.env.logLevel = 'error';
  const toTensor = ({ dtype, shape, data }: NdArray) =>
    dtype === 'int32'
      ? new ort.Tensor('int32', data as Int32Array, [...shape])
      : new ort.Tensor('float32', data as Float32Array, [...shape]);
  return {
    device,
    threads,
    async open(file) {
      const bytes = await fetchBytes(new URL(file, base).href);
      const session = await ort.InferenceSession.create(bytes, { executionProviders: [device] });
      const run = async ({ image, ...others }: Readonly<Record<string, NdArray>> = {}) => {
        const feeds = Object.entries({ ...others, [INPUT]: channelsFirst(image!) });
        const results = await session.run(
          Object.fromEntries(feeds.map(([name, array]) => [name, toTensor(array)])),
        );
        const outputs = Object.entries(results).map(([name, { type, dims, data }]) => {
          const array = { dtype: type, shape: dims, data } as NdArray;
          return [name, name === 'logits' ? channelsLast(array) : array] as const;
        });
        return Object.fromEntries(outputs);
      };
      const dispose = () => session.release();
      return Object.assign(run, { dispose, [Symbol.asyncDispose]: dispose });
    },
  };
}

/** @throws Error where the server has no such file */
async function fetchBytes(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: the server says ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

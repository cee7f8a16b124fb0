import type { Device } from './messages.ts';

/** What is fetched of `onnxruntime-web` for each device, as its files are called. */
export const RUNTIMES: Readonly<
  Record<Device, { readonly script: string; readonly wasm: string }>
> = {
  wasm: { script: 'ort.wasm.bundle.min.mjs', wasm: 'ort-wasm-simd-threaded.wasm' },
  webgpu: { script: 'ort.webgpu.bundle.min.mjs', wasm: 'ort-wasm-simd-threaded.asyncify.wasm' },
};

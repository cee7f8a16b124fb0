import { PRODUCTS_KERNEL } from './products-kernel.ts';

/** The function of products.wat. */
interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): void };
  products(
    out: number,
    a: number,
    b: number,
    m: number,
    k: number,
    row: number,
    stride: number,
  ): void;
}

const PAGE = 2 ** 16;

/** What Node has too, as far as it is used here: TypeScript knows it of browsers alone. */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object) => { readonly exports: unknown };
  };
};

let loaded: Kernel | undefined;

/** The kernel, with memory of so many bytes, in which nothing stays. */
export function productsKernel(bytes: number): Kernel {
  loaded ??= new WebAssembly.Instance(
    new WebAssembly.Module(Uint8Array.from(atob(PRODUCTS_KERNEL), (byte) => byte.charCodeAt(0))),
  ).exports as Kernel;
  const missing = Math.ceil((bytes - loaded.memory.buffer.byteLength) / PAGE);
  if (missing > 0) loaded.memory.grow(missing);
  return loaded;
}

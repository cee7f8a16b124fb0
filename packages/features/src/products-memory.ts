import { ensureMemory, openModule, type WithMemory } from '@kcr/core/ground';
import { PRODUCTS_KERNEL } from './products-kernel.ts';

/** The function of products.wat. */
interface Kernel extends WithMemory {
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

let loaded: Kernel | undefined;

/** The kernel, with memory of so many bytes, in which nothing stays. */
export function productsKernel(bytes: number): Kernel {
  loaded ??= openModule<Kernel>(PRODUCTS_KERNEL);
  ensureMemory(loaded, bytes);
  return loaded;
}

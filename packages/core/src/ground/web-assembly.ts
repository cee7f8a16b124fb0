/** What a module of WebAssembly exports that has memory of its own. */
export interface WithMemory {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): void };
}

const PAGE = 2 ** 16;

/** What Node has too, as far as it is used here: TypeScript knows it of browsers alone. */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object) => { readonly exports: unknown };
  };
};

/**
 * The functions of a module of WebAssembly that imports nothing.
 *
 * @param code its bytes, or these as base64
 */
export function openModule<T extends WithMemory>(code: Uint8Array | string): T {
  const bytes =
    typeof code === 'string' ? Uint8Array.from(atob(code), (byte) => byte.charCodeAt(0)) : code;
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as T;
}

/** Gives a module so much memory, where it has less; views of its buffer are then no longer valid. */
export function ensureMemory({ memory }: WithMemory, bytes: number): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
  if (missing > 0) memory.grow(missing);
}

/** An op of a chain: under which names it reads its operands, and its WebAssembly instruction over four numbers. */
interface ChainOp {
  readonly operands: readonly string[];
  readonly instruction: number;
}

/** The ops that chains are made of, by kernel of TensorFlow.js. All are rounded as IEEE 754 says, here as in any runtime. */
export const CHAIN_OPS = {
  Abs: { operands: ['x'], instruction: 0xe0 },
  Neg: { operands: ['x'], instruction: 0xe1 },
  Sqrt: { operands: ['x'], instruction: 0xe3 },
  Add: { operands: ['a', 'b'], instruction: 0xe4 },
  Sub: { operands: ['a', 'b'], instruction: 0xe5 },
  Multiply: { operands: ['a', 'b'], instruction: 0xe6 },
  Square: { operands: ['x', 'x'], instruction: 0xe6 },
  RealDiv: { operands: ['a', 'b'], instruction: 0xe7 },
  Minimum: { operands: ['a', 'b'], instruction: 0xe8 },
  Maximum: { operands: ['a', 'b'], instruction: 0xe9 },
} as const satisfies Record<string, ChainOp>;

/** What an op of a chain reads: an array, a single number that the call gives, the result of a step before it, or a constant. */
export type Operand =
  | { readonly array: number }
  | { readonly scalar: number }
  | { readonly step: number }
  | { readonly number: number };

/** A step of a chain. */
export interface ChainStep {
  readonly kernel: keyof typeof CHAIN_OPS;
  readonly operands: readonly Operand[];
}

/** What is done, element by element, to arrays of one size. */
export interface Chain {
  /** How many arrays it reads. */
  readonly arrays: { readonly length: number };
  /** How many single numbers it reads. */
  readonly scalars: { readonly length: number };
  readonly steps: readonly ChainStep[];
  /** What its results are. */
  readonly results: readonly Operand[];
}

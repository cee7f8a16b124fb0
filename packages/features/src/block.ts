/** Rows that are worked on together, so that they stay in the processor's cache. */
export const BLOCK = 128;

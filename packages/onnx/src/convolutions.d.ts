import type { KernelLowerings } from './lowering.ts';
export declare const convolutionLowerings: KernelLowerings;
//# sourceMappingURL=convolutions.d.ts.map
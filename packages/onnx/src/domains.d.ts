/** Its kernels for blocked feature maps, see `blocked.ts`. */
export declare const NCHWC = "com.microsoft.nchwc";
/** Its fused kernels. */
export declare const MICROSOFT = "com.microsoft";
//# sourceMappingURL=domains.d.ts.map
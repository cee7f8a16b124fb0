export {};
//# sourceMappingURL=batch-norm.d.ts.map
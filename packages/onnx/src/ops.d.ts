export {};
//# sourceMappingURL=ops.d.ts.map
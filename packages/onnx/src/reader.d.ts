import type * as ort from 'onnxruntime-node';
/**
 * Reads tensors that live on a device, through sessions that copy them to the host: `getData()` on a
 * device tensor aborts the process in onnxruntime-node 1.30.
 */
export declare class DeviceReader {
    #private;
    read(tensor: ort.Tensor): Promise<ort.Tensor>;
    dispose(): Promise<void>;
}
//# sourceMappingURL=reader.d.ts.map
import { createModel, vit } from '@kcr/backbones';
import { exportOnnx, measureLatency } from '@kcr/onnx';
import { Generator, Model, prune, pruneState } from '@kcr/core';
const m = new Model(vit,vit.configure({img_size:32,patch_size:4,embed_dim:192,depth:6,num_heads:3,num_classes:10})) as any as Model;
const w=m.initialize(new Generator(0));
const sel:any={}; const g=new Generator(1);
for(const d of m.dims.values()) if(d.role==='io') sel[d.name]=[...g.permutation(d.size).slice(0,Math.round(d.size*.6))];
const p=prune(m,sel); const pw=pruneState(m,p,w);
const a=exportOnnx(m,w), b=exportOnnx(p,pw);
for (const batch of [1,64]) { const x=await measureLatency(a,m.inputShape,{batch}), y=await measureLatency(b,m.inputShape,{batch}); console.log(batch, x, y, 'time reduction',1-y/x,'macs reduction', 1-p.macs.total/m.macs.total); }

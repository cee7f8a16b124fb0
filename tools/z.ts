import { vit } from '@kcr/backbones';
import { measureLatency } from '@kcr/onnx';
import { Generator, Model, prune, pruneState } from '@kcr/core';
for (const cfg of [{img_size:32,patch_size:4,embed_dim:192,depth:6,num_heads:3,num_classes:10},{img_size:64,patch_size:8,embed_dim:96,depth:4,num_heads:3,num_classes:10}, {embed_dim:384,num_heads:6}]) {
const m = new Model(vit,vit.configure(cfg)) as any as Model;
const w=m.initialize(new Generator(0));
for (const [role,ratio] of [['io',.6],['hidden',.6]] as any) {
const sel:any={}; const g=new Generator(1);
for(const d of m.dims.values()) if(d.role===role) sel[d.name]=[...g.permutation(d.size).slice(0,Math.round(d.size*ratio))];
const p=prune(m,sel); const pw=pruneState(m,p,w);
for (const batch of [1,16]) { const x=await measureLatency(m,w,{batch}), y=await measureLatency(p,pw,{batch}); console.log(cfg.embed_dim, role, batch, x.toFixed(2), y.toFixed(2), 'time reduction',(1-y/x).toFixed(3),'macs reduction', (1-p.macs.total/m.macs.total).toFixed(3), ((1-y/x)/(1-p.macs.total/m.macs.total)).toFixed(2)); }}}

import * as ort from 'onnxruntime-node';
import { encodeModel } from '../packages/onnx/src/proto.ts';
const M=Number(process.argv[2]??4160),D=Number(process.argv[3]??192),H=4*D,K=Math.round(D*Number(process.argv[4]??.6));
let seed=1;const rnd=()=>{seed=(seed*16807)%2147483647;return seed/2147483647};
const idx=[...Array(D).keys()].map(i=>[rnd(),i]).sort((a,b)=>a[0]!-b[0]!).slice(0,K).map(x=>x[1]!).sort((a,b)=>a-b);
const inv=Array(D).fill(K);idx.forEach((d,k)=>inv[d]=k);
const f=(n:number)=>new Float32Array(n).map(()=>rnd()-.5);
const i64=(a:number[])=>BigInt64Array.from(a.map(BigInt));
type N=[string,string[],string[],any?,string?];
async function bench(name:string,nodes:N[],extra:any[]=[],blocks=4){
  const all:any[]=[];let x='x';
  for(let b=0;b<blocks;b++){const r=(s:string)=>s==='IN'?x:s==='OUT'?`o${b}`:s.startsWith('$')?s.slice(1):`${s}_${b}`;
    for(const [op,i,o,at,dom] of nodes) all.push({op,domain:dom??'',inputs:i.map(r),outputs:o.map(r),attributes:at??{}});x=`o${b}`;}
  const T=(name:string,dtype:any,shape:number[],data:any)=>({name,dtype,shape,data});
  const inits=[T('g','float32',[D],f(D)),T('b','float32',[D],f(D)),T('W1','float32',[H,D],f(H*D)),T('W1k','float32',[H,K],f(H*K)),T('b1','float32',[H],f(H)),T('W2','float32',[D,H],f(H*D)),T('W2k','float32',[K,H],f(H*K)),T('b2','float32',[D],f(D)),T('b2k','float32',[K],f(K)),T('b2kc','float32',[K,1],f(K)),
   T('idx','int64',[K],i64(idx)),T('inv','int64',[D],i64(inv)),T('idx32','int32',[K],Int32Array.from(idx)),T('inv32','int32',[D],Int32Array.from(inv)),T('pad','int64',[4],i64([0,0,0,1])),T('padr','int64',[4],i64([0,0,1,0])),T('zrow','float32',[1,M],new Float32Array(M)),...extra];
  const used=new Set(all.flatMap(n=>n.inputs));
  const s=await ort.InferenceSession.create(encodeModel({name:'m',nodes:all,initializers:inits.filter(t=>used.has(t.name)),inputs:[{name:'x',dtype:'float32',shape:[M,D]}],outputs:[{name:x,dtype:'float32',shape:[M,D]}]}),{enableMemPattern:false});
  const inp=new ort.Tensor('float32',f(M*D),[M,D]);
  const ts=[];for(let i=0;i<15;i++){const t=performance.now();await s.run({x:inp});ts.push(performance.now()-t);}ts.sort((a,b)=>a-b);console.log(name.padEnd(40),(ts[5]!/blocks).toFixed(2));
}
const full=(a:number[],n:number)=>{const o=new Int32Array(n*a.length);for(let i=0;i<n;i++)o.set(a,i*a.length);return o;};
const LN:N=['LayerNormalization',['IN','$g','$b'],['h'],{axis:-1}];
const G1:N=['Gemm',['t','$W1k','$b1'],['a'],{transB:1}], GE:N=['Gelu',['a'],['e']], G2:N=['Gemm',['e','$W2k','$b2k'],['y'],{transB:1}], ADD:N=['Add',['IN','z'],['OUT']];
await bench('dense',[LN,['Gemm',['h','$W1','$b1'],['a'],{transB:1}],GE,['Gemm',['e','$W2','$b2'],['z'],{transB:1}],ADD]);
await bench('only gemms kept (no take/put, slice)',[LN,['Slice',['h','$z0','$zK','$one'],['t']],G1,GE,G2,['Pad',['y','$padK'],['z']],ADD],[{name:'z0',dtype:'int64',shape:[1],data:i64([0])},{name:'zK',dtype:'int64',shape:[1],data:i64([K])},{name:'one',dtype:'int64',shape:[1],data:i64([1])},{name:'padK',dtype:'int64',shape:[4],data:i64([0,0,0,D-K])}]);
await bench('gather / pad gather',[LN,['Gather',['h','$idx32'],['t'],{axis:1}],G1,GE,G2,['Pad',['y','$pad'],['p']],['Gather',['p','$inv32'],['z'],{axis:1}],ADD]);
const fi={name:'fi',dtype:'int32',shape:[M,K],data:full(idx,M)},fv={name:'fv',dtype:'int32',shape:[M,D],data:full(inv,M)};
await bench('gatherelements const',[LN,['GatherElements',['h','$fi'],['t'],{axis:1}],G1,GE,G2,['Pad',['y','$pad'],['p']],['GatherElements',['p','$fv'],['z'],{axis:1}],ADD],[fi,fv]);
await bench('transposed',[LN,['Transpose',['h'],['ht'],{perm:[1,0]}],['Gather',['ht','$idx'],['t'],{axis:0}],['Gemm',['t','$W1k','$b1'],['a'],{transA:1,transB:1}],GE,['Gemm',['$W2k','e','$b2kc'],['y'],{transB:1}],['Concat',['y','$zrow'],['p'],{axis:0}],['Gather',['p','$inv'],['q'],{axis:0}],['Transpose',['q'],['z'],{perm:[1,0]}],ADD]);
await bench('T-gather take, T put',[LN,['Transpose',['h'],['ht'],{perm:[1,0]}],['Gather',['ht','$idx'],['t'],{axis:0}],['Gemm',['t','$W1k','$b1'],['a'],{transA:1,transB:1}],GE,G2,['Transpose',['y'],['yt'],{perm:[1,0]}],['Concat',['yt','$zrow'],['p'],{axis:0}],['Gather',['p','$inv'],['q'],{axis:0}],['Transpose',['q'],['z'],{perm:[1,0]}],ADD]);
await bench('T-gather take, scatter-add',[LN,['Transpose',['h'],['ht'],{perm:[1,0]}],['Gather',['ht','$idx'],['t'],{axis:0}],['Gemm',['t','$W1k','$b1'],['a'],{transA:1,transB:1}],GE,G2,['ScatterElements',['IN','$fi','y'],['OUT'],{axis:1,reduction:'add'}]],[fi]);
const S=new Float32Array(D*K);idx.forEach((d,k)=>S[d*K+k]=1);
await bench('onehot gemm both',[LN,['Gemm',['h','$S'],['t']],G1,GE,G2,['Gemm',['y','$S','IN'],['OUT'],{transB:1}]],[{name:'S',dtype:'float32',shape:[D,K],data:S}]);
await bench('T take, onehot gemm put',[LN,['Transpose',['h'],['ht'],{perm:[1,0]}],['Gather',['ht','$idx'],['t'],{axis:0}],['Gemm',['t','$W1k','$b1'],['a'],{transA:1,transB:1}],GE,G2,['Gemm',['y','$S','IN'],['OUT'],{transB:1}]],[{name:'S',dtype:'float32',shape:[D,K],data:S}]);
await bench('T take, full fc2 put',[LN,['Transpose',['h'],['ht'],{perm:[1,0]}],['Gather',['ht','$idx'],['t'],{axis:0}],['Gemm',['t','$W1k','$b1'],['a'],{transA:1,transB:1}],GE,['Gemm',['e','$W2','IN'],['OUT'],{transB:1}]]);
await bench('gemm accumulates residual (dense)',[LN,['Gemm',['h','$W1','$b1'],['a'],{transB:1}],GE,['Gemm',['e','$W2','IN'],['OUT'],{transB:1}]]);

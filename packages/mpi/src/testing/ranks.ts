// What a process of the test does: node ranks.ts exchange | fail
import { mpiCommunicator } from '../mpi-communicator.ts';
import { mpiPlace } from '../mpi-place.ts';

const communicator = mpiCommunicator();
const { rank, size, implementation: name } = communicator;
if (process.argv[2] === 'fail' && rank === 1) throw new Error('this one has failed');
const floats = Float32Array.of(rank + 1, 2 * (rank + 1));
await communicator.allReduce(floats);
const doubles = Float64Array.of(0.25 * (rank + 1));
await communicator.allReduce(doubles);
const bytes = await communicator.allGather(new Uint8Array(rank).fill(rank));
await communicator.barrier();
const place = JSON.stringify(mpiPlace()) === JSON.stringify({ rank, size });
const told = {
  rank,
  size,
  name,
  place,
  floats: [...floats],
  doubles: [...doubles],
  bytes: bytes.map((b) => [...b]),
};
process.stdout.write(`${JSON.stringify(told)}\n`);

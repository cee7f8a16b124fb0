export { type MpiCommunicator, type MpiOptions, mpiCommunicator } from './mpi-communicator.ts';
export { type MpiPlace, mpiPlace } from './mpi-place.ts';
export { ownCores } from './own-cores.ts';

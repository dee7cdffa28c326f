import type { MachineFacts } from '../../../bench/host.ts';

/** A host for reports. */
export const MACHINE: MachineFacts = {
  cpu: 'Invented 1000',
  cpus: 2,
  memoryGiB: 8,
  os: 'Linux 6.18',
  virtualised: true,
  node: 'v20.19.0',
  v8: '11.3',
  compiler: '',
  valgrind: '',
  diskFileSystem: '',
  pinned: false,
  loadBefore: 0.5,
  loadAfter: 1.5,
};

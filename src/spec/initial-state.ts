/**
 * The state that everything begins with.
 */

import { RLIM_INFINITY } from '../flags.ts';
import { X86_64_GEOMETRY } from './arithmetic.ts';
import type { FileObject, Layout, Process, State } from './state.ts';
import {
  DEVICES,
  FIRST_DEVICE,
  FIRST_PROCESS,
  NULL_FILE,
  newObject,
  newOpenFile,
  ROOT_OBJECT,
  SHM_OBJECT,
} from './state.ts';

const MIB = 1n << 20n;

const DEFAULT_LAYOUT: Layout = {
  ...X86_64_GEOMETRY,
  fs: 'tmpfs',
  brk: 0x5555_5556_0000n,
  mmapBase: 0x7fff_f7c0_0000n,
  taskSize: 0x7fff_ffff_f000n,
  halfEnd: 1n << 47n,
  hugePage: 2n * MIB,
  hugetlbPage: 2n * MIB,
  hugePages: 0,
  fetches: 'need-exec',
  minAddress: 4096n,
  minPlace: 65536n,
  maxMapCount: 65530,
  overcommit: 0,
  memoryPages: 1n << 24n,
  commitLimit: 1n << 23n,
  userReserve: 1n << 15n,
  diskPages: 1n << 24n,
  memlockMax: 8n * MIB,
};

/** A machine with one process that has descriptors 0, 1 and 2 on /dev/null, no mapping, and an empty directory. */
export function initialState(options: Partial<Layout> = {}): State {
  const layout = { ...DEFAULT_LAYOUT, ...options };
  return {
    layout,
    objects: new Map([
      [ROOT_OBJECT, { ...newObject('directory', layout.fs, ''), mode: 0o755 }],
      [SHM_OBJECT, newObject('directory', 'tmpfs', '')],
      ...DEVICES.map(([path, type, mode], index) => [FIRST_DEVICE + index, device(path, type, mode)] as const),
    ]),
    names: new Map(),
    mounts: new Map(),
    openFiles: new Map([[NULL_FILE, newOpenFile(FIRST_DEVICE)]]),
    processes: new Map([[FIRST_PROCESS, firstProcess(layout)]]),
    segments: { byId: new Map(), nextIndex: 0, lastIndex: -1, sequence: 0 },
    threads: new Map([
      [
        FIRST_PROCESS,
        { process: FIRST_PROCESS, ended: false, waiting: undefined, waited: undefined, executing: false },
      ],
    ]),
    lostHugePages: 0,
    now: 0,
    nextNumber: NULL_FILE + 1,
  };
}

function firstProcess(layout: Layout): Process {
  return {
    parent: undefined,
    status: { state: 'running' },
    reaped: false,
    descriptors: new Map([0, 1, 2].map((fd) => [fd, NULL_FILE])),
    closeOnExec: new Set(),
    privileged: false,
    program: undefined,
    borrows: undefined,
    memory: 0,
    vmas: [],
    pages: new Map(),
    huge: new Map(),
    brk: layout.brk,
    lockedPages: 0n,
    futureFlags: 0,
    mdwe: 0,
    mergesPages: false,
    limits: {
      as: RLIM_INFINITY,
      data: RLIM_INFINITY,
      memlock: layout.memlockMax,
      fsize: RLIM_INFINITY,
      stack: 8n * MIB,
      nofile: 1024n,
    },
    handlers: { SIGSEGV: 'catch', SIGBUS: 'catch', SIGXFSZ: 'catch', SIGPIPE: 'catch' },
    pendingSignal: undefined,
  };
}

function device(path: string, type: FileObject['type'], mode: number): FileObject {
  return { ...newObject(type, 'tmpfs', path.slice(path.lastIndexOf('/') + 1)), mode };
}

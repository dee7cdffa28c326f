/**
 * Runs the calls on shared memory objects on the simulated machine.
 *
 * Place: part of machine-target.ts.
 */

import type { Process, ShmStatus } from '../index.ts';
import { type Arguments, result } from './machine-answers.ts';
import type { Answer } from './target.ts';

function attached(process: Process, address: number): Answer {
  const line = process.maps().find((mapping) => mapping.start === address);
  if (address < 0 || line === undefined) return result(address);
  return { kind: 'value', value: BigInt(address), length: BigInt(line.end - line.start) };
}

function shmStatus(process: Process, args: Arguments): Answer {
  let members: Readonly<Record<string, bigint>> = {};
  const value = process.sys.shmctl(args.number(0), args.number(1), args.number(2), (status) => {
    members = membersOf(status);
  });
  return value < 0 ? result(value) : { kind: 'struct', value: BigInt(value), members };
}

function membersOf(status: ShmStatus): Readonly<Record<string, bigint>> {
  switch (status.kind) {
    case 'segment': {
      const { mode, key, size, attaches } = status;
      const unsigned = BigInt.asUintN(32, BigInt(key));
      return { mode: BigInt(mode), key: unsigned, shm_segsz: size, shm_nattch: BigInt(attaches) };
    }
    case 'limits': {
      const most = BigInt(status.segments);
      return { shmmax: status.max, shmmin: 1n, shmmni: most, shmseg: most, shmall: status.allPages };
    }
    case 'sums': {
      const { segments, totalPages, residentPages } = status;
      return { used_ids: BigInt(segments), shm_tot: totalPages, shm_rss: BigInt(residentPages) };
    }
  }
}

export const SHM_HANDLERS = {
  remap_file_pages: (_t, p, a) =>
    result(p.sys.remapFilePages(a.number(0), a.number(1), a.number(2), a.number(3), a.number(4))),
  shmget: (_t, p, a) => result(p.sys.shmget(a.number(0), a.number(1), a.number(2))),
  shmat: (_t, p, a) => attached(p, p.sys.shmat(a.number(0), a.number(1), a.number(2))),
  shmdt: (_t, p, a) => result(p.sys.shmdt(a.number(0))),
  shmctl: (_t, p, a) => shmStatus(p, a),
  shm_open: (_t, p, a) => result(p.sys.shmOpen(a.text(0), a.number(1), a.number(2))),
  shm_unlink: (_t, p, a) => result(p.sys.shmUnlink(a.text(0))),
} satisfies Readonly<Record<string, (target: unknown, process: Process, args: Arguments) => Answer>>;

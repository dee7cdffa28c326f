/** System V shared memory: the limits of the system, and how segments are numbered. What calls answer besides stands in the recordings. */
import { describe, expect, test } from 'vitest';
import * as F from '../../../src/flags.ts';
import { Machine, type MachineConfig, type Process } from '../../../src/index.ts';

const PAGE = 4096;

function spawn(shm: MachineConfig['shm'] = {}): Process {
  return new Machine({ ram: '2M', invariants: 2, shm }).spawn();
}

function make(process: Process, bytes: number): number {
  return process.shmget(F.IPC_PRIVATE, bytes, 0o600);
}

describe('a limit of the system', () => {
  // As Linux 6.18 answers with kernel.shmmax, shmall and shmmni set in an IPC namespace of its own.
  test('shmmax: the bytes of one segment', () => {
    const process = spawn({ max: 8192n });
    expect(() => make(process, 8193)).toThrow('EINVAL');
    expect(make(process, 8192)).toBe(0);
  });

  test('shmall: the pages of all', () => {
    const process = spawn({ all: 5n });
    make(process, 2 * PAGE);
    expect(() => make(process, 4 * PAGE)).toThrow('ENOSPC');
    make(process, 3 * PAGE);
    expect(() => make(process, 1)).toThrow('ENOSPC');
  });

  test('shmmni: how many, looked at last', () => {
    const process = spawn({ segments: 1 });
    const id = make(process, 1);
    expect(() => make(process, 0)).toThrow('EINVAL');
    expect(() => make(process, 1)).toThrow('ENOSPC');
    process.shmctl(id, F.IPC_RMID);
    make(process, 1);
  });
});

test('an identifier comes back only with another sequence number, after 64 indices', () => {
  const process = spawn();
  const ids = Array.from({ length: 66 }, () => {
    const id = make(process, 1);
    process.shmctl(id, F.IPC_RMID);
    return id;
  });
  expect(ids.slice(0, 64)).toEqual(Array.from({ length: 64 }, (_, index) => index));
  expect(ids.slice(64)).toEqual([32768, 32769]);
  expect(() => process.shmctl(0, F.IPC_STAT)).toThrow('EINVAL');
});

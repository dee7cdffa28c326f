/**
 * The bytes of one transfer on the side of whoever makes it: its memory, or bytes in the hands of the machine's user.
 *
 * Place: under file-calls.ts, vector-calls.ts and stream-calls.ts. A transfer that waits goes on later where it was.
 */

import { ACCESS_READ, ACCESS_WRITE } from '../mmu/access-codes.ts';
import type { Ram } from '../mmu/ram.ts';
import type { AccessEngine } from './access.ts';
import type { IoVector } from './iovec.ts';
import type { Task } from './task.ts';
import type { ByteSource } from './transfers.ts';

export interface MoverParts {
  readonly engine: AccessEngine;
  readonly ram: Ram;
}

/** Ranges one after the other, inside user space; or bytes that are shown or given. */
export type UserBytes = readonly IoVector[] | { readonly bytes: Uint8Array };

/** Which way bytes go. */
export type Direction = 'read' | 'write';

/** Moves bytes between physical memory and `user`, from its byte `start` on; stops at what cannot be touched. */
export function moverOf(parts: MoverParts, task: Task, user: UserBytes, direction: Direction, start = 0): ByteSource {
  return 'bytes' in user
    ? givenMover(parts.ram, user.bytes, direction, start)
    : rangeMover(parts, task, user, direction === 'read' ? ACCESS_WRITE : ACCESS_READ, start);
}

function givenMover(ram: Ram, bytes: Uint8Array, direction: Direction, start: number): ByteSource {
  let done = start;
  return (pa, length) => {
    const part = bytes.subarray(done, done + length);
    if (direction === 'read') ram.read(pa, part);
    else ram.write(pa, part);
    done += length;
    return length;
  };
}

function rangeMover(
  { engine }: MoverParts,
  task: Task,
  ranges: readonly IoVector[],
  access: number,
  start: number,
): ByteSource {
  let index = 0;
  let inside = start;
  return (pa, length, faults) => {
    let done = 0;
    while (done < length && index < ranges.length) {
      const range = ranges[index];
      if (inside >= range.length) {
        inside -= range.length;
        index++;
        continue;
      }
      const wanted = Math.min(length - done, range.length - inside);
      const moved = engine.moveUser(task, range.address + inside, pa + done, wanted, access, faults);
      done += moved;
      inside += moved;
      if (moved < wanted) break;
    }
    return done;
  };
}

/** Processes that wait for locks, as users of the package meet them. The rules themselves are recordings and cases. */
import { beforeEach, describe, expect, test } from 'vitest';
import {
  F_GETLK,
  F_SETFL,
  F_SETLK,
  F_SETLKW,
  F_UNLCK,
  F_WRLCK,
  LOCK_EX,
  LOCK_UN,
  O_CREAT,
  O_NONBLOCK,
  O_RDWR,
  SEEK_SET,
  SIGPIPE,
} from '../../../src/flags.ts';
import { InvariantError, Machine, type Process } from '../../../src/index.ts';

let machine: Machine;
let main: Process;
let other: Process;
let fd: number;

function request(type: number, start = 0, length = 10) {
  return { type, whence: SEEK_SET, start, length };
}

beforeEach(() => {
  machine = new Machine({ ram: '8M', invariants: 2 });
  main = machine.spawn();
  fd = main.open('f', O_RDWR | O_CREAT);
  other = main.fork();
});

test('who waits is waiting, and has the lock once it can be had', () => {
  expect(main.recordLock(fd, F_SETLKW, request(F_WRLCK))).toBe(null);
  expect(other.recordLock(fd, F_SETLKW, request(F_WRLCK, 5))).toBe('waiting');
  expect([main.waiting, other.waiting]).toEqual([false, true]);
  expect(() => other.open('g', O_RDWR | O_CREAT)).toThrow('waits (lock)');
  main.recordLock(fd, F_SETLK, request(F_UNLCK));
  expect([other.waiting, other.waitResult]).toEqual([false, 0]);
  expect(main.recordLock(fd, F_GETLK, request(F_WRLCK))).toEqual({ type: F_WRLCK, start: 5n, length: 10n });
});

test('a deadlock is an error of the call that would close the circle', () => {
  main.recordLock(fd, F_SETLK, request(F_WRLCK, 0));
  other.recordLock(fd, F_SETLK, request(F_WRLCK, 10));
  expect(main.recordLock(fd, F_SETLKW, request(F_WRLCK, 10))).toBe('waiting');
  expect(() => other.recordLock(fd, F_SETLKW, request(F_WRLCK, 0))).toThrow('EDEADLK');
});

test('flock waits, and the call holds on to the file', () => {
  const own = other.open('f', O_RDWR);
  const thread = other.thread();
  expect(main.flock(fd, LOCK_EX)).toBe(0);
  expect(thread.flock(own, LOCK_EX)).toBe('waiting');
  other.close(own);
  main.flock(fd, LOCK_UN);
  expect(thread.waitResult).toBe(0);
  // It was the last that had the file open: the lock went with it.
  expect(main.flock(fd, LOCK_EX)).toBe(0);
});

describe('snapshots', () => {
  test('hold who waits, and for what', () => {
    main.recordLock(fd, F_SETLK, request(F_WRLCK));
    const third = main.fork();
    other.recordLock(fd, F_SETLKW, request(F_WRLCK));
    third.recordLock(fd, F_SETLKW, request(F_WRLCK));
    const snapshot = machine.snapshot();
    const run = () => {
      main.exit(0);
      const granted = [other.waiting, third.waiting];
      other.recordLock(fd, F_SETLK, request(F_UNLCK, 3, 2));
      other.exit(0);
      return [...granted, third.waiting, third.waitResult];
    };
    const straight = run();
    expect(straight).toEqual([false, true, false, 0]);
    machine.restore(snapshot);
    expect([main.alive, other.waiting, third.waiting, third.waitResult]).toEqual([true, true, true, -22]);
    expect(run()).toEqual(straight);
  });
});

test('a task that is said to wait for a lock, and is behind none, breaks an invariant', () => {
  main.recordLock(fd, F_SETLK, request(F_WRLCK));
  other.recordLock(fd, F_SETLKW, request(F_WRLCK));
  machine.check();
  other.task.waitsFor = '';
  expect(() => machine.check()).toThrow(InvariantError);
});

describe('pipes', () => {
  let r: number;
  let w: number;
  let reader: Process;

  beforeEach(() => {
    [r, w] = main.pipe();
    reader = main.fork();
  });

  test('let a read wait for bytes', () => {
    expect(reader.read(r, 10)).toHaveLength(0);
    expect([reader.waiting, reader.waitBytes]).toEqual([true, null]);
    main.write(w, Uint8Array.of(1, 2, 3));
    expect([reader.waiting, reader.waitResult, reader.waitBytes]).toEqual([false, 3, Uint8Array.of(1, 2, 3)]);
  });

  test('let a write wait for room', () => {
    expect(reader.write(w, new Uint8Array(70_000).fill(7))).toBe(0);
    expect(reader.waiting).toBe(true);
    expect(main.read(r, 70_000)).toHaveLength(65_536);
    expect([reader.waiting, reader.waitResult]).toEqual([false, 70_000]);
    expect(main.read(r, 70_000)).toEqual(new Uint8Array(70_000 - 65_536).fill(7));
  });

  test('kill whoever waits for room when nobody reads any more', () => {
    reader.close(r);
    reader.write(w, new Uint8Array(70_000));
    main.close(r);
    other.close(fd);
    expect([reader.alive, main.wait(reader).signal]).toEqual([false, SIGPIPE]);
  });

  test('keep their waiting calls in snapshots, with the part of a write that was done', () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, place) => place % 251);
    reader.write(w, bytes);
    const snapshot = machine.snapshot();
    const run = () => [...main.read(r, 65_536), ...main.read(r, 70_000)];
    expect(run()).toEqual([...bytes]);
    expect(reader.waitResult).toBe(70_000);
    machine.restore(snapshot);
    expect([reader.waiting, reader.waitResult]).toEqual([true, -22]);
    expect(run()).toEqual([...bytes]);
  });

  test('that nobody reads let nobody wait', () => {
    reader.fcntl(r, F_SETFL, O_NONBLOCK);
    expect(() => reader.read(r, 1)).toThrow('EAGAIN');
  });
});

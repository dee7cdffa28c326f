/** src/support.ts says what is so: of the README, of the constants, of the calls, and of the machine. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { withSupportTable } from '../../scripts/support-table.ts';
import * as F from '../../src/flags.ts';
import { Machine, type Process, SyscallError } from '../../src/index.ts';
import { CALLS } from '../../src/scenario/calls.ts';
import { SUPPORT } from '../../src/support.ts';
import { MIB } from '../../src/units.ts';

const ROWS = SUPPORT.flatMap((group) => group.rows);
const CONSTANTS = F as Readonly<Record<string, number | bigint>>;
const PREFIXES =
  /^(PROT|MAP|MREMAP|MS|MADV|MCL|MLOCK|O|SEEK|FALLOC_FL|MFD|PR|SYNC_FILE_RANGE|POSIX_FADV|IPC|SHM|F|FD|RLIMIT|RLIM|SC)_|^SIG/;

/** One case for each name with `prefix`: its number, and the errno that refuses it, if any does. */
function flagsLike(prefix: string): { name: string; value: number; errno: string | undefined }[] {
  return ROWS.flatMap((row) =>
    row.names
      .filter((name) => name.startsWith(prefix))
      .map((name) => ({ name, value: Number(CONSTANTS[name]), errno: row.errno })),
  );
}

/** The errno that `call` fails with, or undefined. */
function errnoOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof SyscallError) return error.code;
    throw error;
  }
}

function spawn(fs: 'tmpfs' | 'ext4'): { process: Process; fd: number; length: number } {
  const process = new Machine({ ram: '8M', fs, invariants: 2, hugePages: 1 }).spawn();
  const fd = process.open('/f', F.O_RDWR | F.O_CREAT);
  process.write(fd, new Uint8Array(4 * 4096).fill(1));
  return { process, fd, length: 4 * 4096 };
}

test('the README shows the table (npx tsx scripts/support-table.ts puts it there)', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  expect(readme).toBe(withSupportTable(readme));
});

/** Its own and those it inherits. */
function methodsOf(object: object): string[] {
  const prototype = Object.getPrototypeOf(object) as object | null;
  return prototype === null ? [] : [...Object.getOwnPropertyNames(prototype), ...methodsOf(prototype)];
}

describe('the rows', () => {
  const names = ROWS.flatMap((row) => row.names);

  test('name nothing twice', () => {
    expect(names.filter((name, place) => names.indexOf(name) !== place)).toEqual([]);
  });

  test('name every constant of a call, and no constant that does not exist', () => {
    const flags = Object.keys(F).filter((name) => PREFIXES.test(name));
    expect(flags.length).toBeGreaterThan(100);
    expect(flags.filter((name) => !names.includes(name))).toEqual([]);
    expect(names.filter((name) => /^[A-Z]/.test(name) && !(name in F))).toEqual([]);
  });

  test('name every call of the scenario language but loads, stores and what /proc shows', () => {
    const accesses =
      /^(load|store|cas|fetchadd|fetch)\d+$|^copy(in|out)$|^fstat_mode$|^times$|^waited$|^(s?maps|vmflags|pagemap|status)$/;
    const calls = [...new Set(CALLS.map((call) => call.name))].filter((name) => !accesses.test(name));
    expect(calls.filter((name) => !names.includes(name))).toEqual([]);
  });

  test('say what is missing, unless the whole call is', () => {
    const silent = ROWS.filter(({ support, note, errno }) => support !== 'supported' && note + (errno ?? '') === '');
    expect(silent.flatMap((row) => row.names).filter((name) => /^[A-Z]/.test(name))).toEqual([]);
  });
});

/** Commands of fcntl that take a struct flock. */
const LOCKING = /LKW?$/;

describe('the machine', () => {
  test('has the calls that are not unsupported, and none that is', () => {
    const methods = methodsOf(spawn('tmpfs').process);
    const spelled = (name: string) =>
      name.replace('mlock2', 'mlock').replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
    for (const { names, support } of ROWS) {
      for (const name of names.filter((word) => /^[a-z]/.test(word))) {
        expect({ name, there: methods.includes(spelled(name)) }).toEqual({ name, there: support !== 'unsupported' });
      }
    }
  });

  test.each(flagsLike('MADV_'))('$name: $errno', ({ value, errno }) => {
    const { process, fd, length } = spawn('tmpfs');
    const rw = F.PROT_READ | F.PROT_WRITE;
    const anonymous = process.mmap(0, length, rw, F.MAP_PRIVATE | F.MAP_ANONYMOUS);
    const shared = process.mmap(0, length, rw, F.MAP_SHARED, fd, 0);
    const answers = [anonymous, shared].map((va) => errnoOf(() => process.madvise(va, length, value)));
    // Room for a huge page, with something in it.
    const wide = process.mmap(0, 4 * MIB, rw, F.MAP_PRIVATE | F.MAP_ANONYMOUS);
    process.store8(wide, 1);
    answers.push(errnoOf(() => process.madvise(wide, length, value)));
    expect(answers).toContain(errno);
  });

  test.each(flagsLike('MAP_'))('$name: $errno', ({ value, errno }) => {
    const { process, fd, length } = spawn('tmpfs');
    const type = value === 0 || (value & F.MAP_TYPE) !== 0 ? value : value | F.MAP_PRIVATE;
    const anonymous = errnoOf(() => process.mmap(0x10000000, length, F.PROT_READ, type | F.MAP_ANONYMOUS));
    const mapped = errnoOf(() => process.mmap(0x20000000, length, F.PROT_READ, type, fd, 0));
    // MAP_TYPE is a mask, not a type.
    expect([anonymous, mapped]).toContain(value === F.MAP_TYPE ? 'EINVAL' : errno);
  });

  test.each(flagsLike('O_'))('$name: $errno', ({ name, value, errno }) => {
    const { process } = spawn('tmpfs');
    const onDirectory = name === 'O_DIRECTORY' || name === 'O_TMPFILE';
    const flags = name === 'O_TMPFILE' ? value | F.O_RDWR : value;
    const answer = errnoOf(() => process.open(onDirectory ? '/' : '/f', flags));
    expect(answer).toBe(errno);
  });

  test.each(flagsLike('MFD_'))('$name: $errno', ({ value, errno }) => {
    // A size alone is no flag.
    const flags = value > F.MFD_EXEC ? value | F.MFD_HUGETLB : value;
    expect(errnoOf(() => spawn('tmpfs').process.memfdCreate('m', flags))).toBe(errno);
  });

  test.each(flagsLike('FALLOC_FL_'))('$name: $errno', ({ value, errno }) => {
    const { process, fd } = spawn('ext4');
    const mode = value === F.FALLOC_FL_PUNCH_HOLE ? value | F.FALLOC_FL_KEEP_SIZE : value;
    expect(errnoOf(() => process.fallocate(fd, mode, 4096, 4096))).toBe(errno);
  });

  test.each(flagsLike('F_').filter(({ name }) => LOCKING.test(name)))('$name: $errno', ({ value, errno }) => {
    const { process, fd } = spawn('tmpfs');
    const request = { type: F.F_WRLCK, whence: F.SEEK_SET, start: 0, length: 1 };
    expect(errnoOf(() => process.recordLock(fd, value, request))).toBe(errno);
  });

  test.each(
    flagsLike('F_').filter(({ name }) => !/^F_SEAL_|^F_ALL_SEALS|^F_(RD|WR|UN)LCK/.test(name) && !LOCKING.test(name)),
  )('$name: $errno', ({ value, errno }) => {
    const { process } = spawn('tmpfs');
    const fd = process.memfdCreate('m', F.MFD_ALLOW_SEALING);
    expect(errnoOf(() => process.fcntl(fd, value, 0))).toBe(errno);
  });

  test.each(flagsLike('F_').filter(({ name }) => /^F_SEAL_|^F_ALL_SEALS/.test(name)))(
    '$name can be set',
    ({ value }) => {
      const { process } = spawn('tmpfs');
      const fd = process.memfdCreate('m', F.MFD_ALLOW_SEALING);
      process.fcntl(fd, F.F_ADD_SEALS, value);
      expect(process.fcntl(fd, F.F_GET_SEALS) & value).toBe(value);
    },
  );

  test.each(flagsLike('RLIMIT_'))('$name can be set', ({ value }) => {
    expect(errnoOf(() => spawn('tmpfs').process.setrlimit(value, 4096))).toBeUndefined();
  });

  test.each(flagsLike('SC_'))('$name has an answer', ({ value }) => {
    expect(spawn('tmpfs').process.sysconf(value)).toBeGreaterThan(0);
  });
});

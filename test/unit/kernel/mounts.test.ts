/**
 * Read-only mounts and those that nothing is executed from. What each call answers was asked of Linux 6.18, on a tmpfs of a mount namespace
 * of its own that was mounted anew with these flags.
 */
import { expect, test } from 'vitest';
import { Machine } from '../../../src/index.ts';
import { MachineTarget } from '../../../src/scenario/machine-target.ts';
import { parseScenario, runScenario } from '../../../src/scenario/scenario.ts';

/** Runs lines of a scenario; each is written with what it should answer behind `->`. */
function check(text: string): void {
  const lines = text.trim().split('\n');
  const statements = lines.map((line) => line.trim().replace(/ -> .*/, ''));
  const scenario = parseScenario(statements.join('\n'), 'mounts.scn');
  const target = new MachineTarget({ ram: '8M', invariants: 2 });
  const answers = [...runScenario(scenario, target)].map((line) => line.replace(/^\d+ (main )?/, ''));
  expect(answers).toEqual(lines.map((line) => line.trim()));
}

test('nothing new is executed from a noexec mount', () => {
  check(`
    % mount /m -> = /m is mounted rw
    f = open("/m/f", O_RDWR|O_CREAT, 0755) -> = 3
    ftruncate(f, 8192) -> = 0
    mmap(A, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED, f, 0) -> = A+0x0
    % mount /m noexec -> = /m is mounted noexec
    mmap(NULL, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE, f, 0) -> = -1 EPERM
    mmap(NULL, 4096, PROT_READ|PROT_EXEC, MAP_SHARED, f, 0) -> = -1 EPERM
    mmap(A+8192, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED, f, 0) -> = A+0x2000
    mprotect(A+8192, 4096, PROT_READ|PROT_EXEC) -> = -1 EACCES
    mprotect(A, 4096, PROT_READ|PROT_WRITE|PROT_EXEC) -> = 0
    mprotect(A, 4096, PROT_READ) -> = 0
    mprotect(A, 4096, PROT_READ|PROT_EXEC) -> = 0`);
});

test('what may be written keeps a mount from becoming read-only', () => {
  check(`
    % mount /m -> = /m is mounted rw
    f = open("/m/f", O_RDWR|O_CREAT, 0755) -> = 3
    ftruncate(f, 8192) -> = 0
    % mount /m ro -> = -1 EBUSY
    mmap(A, 4096, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f, 0) -> = A+0x0
    mmap(A+4096, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED, f, 0) -> = A+0x1000
    close(f) -> = 0
    % mount /m ro,noexec -> = -1 EBUSY
    munmap(A, 4096) -> = 0
    % mount /m ro -> = -1 EBUSY
    munmap(A+4096, 4096) -> = 0
    % mount /m ro -> = /m is mounted ro`);
});

test('nothing is changed on a read-only mount, and what is wrong with a path comes first', () => {
  check(`
    % mount /m -> = /m is mounted rw
    f = open("/m/f", O_RDWR|O_CREAT, 0755) -> = 3
    write(f, "data") -> = 4
    mkdir("/m/d") -> = 0
    d = open("/m/d", O_RDONLY|O_DIRECTORY) -> = 4
    close(f) -> = 0
    % mount /m ro -> = /m is mounted ro
    open("/m/f", O_RDWR) -> = -1 EROFS
    open("/m/f", O_WRONLY) -> = -1 EROFS
    r = open("/m/f", O_RDONLY) -> = 3
    open("/m/f", O_RDONLY|O_TRUNC) -> = -1 EROFS
    open("/m/f", O_RDONLY|O_CREAT) -> = 5
    open("/m/f", O_RDWR|O_CREAT) -> = -1 EROFS
    open("/m/n", O_RDWR|O_CREAT) -> = -1 EROFS
    open("/m/f", O_RDWR|O_CREAT|O_EXCL) -> = -1 EEXIST
    open("/m/f", 3) -> = 6
    open("/m/f", O_PATH) -> = 7
    open("/m/none", O_RDWR) -> = -1 ENOENT
    open("/m/d", O_RDWR) -> = -1 EISDIR
    mkdir("/m/x") -> = -1 EROFS
    mkdir("/m/d") -> = -1 EEXIST
    mkdir("/m/none/x") -> = -1 ENOENT
    rmdir("/m/none") -> = -1 EROFS
    rmdir("/m/d/.") -> = -1 EINVAL
    unlink("/m/none") -> = -1 EROFS
    unlink("/m/f/") -> = -1 EROFS
    rename("/m/none", "/m/g") -> = -1 EROFS
    rename("/m/f", "/m/f") -> = -1 EROFS
    rename("/m/.", "/m/g") -> = -1 EBUSY
    rename("/m/f", "g") -> = -1 EXDEV
    link("/m/f", "/m/g") -> = -1 EROFS
    link("/m/f", "/m/d") -> = -1 EEXIST
    link("/m/none", "/m/g") -> = -1 ENOENT
    link("/m/f", "g") -> = -1 EXDEV
    symlink("f", "/m/q") -> = -1 EROFS
    symlink("f", "/m/q/") -> = -1 ENOENT
    chmod("/m/f", 0600) -> = -1 EROFS
    chmod("/m/none", 0600) -> = -1 ENOENT
    fchmod(d, 0700) -> = -1 EROFS
    mmap(A, 4096, PROT_READ, MAP_SHARED|MAP_FIXED, r, 0) -> = A+0x0
    mmap(A, 4096, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, r, 0) -> = -1 EACCES
    mmap(A, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED, r, 0) -> = A+0x0
    ftruncate(r, 0) -> = -1 EINVAL
    times(r) -> = 0 {atime mtime ctime}
    read(r, 4) -> = 4 "data"
    times(r) -> = 0 {}
    % mount /m rw -> = /m is mounted rw
    read(r, 4) -> = 0 ""
    times(r) -> = 0 {atime}
    open("/m/f", O_RDWR) -> = 8`);
});

test('a name with slashes is none for a mount', () => {
  expect(() => new Machine({ ram: '8M' }).mount('a/b', { readOnly: false, noexec: false })).toThrow(
    'one name without slashes',
  );
});

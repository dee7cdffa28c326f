/** ftruncate that grew a file within its last page zeroed up to the new end only; ext4 zeroes the whole rest of the page (Linux 6.18). */
import { expect, test } from 'vitest';
import { MAP_SHARED, O_CREAT, O_RDWR, PROT_READ, PROT_WRITE } from '../../src/flags.ts';
import { Machine, type Process } from '../../src/index.ts';

/** A file of 100 bytes whose page holds a 1 in its last byte, beyond the end. */
function stored(): { process: Process; fd: number; page: number } {
  const process = new Machine({ ram: '16M', fs: 'ext4', invariants: 2 }).spawn();
  const fd = process.open('file', O_RDWR | O_CREAT);
  process.ftruncate(fd, 100);
  const page = process.mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  process.store8(page + 4095, 1);
  return { process, fd, page };
}

test('ftruncate zeroes to the end of the page', () => {
  const { process, fd, page } = stored();
  process.ftruncate(fd, 200);
  expect(process.load8(page + 4095)).toBe(0);
});

test('a write and fallocate zero up to the new end', () => {
  const { process, fd, page } = stored();
  process.store8(page + 150, 2);
  process.pwrite(fd, Uint8Array.of(3), 200);
  expect([process.load8(page + 150), process.load8(page + 4095)]).toEqual([0, 1]);
  process.store8(page + 300, 2);
  process.fallocate(fd, 0, 0, 400);
  expect([process.load8(page + 300), process.load8(page + 4095)]).toEqual([0, 1]);
});

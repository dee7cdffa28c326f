/**
 * Print a file through mmap, as the textbook program does:
 *
 *   fd = open(argv[1], O_RDONLY);
 *   fstat(fd, &st);
 *   p = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
 *   write(1, p, st.st_size);
 *
 * mmap itself reads nothing. The pages just written are still in the page cache, so the first load
 * maps both of them at one go (fault-around). The hole between them was never in the cache: a major fault.
 */
import { MAP_PRIVATE, Machine, O_CREAT, O_RDONLY, O_WRONLY, PROT_READ, type Process } from 'faultline';

const PAGE = 4096;
const LINE = 'A mapping is a promise.\n';
const END = 'The page comes at the first touch.\n';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A file of three pages: one line in the first, a hole, one line in the third. */
function writeFile(process: Process, path: string): void {
  const fd = process.open(path, O_CREAT | O_WRONLY);
  process.write(fd, encoder.encode(LINE));
  process.pwrite(fd, encoder.encode(END), 2 * PAGE);
  process.fsync(fd);
  process.close(fd);
}

function printFile(process: Process, path: string): number {
  const fd = process.open(path, O_RDONLY);
  const size = Number(process.fstat(fd).size);
  const p = process.mmap(0, size, PROT_READ, MAP_PRIVATE, fd, 0);
  process.close(fd); // the mapping keeps the file
  console.log(
    `mapped ${size} bytes; in the cache: [${process.mincore(p, size)}]; mapped: ${process.smaps(p)?.Rss} KiB`,
  );
  console.log(decoder.decode(process.copyIn(p, size)).replaceAll('\0', '').trimEnd());
  return p;
}

const machine = new Machine({ fs: 'ext4' });
writeFile(machine.spawn(), '/letter.txt');

const reader = machine.spawn();
const p = printFile(reader, '/letter.txt');
console.log(
  `mapped: ${reader.smaps(p)?.Rss} KiB after ${reader.minorFaults} minor and ${reader.majorFaults} major fault`,
);
for (const { start, end, perms, path } of reader.maps()) {
  console.log(`${start.toString(16)}-${end.toString(16)} ${perms} ${path}`);
}

/**
 * read(2), write(2), pread(2), pwrite(2) of regular files: bytes between a file's cache and user memory.
 *
 * Page by page through the one cache that mappings use. User memory is touched through the access
 * engine: a page that cannot be touched ends the transfer with a short count, or with EFAULT when
 * nothing was moved.
 * Source: Linux fs/read_write.c, mm/filemap.c filemap_read, generic_perform_write.
 */

import { EFAULT, EFBIG, EINVAL, EPERM } from '../errno.ts';
import {
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_WRITE,
  O_DIRECT,
  POSIX_FADV_RANDOM,
  POSIX_FADV_SEQUENTIAL,
  RLIMIT_FSIZE,
  SI_USER,
  SIGXFSZ,
} from '../flags.ts';
import { dropPrivileges } from './chmod.ts';
import { comparePosition, type Inode } from './inode.ts';
import type { OpenFile } from './open-file.ts';
import type { Task } from './task.ts';
import {
  advance,
  type ByteSink,
  type ByteSource,
  type Position,
  type TransferParts,
  transferMax,
} from './transfers.ts';

/** The device's logical block, in bytes. */
const SECTOR = 512;

/** Moves up to `count` bytes from `position` on, which moves along; bytes moved or a negative errno. */
export function readFile(
  parts: TransferParts,
  file: OpenFile,
  position: Position,
  count: number,
  sink: ByteSink,
): number {
  const { inode } = file;
  if (count > 0 && bytesInPage(parts, inode, position) > 0 && isMisaligned(file, position, count)) return -EINVAL;
  if (count > 0) file.noteAccess();
  // Where the last read ended, all through this one.
  const readEnd = file.readEndPage;
  let left = Math.min(count, transferMax(parts.ram.pageSize));
  let done = 0;
  while (left > 0) {
    const room = bytesInPage(parts, inode, position);
    if (room <= 0) break;
    const ahead = readAheadPages(parts, file, readEnd, position.page, pagesOf(parts, position, left));
    const pfn = parts.filePages.forRead(inode, position.page, ahead);
    if (pfn < 0) return done > 0 ? done : pfn;
    const wanted = Math.min(left, room);
    const moved = sink((pfn > 0 ? pfn : parts.pool.zeroPfn) * parts.ram.pageSize + position.byte, wanted);
    advance(position, moved, parts.ram.pageSize);
    done += moved;
    left -= moved;
    file.readEndPage = position.page;
    // Reading directly, all the memory is taken hold of before anything counts.
    if (moved < wanted) return done > 0 && !isDirect(file) ? done : -EFAULT;
  }
  return done;
}

/** Pages that `count` bytes from `position` on reach into. */
function pagesOf(parts: TransferParts, { byte }: Position, count: number): number {
  return Math.ceil((byte + count) / parts.ram.pageSize);
}

/**
 * Pages to read at once when page `index` is missing, of which `asked` are wanted and the read before ended in page `readEnd`: a stream gets a
 * window of up to four times what it asks for. So does, by another measure, what follows on more cached pages than it asks for; a
 * read elsewhere gets just what it asks for (page_cache_sync_ra, get_init_ra_size).
 */
function readAheadPages(parts: TransferParts, file: OpenFile, readEnd: number, index: number, asked: number): number {
  if (file.readAdvice === POSIX_FADV_RANDOM) return asked;
  const largest = Math.max(windowPages(parts, file), asked);
  const step = index - readEnd;
  if (index === 0 || step === 0 || step === 1) return firstWindow(asked, largest);
  const before = cachedBefore(file.inode, index, largest);
  if (before <= asked) return asked;
  return Math.min(largest, asked + (before === index ? 2 * before : before));
}

function firstWindow(asked: number, largest: number): number {
  const rounded = 2 ** Math.ceil(Math.log2(asked));
  if (rounded <= largest / 32) return rounded * 4;
  return rounded <= largest / 4 ? rounded * 2 : largest;
}

/** Cached pages in a row that end before page `index`, at most so many. */
function cachedBefore({ cache }: Inode, index: number, most: number): number {
  let count = 0;
  while (count < most && count < index && cache.get(index - count - 1) !== 0) count++;
  return count;
}

/** The largest read-ahead window: twice the usual one for a file that will be read in order. */
function windowPages({ filePages }: TransferParts, file: OpenFile): number {
  return file.readAdvice === POSIX_FADV_SEQUENTIAL ? filePages.readAheadPages * 2 : filePages.readAheadPages;
}

/** O_DIRECT goes to the disk; memory has none. */
export function isDirect({ flags, inode }: OpenFile): boolean {
  return (flags & O_DIRECT) !== 0 && !inode.fs.swapBacked;
}

/** The disk is read and written by sectors. Where user memory begins counts for nothing. */
export function isMisaligned(file: OpenFile, { byte }: Position, count: number): boolean {
  return isDirect(file) && (byte % SECTOR !== 0 || count % SECTOR !== 0);
}

/** Bytes of the file from `position` to the end of its page; 0 or less at the end of the file. */
function bytesInPage(parts: TransferParts, inode: Inode, position: Position): number {
  if (position.page < inode.sizePages) return parts.ram.pageSize - position.byte;
  return position.page === inode.sizePages ? inode.sizeTail - position.byte : 0;
}

/** Writes up to `count` bytes at `position`, which moves along; bytes written or a negative errno. */
export function writeFile(
  parts: TransferParts,
  task: Task,
  file: OpenFile,
  position: Position,
  count: number,
  source: ByteSource,
): number {
  const { inode } = file;
  if (count === 0) return 0;
  if (file.appends) {
    position.page = inode.sizePages;
    position.byte = inode.sizeTail;
  }
  const allowed = allowedBytes(parts, task, inode, position, Math.min(count, transferMax(parts.ram.pageSize)));
  if (allowed < 0) return allowed;
  if (isMisaligned(file, position, allowed)) return -EINVAL;
  dropPrivileges(inode);
  inode.noteModification();
  return writePages(parts, inode, position, allowed, source);
}

/** How much of a write the limits let through, or -EFBIG (with SIGXFSZ beyond RLIMIT_FSIZE). */
function allowedBytes(parts: TransferParts, task: Task, inode: Inode, position: Position, count: number): number {
  const { pageSize } = parts.ram;
  const limit = task.limits.soft(RLIMIT_FSIZE);
  const at = position.page * pageSize + position.byte;
  if (at >= limit) {
    parts.signals.send(task, { signal: SIGXFSZ, code: SI_USER, address: 0 });
    return -EFBIG;
  }
  const { maxSizePages, maxSizeTail } = inode.fs;
  if (comparePosition(position.page, position.byte, maxSizePages, maxSizeTail) >= 0) return -EFBIG;
  const room = (maxSizePages - position.page) * pageSize + maxSizeTail - position.byte;
  return Math.min(count, limit - at, room);
}

function checkSeals(inode: Inode, position: Position, count: number, pageSize: number): number {
  if (inode.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) return -EPERM;
  if (!(inode.seals & F_SEAL_GROW)) return 0;
  const endByte = position.byte + count;
  const grows =
    comparePosition(
      position.page + Math.floor(endByte / pageSize),
      endByte % pageSize,
      inode.sizePages,
      inode.sizeTail,
    ) > 0;
  return grows ? -EPERM : 0;
}

function writePages(parts: TransferParts, inode: Inode, position: Position, count: number, source: ByteSource): number {
  const { pageSize } = parts.ram;
  let done = 0;
  while (done < count) {
    const want = Math.min(count - done, pageSize - position.byte);
    const sealed = checkSeals(inode, position, want, pageSize);
    if (sealed < 0) return done > 0 ? done : sealed;
    // The bytes are first taken without faults. When none comes, the page is prepared and the size reaches up to it all the
    // same; then they are asked for again: a source that maps this very file may be readable now, or have lost what was behind its end.
    let good = writeChunk(parts, inode, position, want, count - done, withoutFaults(source));
    if (good === 0) good = writeChunk(parts, inode, position, want, count - done, source);
    if (good <= 0) return done > 0 ? done : good < 0 ? good : -EFAULT;
    advance(position, good, pageSize);
    done += good;
  }
  return done;
}

function withoutFaults(source: ByteSource): ByteSource {
  return (pa, length) => source(pa, length, 'refused');
}

/** Room for what a new folio takes of a write of `pages` pages: it is there even if then no bytes come. */
function reserveFolio({ filePages }: TransferParts, inode: Inode, page: number, pages: number): void {
  const end = Math.min(filePages.folios.of(inode, page)?.end ?? 0, page + pages);
  for (let index = page + 1; index < end; index++) inode.fs.reserve(inode, index);
}

/** Writes up to `want` bytes into one page; how many came, or a negative errno. */
function writeChunk(
  parts: TransferParts,
  inode: Inode,
  position: Position,
  want: number,
  left: number,
  source: ByteSource,
): number {
  const { page, byte } = position;
  const { pageSize } = parts.ram;
  const reserved = inode.fs.reserve(inode, page);
  if (reserved < 0) return reserved;
  const isNew = inode.cache.get(page) === 0;
  const pfn = parts.filePages.forWrite(inode, page, byte, left);
  if (pfn < 0) return pfn;
  if (isNew) reserveFolio(parts, inode, page, pagesOf(parts, position, left));
  // The page cannot go away while user memory is touched for it.
  parts.pool.get(pfn);
  const good = source(pfn * pageSize + byte, want);
  parts.pool.put(pfn);
  const completed = parts.filePages.written(inode, page, pfn, good);
  if (completed < 0) return completed;
  // Only now: the bytes may have come from behind the old end, through a mapping.
  if (comparePosition(page, byte, inode.sizePages, inode.sizeTail) > 0) parts.truncator.zeroGap(inode, page, byte);
  if (good > 0 || inode.fs.swapBacked) parts.cache.setDirty(inode.cache, page, pfn);
  const end = byte + good;
  const endPage = page + Math.floor(end / pageSize);
  if (comparePosition(endPage, end % pageSize, inode.sizePages, inode.sizeTail) > 0)
    inode.setSize(endPage, end % pageSize);
  return good;
}

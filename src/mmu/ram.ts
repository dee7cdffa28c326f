/**
 * Physical memory: one ArrayBuffer seen through byte and word views.
 *
 * Place: the bottom of the machine; page tables, page contents and DMA all live here. It knows
 * nothing of frames' owners. In a machine with `contents: 'tables'` only the low zone has bytes:
 * loads above it give 0 and stores there are dropped, so that RAM may be far larger than a buffer.
 */

export class Ram {
  readonly buffer: ArrayBuffer;
  /** Uint8Array(contentBytes), indexed by physical address. */
  readonly u8: Uint8Array;
  /** Uint32Array(contentBytes / 4), indexed by physical address / 4. */
  readonly u32: Uint32Array;
  readonly view: DataView;
  readonly pageSize: number;
  /** Bytes that exist: addresses at or above it have no contents. */
  readonly contentBytes: number;
  /** Frames that have contents; cached from contentBytes. */
  readonly contentFrames: number;
  /** What `fetchAhead` read: without a use V8 would leave the reads out. */
  fetched: number;

  constructor(contentBytes: number, pageSize: number) {
    this.buffer = new ArrayBuffer(contentBytes);
    this.u8 = new Uint8Array(this.buffer);
    this.u32 = new Uint32Array(this.buffer);
    this.view = new DataView(this.buffer);
    this.pageSize = pageSize;
    this.contentBytes = contentBytes;
    this.contentFrames = contentBytes / pageSize;
    this.fetched = 0;
  }

  /**
   * Reads a byte of each of the frames pfns[first] to pfns[end - 1], 0 for none: the host's processor finds its own translations of them
   * side by side, where accesses with a translation of ours between them wait for one after another.
   */
  fetchAhead(pfns: Uint32Array, first: number, end: number): void {
    const { u8, pageSize, contentFrames } = this;
    let sum = 0;
    for (let place = first; place < end; place++) {
      const pfn = pfns[place];
      if (pfn < contentFrames) sum += u8[pfn * pageSize];
    }
    this.fetched = sum;
  }

  zeroFrame(pfn: number): void {
    if (pfn >= this.contentFrames) return;
    const start = pfn * this.pageSize;
    this.u8.fill(0, start, start + this.pageSize);
  }

  copyFrame(to: number, from: number): void {
    if (to >= this.contentFrames) return;
    const start = from * this.pageSize;
    if (from >= this.contentFrames) this.zeroFrame(to);
    else this.u8.copyWithin(to * this.pageSize, start, start + this.pageSize);
  }

  /** Zeroes bytes [from, to) of a frame. */
  zeroRange(pfn: number, from: number, to: number): void {
    if (pfn >= this.contentFrames) return;
    const start = pfn * this.pageSize;
    this.u8.fill(0, start + from, start + to);
  }

  /** Copies `target.length` bytes out of physical memory. */
  read(pa: number, target: Uint8Array): void {
    if (pa < this.contentBytes) target.set(this.u8.subarray(pa, pa + target.length));
    else target.fill(0);
  }

  /** Copies bytes into physical memory. */
  write(pa: number, source: Uint8Array): void {
    if (pa < this.contentBytes) this.u8.set(source, pa);
  }

  /**
   * Copies `length` bytes upwards in steps of `step` bytes, as a copy loop in the kernel does: where
   * source and target overlap, bytes already copied are copied again.
   */
  moveUpwards(to: number, from: number, length: number, step: number): void {
    if (to >= this.contentBytes || from >= this.contentBytes) return;
    const overlaps = to > from && to < from + length;
    const stride = overlaps ? step : length;
    for (let done = 0; done < length; done += stride) {
      const end = Math.min(length, done + stride);
      this.u8.copyWithin(to + done, from + done, from + end);
    }
  }

  load8(pa: number): number {
    // Nothing stands where there are no contents: `| 0` makes a 0 of it, without a compare that the array makes anyway.
    return this.u8[pa] | 0;
  }

  store8(pa: number, value: number): void {
    if (pa < this.contentBytes) this.u8[pa] = value;
  }

  load16(pa: number): number {
    return pa < this.contentBytes ? this.view.getUint16(pa, true) : 0;
  }

  store16(pa: number, value: number): void {
    if (pa < this.contentBytes) this.view.setUint16(pa, value, true);
  }

  load32(pa: number): number {
    return pa < this.contentBytes ? this.view.getUint32(pa, true) : 0;
  }

  store32(pa: number, value: number): void {
    if (pa < this.contentBytes) this.view.setUint32(pa, value, true);
  }
}

/**
 * A file of the host as chunks of bytes, gzip unpacked on the way.
 *
 * Never a whole file in memory: one chunk is read while the last is used. What is gzip is seen by its first
 * two bytes, not by its name. Data that end early or are not gzip at all are the user's: one sentence naming
 * the file.
 */
import { createReadStream, type ReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { UserError } from '../assert.ts';

const CHUNK_BYTES = 512 * 1024;
const GZIP_MAGIC = [0x1f, 0x8b];

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const head = new Uint8Array(2);
    const { bytesRead } = await file.read(head, 0, 2, 0);
    return bytesRead === 2 && head[0] === GZIP_MAGIC[0] && head[1] === GZIP_MAGIC[1];
  } finally {
    await file.close();
  }
}

/** Chunks of the unpacked file. `onRead` is told how many bytes of the file itself have been read so far. */
export async function* readBytes(path: string, onRead: (bytes: number) => void = () => {}): AsyncGenerator<Uint8Array> {
  const packed = await isGzip(path);
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  if (!packed) {
    yield* counted(source, source, onRead);
    return;
  }
  const unpacked = createGunzip({ chunkSize: CHUNK_BYTES });
  source.on('error', (error) => unpacked.destroy(error));
  source.pipe(unpacked);
  try {
    yield* counted(unpacked, source, onRead);
  } catch (error) {
    throw gzipSentence(path, error);
  } finally {
    source.destroy();
    unpacked.destroy();
  }
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  source: ReadStream,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onRead(source.bytesRead);
    yield chunk;
  }
}

function gzipSentence(path: string, error: unknown): unknown {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code === 'Z_BUF_ERROR')
    return new UserError(`${path}: the gzip data end too early; the file was cut off, copy or record it again`);
  if (code?.startsWith('Z_'))
    return new UserError(
      `${path}: the gzip data are damaged (${(error as Error).message}); copy or record the file again`,
    );
  return error;
}

/** The whole of a small file as text, unpacked. */
export async function readText(path: string): Promise<string> {
  const decoder = new TextDecoder('utf-8');
  let text = '';
  for await (const chunk of readBytes(path)) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/** Bytes of a file on disk (Node). */
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { SourceError } from '../errors.ts'
import { type ByteSource, checkRange } from './source.ts'

/** @throws SourceError when the file cannot be opened or is none */
export async function openFileSource(path: string): Promise<ByteSource> {
  const name = basename(path)
  const file = await open(path, 'r').catch((thrown: Error) => {
    throw new SourceError(`${path}: ${thrown.message}`, {}, { cause: thrown })
  })
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw new SourceError(`${path}: not a file`)
    const { size } = stats
    return {
      name,
      size,
      read: async (offset, length, signal) => {
        checkRange({ name, size }, offset, length)
        const bytes = new Uint8Array(length)
        for (let done = 0; done < length; ) {
          signal?.throwIfAborted()
          const { bytesRead } = await file.read(bytes, done, length - done, offset + done).catch((thrown: Error) => {
            throw new SourceError(`${path}: ${thrown.message}`, {}, { cause: thrown })
          })
          if (bytesRead === 0) throw new SourceError(`${path}: ends at ${offset + done}, before its ${size} bytes`)
          done += bytesRead
        }
        return bytes
      },
      close: () => file.close()
    }
  } catch (thrown) {
    await file.close()
    throw thrown
  }
}

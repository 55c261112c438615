/**
 * Bytes that can be read by range: a file, a URL, a browser's File, another peer. What parses a model asks for ranges
 * through this and never for the whole, because model files are larger than memory.
 */
export interface ByteSource {
  /** Bytes in all; an integer up to 2^53 − 1. */
  readonly size: number
  /** Where the bytes come from, for messages. */
  readonly name: string
  /**
   * Exactly `length` bytes from `offset`, in memory of their own.
   * @throws SourceError when the source answers otherwise, or when the range is not inside it
   */
  read: (offset: number, length: number, signal?: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>
  close?: () => Promise<void>
}

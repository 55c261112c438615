/**
 * The largest headers that strangers can make a reader take in before it refuses them, and what one costs. Run as a program
 * with a giant's name, in a process of its own since only a process knows its peak memory: prints a `GiantCost` as JSON.
 */
import { existsSync, readFileSync } from 'node:fs'
import { ShoalError } from '../../../peer/errors.ts'
import type { ByteSource } from '../../../peer/model/byte-source.ts'
import { MAX_HEADER_BYTES, readGgufHeader } from '../../../peer/model/gguf.ts'
import { describeHeader } from '../../../peer/model/manifest.ts'

export interface GiantCost {
  /** Of the refusal; absent where the file was read, or something else was thrown. */
  message?: string
  ms: number
  /** Peak memory beyond what the process had before. */
  extraBytes: number
}

/** Bytes said over and over. */
interface Run {
  bytes: Uint8Array
  times: number
}

const U8 = 0
const BOOL = 7
const STRING = 8
const ARRAY = 9
const NO_TYPE = 77

/** Little-endian numbers and text, one after the other. */
function pack(...fields: (['u32' | 'u64', number | bigint] | ['text', string])[]): Uint8Array {
  return Buffer.concat(
    fields.map(([kind, value]) => {
      if (kind === 'text') return Buffer.concat([pack(['u64', value.length]), Buffer.from(value)])
      const wide = new DataView(new ArrayBuffer(8))
      wide.setBigUint64(0, BigInt(value), true)
      return Buffer.from(wide.buffer, 0, kind === 'u32' ? 4 : 8)
    })
  )
}

const once = (bytes: Uint8Array): Run => ({ bytes, times: 1 })
const start = (tensors: number, entries: number) =>
  once(pack(['u32', 0x46554747], ['u32', 3], ['u64', tensors], ['u64', entries]))
const array = (key: string, of: number, count: number) => once(pack(['text', key], ['u32', ARRAY], ['u32', of], ['u64', count]))
/** Only after everything before it is read does it show that the file is a lie. */
const wrongEnd = once(pack(['text', 'end'], ['u32', NO_TYPE]))
/** What the tensors lie in. */
const data = { bytes: new Uint8Array(65_536), times: 128 }

function manyTensors(count: number): Run {
  const names = Array.from({ length: count }, (_, i) => i.toString(36).padStart(4, '0'))
  const last = count - 1
  // One value each, in line, until the last lies on the first.
  return once(
    Buffer.concat(
      names.map((name, i) => pack(['text', name], ['u32', 1], ['u64', 8], ['u32', 0], ['u64', i === last ? 0 : 32 * i]))
    )
  )
}

const MOST_ITEMS = 2 ** 20
const MOST_ARRAYS = 4096
export const GIANTS: Record<string, () => Run[]> = {
  'one text as long as a header may be': () => [
    start(0, 2),
    once(pack(['text', 'k'], ['u32', STRING], ['u64', MAX_HEADER_BYTES - 200])),
    { bytes: new Uint8Array(1).fill(97), times: MAX_HEADER_BYTES - 200 },
    wrongEnd
  ],
  'numbers as many as a header may hold': () => [
    start(0, 2),
    array('k', U8, MAX_HEADER_BYTES - 200),
    { bytes: new Uint8Array(1), times: MAX_HEADER_BYTES - 200 },
    wrongEnd
  ],
  'bools as many as a header may hold': () => {
    const arrays = Math.floor((MAX_HEADER_BYTES - 4096) / MOST_ITEMS)
    const filled = Array.from({ length: arrays }, (_, i) => [
      array(`k${i}`, BOOL, MOST_ITEMS),
      { bytes: new Uint8Array(1), times: MOST_ITEMS }
    ])
    return [start(0, arrays + 1), ...filled.flat(), wrongEnd]
  },
  'texts of two letters': () => {
    const arrays = Math.floor((MAX_HEADER_BYTES - 4096) / (10 * MOST_ITEMS))
    const filled = Array.from({ length: arrays }, (_, i) => [
      array(`k${i}`, STRING, MOST_ITEMS),
      { bytes: pack(['text', 'ab']), times: MOST_ITEMS }
    ])
    return [start(0, arrays + 1), ...filled.flat(), wrongEnd]
  },
  'empty arrays in an array': () => [
    start(0, 2),
    array('k', ARRAY, MOST_ARRAYS),
    { bytes: pack(['u32', U8], ['u64', 0]), times: MOST_ARRAYS },
    wrongEnd
  ],
  'bools in a file that is no model': () => [
    start(0, 1),
    array('k', BOOL, MOST_ITEMS),
    { bytes: new Uint8Array(1), times: MOST_ITEMS }
  ],
  'arrays in a file that is no model': () => [
    start(0, 1),
    array('k', ARRAY, MOST_ARRAYS),
    { bytes: pack(['u32', U8], ['u64', 0]), times: MOST_ARRAYS }
  ],
  'arrays nested 100,000 deep': () => [
    start(0, 2),
    array('k', ARRAY, 1),
    { bytes: pack(['u32', ARRAY], ['u64', 1]), times: 100_000 },
    wrongEnd
  ],
  'metadata as much as there may be': () => [
    start(0, 4096),
    ...Array.from({ length: 4095 }, (_, i) => once(pack(['text', `k${i}`], ['u32', U8], ['text', '']).subarray(0, -7))),
    wrongEnd
  ],
  'tensors as many as there may be': () => [start(16_384, 0), manyTensors(16_384), data]
}

/** Makes what is asked for when it is asked for, so that a giant takes no memory itself. */
function runsSource(runs: readonly Run[]): ByteSource {
  // In blocks, since setting a byte at a time would be what the test measures.
  const tiles = runs.map(({ bytes, times }) => {
    const together = Math.min(times, Math.max(1, Math.floor(65_536 / bytes.length)))
    const tile = new Uint8Array(together * bytes.length)
    for (let at = 0; at < tile.length; at += bytes.length) tile.set(bytes, at)
    return { tile, length: bytes.length * times }
  })
  return {
    name: 'giant',
    size: tiles.reduce((sum, { length }) => sum + length, 0),
    read: async (offset, length) => {
      const out = new Uint8Array(length)
      let first = 0
      for (const { tile, length: runLength } of tiles) {
        const end = Math.min(first + runLength, offset + length)
        for (let at = Math.max(first, offset); at < end; ) {
          const from = (at - first) % tile.length
          const part = tile.subarray(from, from + Math.min(tile.length - from, end - at))
          out.set(part, at - offset)
          at += part.length
        }
        first += runLength
      }
      return out
    }
  }
}

/** Of this program. What the operating system calls the largest of a process began, on Linux, with its parent's. */
function peakBytes(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'latin1') : ''
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS
  return Number(kib) * 1024
}

/** The reader's code is loaded and warm, so that the peak is the giant's. */
async function costOf(name: string): Promise<GiantCost> {
  const source = runsSource(GIANTS[name]!())
  await readGgufHeader(runsSource([start(0, 0)]))
  const before = process.memoryUsage.rss()
  const startedAt = performance.now()
  let message: string | undefined
  try {
    describeHeader(await readGgufHeader(source))
  } catch (thrown) {
    if (thrown instanceof ShoalError) message = thrown.message
  }
  const ms = performance.now() - startedAt
  const extraBytes = Math.max(0, peakBytes() - before)
  return { ...(message === undefined ? {} : { message }), ms, extraBytes }
}

if (import.meta.main) process.stdout.write(JSON.stringify(await costOf(process.argv[2]!)))

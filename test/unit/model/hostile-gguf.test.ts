/**
 * GGUF files made to hurt. Whatever the bytes, the reader answers with a header whose every tensor lies inside the file, or
 * with an error that names the field and what is wrong with it, soon and without taking memory for lies. 8,000 drawn files
 * here and 2,000 manifests in manifest.test.ts.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { InvalidFileError, ShoalError, UnsupportedModelError } from '../../../peer/errors.ts'
import { type GgufHeader, readGgufHeader } from '../../../peer/model/gguf.ts'
import { describeHeader } from '../../../peer/model/manifest.ts'
import { isUtf8 } from '../../../peer/model/utf8.ts'
import { bytesSource } from '../../../peer/weights/source.ts'
import {
  nested,
  text,
  texts,
  tinyMetadata,
  tinyTensors,
  u32,
  type WrittenFile,
  type WrittenValue,
  writeGguf
} from './gguf-writer.ts'
import { GIANTS, type GiantCost } from './hostile-giants.ts'

/** One file's refusal must not stop a peer that serves others. */
const REFUSAL_MS = 1000
const REFUSAL_BYTES = 50_000_000
/** A field, in quotes where a stranger named it, then what is wrong. */
const NAMES_FIELD = /^(magic|version|tensors|metadata entries|metadata key \d+|name of tensor \d+|(metadata|tensor) '.*').*: .+/s

const runs = (numRuns: number) => ({ numRuns, interruptAfterTimeLimit: 30_000, markInterruptAsFailure: true })

/** What the reader made of the bytes: the header, found sound, or the message of its refusal. */
async function answerTo(bytes: Uint8Array<ArrayBuffer>): Promise<GgufHeader | string> {
  const startedAt = performance.now()
  let answer: GgufHeader | string
  try {
    answer = await readGgufHeader(bytesSource(bytes, 'hostile'))
    assertSound(answer, bytes.length)
  } catch (thrown) {
    if (!(thrown instanceof InvalidFileError || thrown instanceof UnsupportedModelError)) throw thrown
    assert.match(thrown.message, NAMES_FIELD)
    answer = thrown.message
  }
  assert.ok(performance.now() - startedAt < REFUSAL_MS)
  return answer
}

function assertSound({ tensors, alignment, dataOffset, fileSize }: GgufHeader, length: number): void {
  assert.equal(fileSize, length)
  assert.equal(new Set(tensors.map(({ name }) => name)).size, tensors.length)
  let end = dataOffset
  for (const { name, dims, offset, bytes } of tensors.toSorted((a, b) => a.offset - b.offset)) {
    assert.ok(dims.length >= 1 && dims.length <= 4 && dims.every(dim => Number.isSafeInteger(dim) && dim > 0), name)
    assert.ok(offset >= end && (offset - dataOffset) % alignment === 0, name)
    end = offset + (bytes ?? 0)
    assert.ok(end <= length, name)
  }
}

/** Lengths that overflow, wrap, lose bits as a float64 or are merely too many. */
const lie = fc.oneof(
  fc.constantFrom(
    2n ** 31n,
    2n ** 32n,
    2n ** 32n + 1n,
    2n ** 40n,
    2n ** 53n,
    2n ** 53n + 1n,
    2n ** 62n,
    2n ** 63n,
    2n ** 64n - 1n
  ),
  fc.bigInt(2n ** 20n, 2n ** 64n - 1n)
)
const anyNumber = fc.oneof(lie, fc.bigInt(0n, 300n))

/** A small file that is right but for what a test changes. */
const small = (over: Partial<WrittenFile> = {}): Uint8Array<ArrayBuffer> =>
  writeGguf({
    metadata: [['key', texts(['a', 'bc'])]],
    tensors: [
      { name: 'one', dims: [32], type: 0, data: new Uint8Array(128) },
      { name: 'two', dims: [32, 2], type: 8, data: new Uint8Array(68) }
    ],
    ...over
  })

const rawText = (length: bigint): WrittenValue => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, length, true)
  return { type: 'raw', id: 8, bytes }
}

describe('hostile GGUF files', () => {
  it('are not what the small file is', async () => {
    assert.ok(typeof (await answerTo(small())) === 'object')
  })

  it('that lie about a length are refused by field and value', async () => {
    const places: [string, (value: bigint) => Partial<WrittenFile>][] = [
      ['tensors', tensorCount => ({ tensorCount })],
      ['metadata entries', metadataCount => ({ metadataCount })],
      ["metadata 'k'", value => ({ metadata: [['k', rawText(value)]] })],
      ...Array.from({ length: 13 }, (_, of): (typeof places)[number] => [
        "metadata 'k'",
        count => ({ metadata: [['k', { type: 'array', of, count, items: [] }]] })
      ])
    ]
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), lie, async ([field, change], value) => {
        const answer = await answerTo(small(change(value)))
        assert.ok(typeof answer === 'string' && answer.startsWith(`${field}: a length of ${value}`), String(answer))
      }),
      runs(1_500)
    )
  })

  it('that begin otherwise are refused by magic or version', async () => {
    const magic = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(bytes => Buffer.from(bytes).toString('latin1'))
    const version = fc.oneof(fc.constantFrom(0, 1, 4, 0x01000000, 0x02000000, 0x03000000), fc.nat(2 ** 32 - 1))
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.record({ magic }), fc.record({ version })), async over => {
        if ('version' in over && (over.version === 2 || over.version === 3)) return
        if ('magic' in over && over.magic === 'GGUF') return
        const answer = await answerTo(small(over))
        const expected = 'magic' in over ? /^magic: 0x[0-9a-f]{8} is not/ : /^version: /
        assert.match(String(answer), expected)
      }),
      runs(500)
    )
  })

  it('whose words are byte-swapped are refused', async () => {
    const swapped = Buffer.from(small())
    await assert.rejects(async () => {
      const whole = swapped.subarray(0, swapped.length - (swapped.length % 4))
      await readGgufHeader(bytesSource(new Uint8Array(whole.swap32()), 'swapped'))
    }, /^InvalidFileError: magic: 0x/)
    const numbers = small({ version: 0x03000000, tensorCount: 2n << 56n, metadataCount: 1n << 56n })
    assert.match(String(await answerTo(numbers)), /^version: a big-endian GGUF file/)
  })

  it('with any alignment place tensors by it or are refused by it', async () => {
    const alignments = fc.oneof(
      fc.constantFrom(0, 1, 3, 4, 8, 24, 32, 64, 4096, 65_536, 131_072, 2 ** 30, 2 ** 31, 2 ** 32 - 1),
      fc.nat(2 ** 32 - 1)
    )
    await fc.assert(
      fc.asyncProperty(alignments, async stated => {
        const right = stated >= 8 && stated <= 65_536 && Number.isInteger(Math.log2(stated))
        const metadata: WrittenFile['metadata'] = [['general.alignment', u32(stated)]]
        const answer = await answerTo(small({ metadata, alignment: right ? stated : 32 }))
        if (right) assert.ok(typeof answer === 'object' && answer.alignment === stated)
        else assert.match(String(answer), new RegExp(`^metadata 'general.alignment': ${stated} is not a power of two`))
      }),
      runs(500)
    )
  })

  it('with any tensor table keep their tensors inside the file and apart', async () => {
    // Products that wrap at 2^64 to something small, pass 2^53, are zero, or are one off a block.
    const dim = fc.oneof(fc.constantFrom(1n, 31n, 32n, 64n, 256n, 2n ** 33n), anyNumber)
    const wrapping = fc.constantFrom<bigint[]>(
      [2n ** 32n, 2n ** 32n],
      [2n ** 63n, 2n],
      [2n ** 27n, 2n ** 27n],
      [3n, 0xaaaaaaaaaaaaaaabn]
    )
    const rightDims = fc.array(fc.constantFrom(1n, 2n, 32n), { minLength: 1, maxLength: 2 })
    const tensor = fc.record({
      name: fc.constantFrom('a', 'b', 'c', '', 'x'.repeat(300), "tensor 'a': b"),
      dims: fc.oneof({ weight: 3, arbitrary: rightDims }, fc.array(dim, { maxLength: 6 }), wrapping),
      type: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(0, 1, 2, 8, 12, 30) }, fc.nat(45), fc.nat(2 ** 32 - 1)),
      offset: fc.oneof({ weight: 4, arbitrary: fc.nat(40).map(at => BigInt(at) * 32n) }, anyNumber)
    })
    const table = fc.array(tensor, { minLength: 1, maxLength: 4 })
    let sound = 0
    await fc.assert(
      fc.asyncProperty(table, fc.constantFrom(100, 1280, 4096), async (tensors, dataBytes) => {
        if (typeof (await answerTo(small({ tensors, dataBytes }))) === 'object') sound++
      }),
      runs(2_000)
    )
    assert.ok(sound > 50, `${sound} of them are right, so that both answers are tried`)
  })

  it('with any metadata are read or refused by key', async () => {
    const scalar = fc
      .record({ id: fc.oneof(fc.nat(14), fc.nat(2 ** 32 - 1)), bytes: fc.uint8Array({ maxLength: 24 }) })
      .map((raw): WrittenValue => ({ type: 'raw', ...raw }))
    const array = fc
      .record({ of: fc.nat(14), count: anyNumber, items: fc.array(scalar, { maxLength: 4 }) })
      .map((stated): WrittenValue => ({ type: 'array', ...stated }))
    const value = fc.oneof(scalar, array, fc.integer({ min: 0, max: 200 }).map(nested), fc.string().map(text))
    const key = fc.oneof(fc.constantFrom('a', 'b', 'general.alignment'), fc.string({ unit: 'binary' }))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(key, value), { maxLength: 5 }), async metadata => {
        await answerTo(small({ metadata }))
      }),
      runs(1_500)
    )
  })

  it('made from a right one by edits and cuts get a header or an error of its own, also as a model', async () => {
    const whole = writeGguf({ metadata: tinyMetadata(), tensors: tinyTensors() })
    const { dataOffset } = await readGgufHeader(bytesSource(whole, 'whole'))
    const edit = fc.record({
      at: fc.nat(dataOffset - 1),
      bytes: fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        fc.constantFrom(new Uint8Array(8).fill(255), new Uint8Array(8), new Uint8Array([0, 0, 0, 0, 0, 0, 0, 128]))
      )
    })
    const length = fc.oneof(fc.constant(whole.length), fc.nat(whole.length), fc.nat(dataOffset))
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { maxLength: 4 }), length, async (edits, cut) => {
        const bytes = whole.slice(0, cut)
        for (const { at, bytes: written } of edits)
          bytes.set(written.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length))
        const answer = await answerTo(bytes)
        if (typeof answer === 'string') return
        try {
          describeHeader(answer)
        } catch (thrown) {
          if (!(thrown instanceof ShoalError)) throw thrown
        }
      }),
      runs(2_000)
    )
  })

  it('are called UTF-8 as the platform calls them', () => {
    const platform = new TextDecoder('utf-8', { fatal: true })
    const edges = [
      0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff
    ]
    const decodes = (bytes: Uint8Array) => {
      try {
        platform.decode(bytes)
        return true
      } catch {
        return false
      }
    }
    const around = (bytes: number[]) => Uint8Array.from([0x80, ...bytes, 0x80])
    for (const a of edges)
      for (const b of edges)
        for (const c of edges)
          for (const d of [undefined, 0x41, 0x80, 0xbf, 0xc2]) {
            const bytes = d === undefined ? [a, b, c] : [a, b, c, d]
            assert.equal(isUtf8(around(bytes), 1, bytes.length + 1), decodes(Uint8Array.from(bytes)), bytes.join(' '))
          }
  })

  it('with arrays in arrays without end, or items in many arrays, are refused', async () => {
    const inner: WrittenValue = { type: 'array', of: 0, items: [] }
    const arrays = (count: number): WrittenValue => ({ type: 'array', of: 9, items: Array.from({ length: count }, () => inner) })
    const answer = await answerTo(small({ metadata: [['k', arrays(4097)]] }))
    assert.match(String(answer), /^metadata 'k': a length of 4097, more than the 4096/)
    assert.equal(typeof (await answerTo(small({ metadata: [['k', arrays(4096)]] }))), 'object')
    const both: WrittenFile['metadata'] = [
      ['k', arrays(4096)],
      ['l', texts(['a'])]
    ]
    assert.match(String(await answerTo(small({ metadata: both }))), /^metadata 'l': 1048577 items of arrays/)
  })

  const program = join(import.meta.dirname, 'hostile-giants.ts')
  for (const name of Object.keys(GIANTS))
    it(`as large as they may be are refused at small cost: ${name}`, async t => {
      const { stdout } = await promisify(execFile)(process.execPath, [program, name])
      const { message, ms, extraBytes } = JSON.parse(stdout) as GiantCost
      t.diagnostic(`${ms.toFixed(0)} ms, ${(extraBytes / 1e6).toFixed(0)} MB: ${message}`)
      assert.match(message ?? 'not refused', NAMES_FIELD)
      assert.ok(extraBytes < REFUSAL_BYTES, `${extraBytes} bytes`)
      // Compiling the reader for the first time, beside other tests' load, is in it.
      assert.ok(ms < 3 * REFUSAL_MS, `${ms} ms`)
    })
})

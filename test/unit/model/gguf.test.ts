import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { gguf } from '@huggingface/gguf'
import { InvalidFileError, UnsupportedModelError } from '../../../peer/errors.ts'
import type { ByteSource } from '../../../peer/model/byte-source.ts'
import { MAX_HEADER_BYTES, readGgufHeader } from '../../../peer/model/gguf.ts'
import { bytesSource } from '../../../peer/weights/source.ts'
import { goldenModelPath } from '../../oracle/goldens.ts'
import { nested, text, texts, tinyMetadata, tinyTensors, u32, type WrittenFile, writeGguf } from './gguf-writer.ts'

const psalter = readFileSync(goldenModelPath())
const read = (bytes: Uint8Array) => readGgufHeader(bytesSource(bytes, 'test'))

/** Counts what is read, to show that a lie about sizes costs nothing. */
function counting(source: ByteSource): ByteSource & { bytesRead: number } {
  const counted = {
    ...source,
    bytesRead: 0,
    read: (offset: number, length: number, signal?: AbortSignal) => {
      counted.bytesRead += length
      return source.read(offset, length, signal)
    }
  }
  return counted
}

describe('GGUF header', () => {
  it('reads what @huggingface/gguf reads of the embedded model', async () => {
    const header = await read(psalter)
    const other = await gguf(goldenModelPath(), { allowLocalFile: true })
    assert.equal(header.dataOffset, Number(other.tensorDataOffset))
    const own = new Set(['version', 'tensor_count', 'kv_count'])
    const expected = Object.entries(other.metadata).filter(([key]) => !own.has(key))
    assert.deepEqual([...header.metadata.keys()].sort(), expected.map(([key]) => key).sort())
    for (const [key, value] of expected) {
      const ours = header.metadata.get(key)
      assert.deepEqual(ArrayBuffer.isView(ours) ? Array.from(ours as Int32Array) : ours, value, key)
    }
    assert.deepEqual(
      header.tensors.map(tensor => [tensor.name, tensor.typeId, tensor.dims, tensor.offset - header.dataOffset]),
      other.tensorInfos.map(info => [info.name, info.dtype, info.shape.map(Number), Number(info.offset)])
    )
  })

  it('reads the header only, in windows, wherever it ends', async () => {
    const source = counting(bytesSource(psalter, 'psalter'))
    await readGgufHeader(source)
    assert.ok(source.bytesRead < 300_000, `${source.bytesRead} bytes`)
    const wide = texts(Array.from({ length: 40_000 }, (_, i) => `token number ${i}`))
    const metadata: WrittenFile['metadata'] = [...tinyMetadata(), ['extra.tokens', wide]]
    const header = await read(writeGguf({ metadata, tensors: tinyTensors() }))
    assert.equal((header.metadata.get('extra.tokens') as string[]).at(-1), 'token number 39999')
  })

  it('keeps every kind of value', async () => {
    const header = await read(
      writeGguf({
        metadata: [
          ['u8', { type: 'u8', value: 255 }],
          ['i8', { type: 'i8', value: -128 }],
          ['i16', { type: 'i16', value: -2 }],
          ['i32', { type: 'i32', value: -3 }],
          ['u64', { type: 'u64', value: 2n ** 64n - 1n }],
          ['i64', { type: 'i64', value: -(2n ** 63n) }],
          ['f64', { type: 'f64', value: Math.PI }],
          ['bool', { type: 'bool', value: 1 }],
          ['mark', text('\ufeffkept')],
          ['nested', nested(2)]
        ]
      })
    )
    assert.deepEqual(Object.fromEntries(header.metadata), {
      u8: 255,
      i8: -128,
      i16: -2,
      i32: -3,
      u64: 2n ** 64n - 1n,
      i64: -(2n ** 63n),
      f64: Math.PI,
      bool: true,
      mark: '\ufeffkept',
      nested: [[new Uint8Array(0)]]
    })
  })

  it('keeps a tensor of an unknown type by its id', async () => {
    const { tensors } = await read(writeGguf({ tensors: [{ name: 't', dims: [32], type: 200 }], dataBytes: 32 }))
    assert.deepEqual([tensors[0]!.typeName, tensors[0]!.bytes], ['type 200', undefined])
  })

  const tensor = (over: object) => ({ tensors: [{ name: 't', dims: [32n], type: 0, ...over }], dataBytes: 256 }) as WrittenFile
  const hostile: [string, WrittenFile | Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(0), /magic/],
    ['another magic', { magic: 'GGML' }, /magic: 0x4c4d4747/],
    ['a web page', new Uint8Array(Buffer.from('<!doctype html><title>Not found</title>')), /magic/],
    ['tensors beyond the file', { tensorCount: 2n ** 63n }, /tensors: a length of 9223372036854775808/],
    ['metadata beyond the file', { metadataCount: 5_000_000_000n }, /metadata entries: a length of 5000000000/],
    [
      'a key twice',
      {
        metadata: [
          ['k', u32(1)],
          ['k', u32(1)]
        ]
      },
      /'k': given twice/
    ],
    [
      'a string longer than the file',
      { metadata: [['k', { type: 'raw', id: 8, bytes: new Uint8Array(8).fill(127) }]] },
      /'k': a length of 9187/
    ],
    ['a string that is not UTF-8', { metadata: [['k', { type: 'string', value: new Uint8Array([0xff]) }]] }, /'k': not UTF-8/],
    [
      'an unknown value type',
      { metadata: [['k', { type: 'raw', id: 13, bytes: new Uint8Array(8) }]] },
      /'k': unknown value type 13/
    ],
    [
      'an array longer than the file',
      { metadata: [['k', { type: 'array', of: 4, count: 2n ** 40n, items: [] }]] },
      /'k': a length of 1099511627776/
    ],
    ['an array of unknown elements', { metadata: [['k', { type: 'array', of: 99, items: [] }]] }, /unknown element type 99/],
    ['arrays within arrays', { metadata: [['k', nested(40)]] }, /nested more than 4 deep/],
    ['a bool of 2', { metadata: [['k', { type: 'bool', value: 2 }]] }, /'k': 2 is not a bool/],
    ['an alignment of 0', { metadata: [['general.alignment', u32(0)]] }, /'general.alignment': 0/],
    ['an alignment of 48', { metadata: [['general.alignment', u32(48)]] }, /'general.alignment': 48/],
    [
      'a tensor twice',
      {
        tensors: [
          { name: 't', dims: [8], type: 0 },
          { name: 't', dims: [8], type: 0, offset: 32n }
        ],
        dataBytes: 64
      },
      /'t': given twice/
    ],
    ['no dimensions', tensor({ dims: [] }), /'t': 0 dimensions/],
    ['five dimensions', tensor({ dims: [1, 1, 1, 1, 1] }), /'t': 5 dimensions/],
    ['a dimension of 0', tensor({ dims: [32, 0] }), /'t': dimensions \[32, 0\]/],
    [
      'dimensions whose product overflows',
      tensor({ dims: [2n ** 32n, 2n ** 32n] }),
      /'t': dimensions \[4294967296, 4294967296\]/
    ],
    ['part of a block', tensor({ dims: [33], type: 8 }), /'t': a row of 33 is not whole blocks of 32 \(Q8_0\)/],
    ['an offset out of line', tensor({ offset: 8n }), /'t': offset 8 is not a multiple of the alignment 32/],
    ['an offset beyond the file', tensor({ offset: 2n ** 40n }), /'t': 128 bytes at 10995116\d+ run past the end of the file/],
    ['an offset near 2^64', tensor({ offset: 2n ** 64n - 32n }), /'t': 128 bytes at 184467440737095516\d\d run past/],
    [
      'an overlap',
      {
        tensors: [
          { name: 'a', dims: [32], type: 0 },
          { name: 'b', dims: [8], type: 0, offset: 32n }
        ],
        dataBytes: 256
      },
      /'b': offset \d+ lies inside tensor 'a'/
    ]
  ]
  for (const [name, file, message] of hostile) {
    it(`refuses ${name}`, async () => {
      const bytes = file instanceof Uint8Array ? file : writeGguf(file)
      await assert.rejects(read(bytes), thrown => thrown instanceof InvalidFileError && message.test(thrown.message))
    })
  }

  it('refuses other versions and byte orders by name', async () => {
    for (const [version, message] of [
      [1, /GGUF 1/],
      [4, /GGUF 4/],
      [0x02000000, /big-endian/],
      [0x03000000, /big-endian/]
    ] as const) {
      await assert.rejects(
        read(writeGguf({ version })),
        thrown => thrown instanceof UnsupportedModelError && message.test(thrown.message)
      )
    }
  })

  it('reads version 2 as its twin of version 3', async () => {
    const file = { metadata: tinyMetadata(), tensors: tinyTensors() }
    const second = writeGguf({ ...file, version: 2 })
    assert.equal(second[4], 2)
    assert.deepEqual(await read(second), await read(writeGguf(file)))
  })

  it('refuses every truncation of a small file, naming what is cut', async () => {
    const whole = writeGguf({ metadata: tinyMetadata(), tensors: tinyTensors() })
    const header = await read(whole)
    for (let length = 0; length < whole.length; length += length < header.dataOffset ? 7 : 4096) {
      await assert.rejects(read(whole.subarray(0, length)), InvalidFileError, `${length} bytes`)
    }
  })

  it('takes nothing for what a file of any stated size only claims', async () => {
    const claims: WrittenFile[] = [
      { metadata: [['k', { type: 'array', of: 0, count: 2n ** 40n, items: [] }]] },
      { metadata: [['k', { type: 'array', of: 8, count: 2n ** 22n, items: [] }]] },
      { metadata: [['k', { type: 'array', of: 7, count: 2n ** 25n, items: [] }]] },
      { tensorCount: 2n ** 20n },
      { metadataCount: 2n ** 20n }
    ]
    for (const claim of claims) {
      const start = writeGguf(claim)
      const source = counting({
        name: 'endless',
        size: 2 ** 50,
        read: async (offset, length) => {
          const bytes = new Uint8Array(length)
          if (offset === 0) bytes.set(start)
          return bytes
        }
      })
      await assert.rejects(readGgufHeader(source), InvalidFileError)
      assert.ok(source.bytesRead < 1_000_000, `${source.bytesRead} bytes`)
    }
  })

  it('gives up on a header that never ends', async () => {
    const start = writeGguf({
      metadataCount: 2n,
      metadata: [['k', { type: 'array', of: 0, count: BigInt(MAX_HEADER_BYTES - 100), items: [] }]]
    })
    const source = counting({
      name: 'endless',
      size: 2 ** 50,
      read: async (offset, length) => {
        const bytes = new Uint8Array(length).fill(1)
        if (offset === 0) bytes.set(start.subarray(0, 24 + 9 + 4 + 12))
        return bytes
      }
    })
    await assert.rejects(readGgufHeader(source), InvalidFileError)
    assert.ok(source.bytesRead <= MAX_HEADER_BYTES, `${source.bytesRead} bytes`)
  })
})

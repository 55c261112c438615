import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { InvalidFileError, type ShoalError, UnsupportedModelError } from '../../../peer/errors.ts'
import { readGgufHeader } from '../../../peer/model/gguf.ts'
import { buildManifest, manifestOf } from '../../../peer/model/manifest.ts'
import { MAX_PARTS, partNames, readModelHeader } from '../../../peer/model/split.ts'
import { joinSources } from '../../../peer/weights/joined-source.ts'
import { bytesSource } from '../../../peer/weights/source.ts'
import { splitName, text, tinyMetadata, tinyTensors, type WrittenFile, writeGguf, writeSplit } from './gguf-writer.ts'

/** The tiny model with bytes that tell every tensor and place from every other. */
const model: WrittenFile = {
  metadata: tinyMetadata(),
  tensors: tinyTensors().map((tensor, index) => ({
    ...tensor,
    data: tensor.data!.map((_, i) => (i * 7 + index * 31) % 251)
  }))
}
const CUTS = [3, 11]

const sourcesOf = (parts: readonly Uint8Array[]) =>
  parts.map((bytes, index) => bytesSource(bytes, splitName('tiny', index, parts.length)))

const read = (parts: readonly Uint8Array[]) => readModelHeader(sourcesOf(parts))

describe('split model', () => {
  it('has names that lead from each part to all', () => {
    const names = ['a-b-00001-of-00003.gguf', 'a-b-00002-of-00003.gguf', 'a-b-00003-of-00003.gguf']
    for (const name of names) assert.deepEqual(partNames(name), names)
    for (const name of ['model.gguf', 'model-1-of-3.gguf', 'model-00001-of-00003.bin']) assert.equal(partNames(name), undefined)
    for (const name of ['m-00004-of-00003.gguf', 'm-00000-of-00003.gguf', 'm-00000-of-00000.gguf'])
      assert.throws(() => partNames(name), InvalidFileError)
    assert.equal(partNames(splitName('m', 0, MAX_PARTS))?.length, MAX_PARTS)
    assert.throws(() => partNames('m-00001-of-99999.gguf'), UnsupportedModelError)
  })

  it('holds the tensors of the single file, however it is cut', async () => {
    const single = bytesSource(writeGguf(model), 'single')
    const header = await readGgufHeader(single)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(model.tensors!.length), { minLength: 1, maxLength: 6 }).map(cuts => cuts.sort((a, b) => a - b)),
        fc.constantFrom(2, 3),
        async (cuts, version) => {
          const sources = sourcesOf(writeSplit({ ...model, version }, cuts))
          const joined = joinSources(sources, 'joined')
          const split = await readModelHeader(sources)
          assert.equal(split.fileSize, joined.size)
          assert.deepEqual(
            split.tensors.map(({ offset: _, ...rest }) => rest),
            header.tensors.map(({ offset: _, ...rest }) => rest)
          )
          for (const [i, { offset, bytes }] of split.tensors.entries())
            assert.deepEqual(await joined.read(offset, bytes!), await single.read(header.tensors[i]!.offset, bytes!))
        }
      ),
      { numRuns: 50 }
    )
  })

  it('makes a manifest that differs from the single file’s in places only', async () => {
    const whole = await manifestOf(bytesSource(writeGguf(model), 'single'))
    const sources = sourcesOf(writeSplit(model, CUTS))
    const split = await buildManifest(await readModelHeader(sources), joinSources(sources, 'joined'))
    const placeless = ({ manifest: { fileSize: _, tensors, ...rest } }: typeof split) => ({
      ...rest,
      tensors: tensors.map(({ offset: _, ...tensor }) => tensor)
    })
    assert.deepEqual(placeless(split), placeless(whole))
  })

  const set = (key: string, value: number) => (part: WrittenFile) => ({
    ...part,
    metadata: part.metadata!.map(entry =>
      entry[0] === key ? ([key, { type: 'i32', value }] as (typeof part.metadata & {})[number]) : entry
    )
  })
  const wrong: [string, number, (part: WrittenFile) => WrittenFile, RegExp][] = [
    ['another count', 1, set('split.count', 4), /split\.count is 4, its name says 3/],
    ['another number', 2, set('split.no', 1), /split\.no is 1, its name says 2/],
    ['a number beyond its count', 1, set('split.no', 7), /split\.no.*7/],
    ['another total', 1, set('split.tensors.count', 5), /split\.tensors\.count is 5, but 20 in tiny-00001/],
    ['no word of a split', 1, part => ({ ...part, metadata: [] }), /not a part/],
    ['no number', 1, part => ({ ...part, metadata: part.metadata!.slice(1) }), /split\.no.*missing/],
    ['no total', 0, part => ({ ...part, metadata: part.metadata!.slice(0, -1) }), /split\.tensors\.count.*missing/],
    [
      'a tensor of another part',
      1,
      part => ({ ...part, tensors: tinyTensors().slice(2, 11) }),
      /attn_q.weight' is in tiny-00001/
    ],
    [
      'too many tensors',
      2,
      part => ({ ...part, tensors: [...part.tensors!, { name: 'x', dims: [1], type: 0, data: new Uint8Array(4) }] }),
      /more tensors than the 20/
    ],
    [
      'another model’s facts',
      2,
      part => ({ ...part, metadata: [...part.metadata!, ['general.architecture', text('qwen2')]] }),
      /general\.architecture.*qwen2/
    ],
    ['another format', 1, part => ({ ...part, magic: 'GGML' }), /magic/]
  ]
  for (const [what, index, change, message] of wrong) {
    it(`refuses a part with ${what}, naming it`, async () => {
      const parts = writeSplit(model, CUTS, (part, i) => (i === index ? change(part) : part))
      await assert.rejects(read(parts), (thrown: ShoalError) => {
        assert.ok(thrown instanceof InvalidFileError, String(thrown))
        assert.match(thrown.message, message)
        assert.ok(thrown.message.startsWith(splitName('tiny', index, 3)), thrown.message)
        return true
      })
    })
  }

  it('refuses tensors that are in no part', async () => {
    const parts = writeSplit(model, CUTS, (part, i) => (i === 1 ? { ...part, tensors: part.tensors!.slice(1) } : part))
    await assert.rejects(read(parts), /split\.tensors\.count is 20, but the 3 parts hold 19 tensors/)
  })

  it('refuses a part alone, whichever it is', async () => {
    for (const [index, part] of writeSplit(model, CUTS).entries())
      await assert.rejects(
        manifestOf(bytesSource(part, 'renamed.gguf')),
        (thrown: ShoalError) =>
          thrown instanceof UnsupportedModelError && thrown.message.startsWith(`renamed.gguf: part ${index + 1} of 3`)
      )
  })

  it('refuses a part that was cut short, naming it', async () => {
    for (const index of [0, 1, 2]) {
      const parts = writeSplit(model, CUTS)
      parts[index] = parts[index]!.slice(0, -64)
      await assert.rejects(read(parts), new RegExp(`^InvalidFileError: tiny-0000${index + 1}.*past the end of the file`))
    }
  })
})

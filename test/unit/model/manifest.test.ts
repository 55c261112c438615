import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { InvalidFileError, ShoalError, UnsupportedModelError } from '../../../peer/errors.ts'
import { encodeManifest, manifestOf, nameManifest, parseManifest } from '../../../peer/model/manifest.ts'
import { CHUNK_BYTES, type Manifest } from '../../../peer/model/manifest-format.ts'
import { bytesSource } from '../../../peer/weights/source.ts'
import { goldenModelPath, loadGoldens } from '../../oracle/goldens.ts'
import { tinyMetadata, tinyTensors, writeGguf } from './gguf-writer.ts'

const psalterBytes = readFileSync(goldenModelPath())
const psalter = await manifestOf(bytesSource(psalterBytes, 'psalter'))
const tiny = await manifestOf(bytesSource(writeGguf({ metadata: tinyMetadata(), tensors: tinyTensors() }), 'tiny'))
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

describe('manifest', () => {
  it('of the embedded model has the digest the goldens were made for', () => {
    const { model } = loadGoldens()
    assert.equal(createHash('sha256').update(psalterBytes).digest('hex'), model.sha256)
    assert.equal(psalter.digest, model.manifestDigest)
    assert.equal(createHash('sha256').update(psalter.bytes).digest('hex'), psalter.digest)
  })

  it('hashes every chunk of every tensor', () => {
    for (const { name, offset, bytes, chunks } of psalter.manifest.tensors) {
      for (const [i, digest] of chunks.entries()) {
        const chunk = psalterBytes.subarray(offset + i * CHUNK_BYTES, offset + Math.min(bytes, (i + 1) * CHUNK_BYTES))
        assert.equal(createHash('sha256').update(chunk).digest('hex'), digest, `${name}, chunk ${i}`)
      }
    }
    assert.ok(psalter.manifest.tensors.some(tensor => tensor.chunks.length > 1))
  })

  it('survives its bytes', async () => {
    for (const named of [psalter, tiny]) {
      const parsed = await parseManifest(named.bytes)
      assert.deepEqual(JSON.parse(JSON.stringify(parsed.manifest)), JSON.parse(JSON.stringify(named.manifest)))
      assert.equal(parsed.digest, named.digest)
    }
  })

  it('does not depend on the order in which fields were set', async () => {
    const reversed = Object.fromEntries(Object.entries(tiny.manifest).reverse()) as unknown as Manifest
    assert.equal((await nameManifest(reversed)).digest, tiny.digest)
    assert.deepEqual(encodeManifest(reversed), tiny.bytes)
  })

  it('gets another digest for one other bit', async () => {
    const bytes = writeGguf({ metadata: tinyMetadata(), tensors: tinyTensors() })
    bytes[bytes.length - 1]! ^= 1
    assert.notEqual((await manifestOf(bytesSource(bytes, 'tiny'))).digest, tiny.digest)
  })

  it('tells its progress and stops when asked', async () => {
    const seen: number[] = []
    const stop = new AbortController()
    const reading = manifestOf(
      bytesSource(psalterBytes, 'psalter'),
      ({ bytesDone, bytesTotal }) => {
        seen.push(bytesDone / bytesTotal)
        if (seen.length === 5) stop.abort()
      },
      stop.signal
    )
    await assert.rejects(reading, { name: 'AbortError' })
    assert.equal(seen.length, 5)
  })

  const changed = (change: (manifest: Record<string, never> & Manifest) => void) => {
    const copy = JSON.parse(JSON.stringify(tiny.manifest))
    change(copy)
    return encode(copy)
  }
  const set = (path: string, value: unknown) =>
    changed(manifest => {
      const keys = path.split('.')
      const parent = keys.slice(0, -1).reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, manifest)
      parent[keys.at(-1)!] = value
    })
  const hostile: [string, Uint8Array<ArrayBuffer>, RegExp][] = [
    ['no JSON', new TextEncoder().encode('{'), /not JSON/],
    ['deep nesting', new TextEncoder().encode('['.repeat(200_000) + ']'.repeat(200_000)), /manifest/],
    ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), /not JSON in UTF-8/],
    ['null', encode(null), /null is not an object/],
    ['spaces', new TextEncoder().encode(JSON.stringify(tiny.manifest, null, 1)), /canonical/],
    ['fields in another order', encode(Object.fromEntries(Object.entries(tiny.manifest).reverse())), /canonical/],
    ['an unknown field', changed(m => Object.assign(m, { more: 1 })), /canonical/],
    ['another version', set('version', 2), /version: 2/],
    ['a name without end', set('name', 'x'.repeat(1000)), /name/],
    ['a missing field', set('fileSize', undefined), /fileSize: undefined/],
    ['a fraction', set('hyperparameters.layers', 1.5), /layers: 1.5/],
    ['layers beyond reason', set('hyperparameters.layers', 1e9), /layers: 1000000000/],
    ['another pairing', set('hyperparameters.ropePairing', 'half-split'), /ropePairing/],
    ['more tokens than vocabulary', set('tokenizer.tokens', ['a', 'b']), /token kinds: 4 for 2 tokens/],
    ['a token twice', set('tokenizer.tokens', ['a', 'a', 'ab', '<|end|>']), /token 1: "a" is token 0 already/],
    ['an end outside the vocabulary', set('tokenizer.endOfGeneration', [9]), /token 9/],
    ['a merge of one part', set('tokenizer.merges', ['ab']), /merge 0/],
    ['a tensor beyond the file', set('tensors.0.offset', 2 ** 50), /'token_embd.weight': 1024 bytes at 1125899906842624/],
    ['a tensor of other bytes', set('tensors.0.bytes', 2 ** 40), /'token_embd.weight': 1099511627776 bytes/],
    ['a tensor of fewer bytes', set('tensors.0.bytes', 1020), /'token_embd.weight': 1020 bytes for F32/],
    ['a chunk too few', set('tensors.0.chunks', []), /'token_embd.weight': 0 chunks/],
    ['a digest that is none', set('tensors.0.chunks.0', 'ab'), /not a SHA-256/],
    ['an unknown type', set('tensors.0.typeName', 'Q9'), /'token_embd.weight': unknown type "Q9"/],
    ['other dimensions', set('tensors.0.dims', [4, 64]), /'token_embd.weight': dimensions/],
    ['a missing tensor', changed(m => (m.tensors as unknown[]).splice(3, 1)), /missing/],
    ['a tensor twice', changed(m => (m.tensors as unknown[]).push(m.tensors[0])), /given twice/],
    ['tensors on one another', changed(m => Object.assign(m.tensors[1]!, { offset: m.tensors[0]!.offset })), /lies inside/]
  ]
  for (const [name, bytes, message] of hostile) {
    it(`refuses ${name}`, async () => {
      await assert.rejects(
        parseManifest(bytes),
        thrown => (thrown instanceof InvalidFileError || thrown instanceof UnsupportedModelError) && message.test(thrown.message)
      )
    })
  }

  it('answers any mutation of its bytes with itself or an error of its own', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(tiny.bytes.length - 1), fc.uint8Array({ minLength: 1, maxLength: 6 }), async (at, edit) => {
        const bytes = tiny.bytes.slice()
        bytes.set(edit.subarray(0, bytes.length - at), at)
        try {
          const parsed = await parseManifest(bytes)
          assert.deepEqual(encodeManifest(parsed.manifest), bytes)
        } catch (thrown) {
          if (!(thrown instanceof ShoalError)) throw thrown
        }
      }),
      { numRuns: 2_000, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true }
    )
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readGgufHeader } from '../../../peer/model/gguf.ts'
import { Tokenizer } from '../../../peer/model/tokenizer.ts'
import { tokenizerFactsFrom } from '../../../peer/model/tokenizer-facts.ts'
import { bytesSource } from '../../../peer/weights/source.ts'
import { CORPUS_LINES, corpus } from '../../oracle/tokenizer-corpus.ts'
import { digestIds, type IdsDigest, loadTokenizerGoldens, sha256 } from '../../oracle/tokenizer-goldens.ts'
import { MARKERS, vocabularies } from '../../oracle/tokenizer-vocabularies.ts'
import { writeGguf } from './gguf-writer.ts'

const goldens = loadTokenizerGoldens()
const lines = corpus(MARKERS)

async function open(name: string) {
  const bytes = writeGguf({ metadata: vocabularies(goldens.learnt).find(vocabulary => vocabulary.name === name)!.metadata })
  const facts = tokenizerFactsFrom((await readGgufHeader(bytesSource(bytes, name))).metadata)
  return { bytes, facts, tokenizer: new Tokenizer(facts) }
}

/** The first lines that differ, then all. */
function assertIds(ids: number[][], golden: IdsDigest) {
  const own = digestIds(ids)
  const differing = lines.filter((_, i) => own.lines.slice(4 * i, 4 * i + 4) !== golden.lines.slice(4 * i, 4 * i + 4))
  assert.deepEqual(differing.slice(0, 3), [], `${differing.length} lines differ`)
  assert.equal(own.tokens, golden.tokens)
  assert.equal(own.sha256, golden.sha256)
}

describe('tokenizer kinds', () => {
  it('are compared on the lines that llama.cpp saw', () => {
    assert.equal(lines.length, CORPUS_LINES)
    assert.equal(sha256(JSON.stringify(lines)), goldens.corpus)
  })

  for (const golden of goldens.vocabularies) {
    it(`${golden.name}: ids of 2,000 lines as llama.cpp’s, markers as text and as tokens`, async () => {
      const { bytes, facts, tokenizer } = await open(golden.name)
      assert.equal(sha256(bytes), golden.sha256)
      assert.equal(facts.addsBos, golden.addsBos)
      assert.equal(facts.bos, golden.bos)
      assert.deepEqual(facts.endOfGeneration, golden.endOfGeneration)
      const never = new Tokenizer({ ...facts, addsBos: false })
      assertIds(
        lines.map(line => never.encode(line)),
        golden.plain
      )
      const whole = new Tokenizer({ ...facts, addsBos: false, bos: undefined })
      assertIds(
        lines.map(text => whole.encodeChat({ text, reveal: stretch => stretch })),
        golden.parsed
      )
      assert.equal(tokenizer.encode('x')[0] === golden.bos, golden.addsBos)
    })
  }
})

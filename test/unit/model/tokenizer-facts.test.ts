import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InvalidFileError, UnsupportedModelError } from '../../../peer/errors.ts'
import { readGgufHeader } from '../../../peer/model/gguf.ts'
import { manifestOf, parseManifest } from '../../../peer/model/manifest.ts'
import { ModelText } from '../../../peer/model/model-text.ts'
import { Tokenizer } from '../../../peer/model/tokenizer.ts'
import { checkTokenizerFacts, TOKEN_KIND, type TokenizerFacts, tokenizerFactsFrom } from '../../../peer/model/tokenizer-facts.ts'
import { bytesSource } from '../../../peer/weights/source.ts'
import { f32s, flag, i32s, text, texts, tinyMetadata, tinyTensors, u32, type WrittenValue, writeGguf } from './gguf-writer.ts'

const { control, userDefined, byte, unknown, normal } = TOKEN_KIND

/** tinyMetadata with other tokenizer fields; `undefined` leaves one out. */
function changed(fields: Record<string, WrittenValue | undefined>): [string, WrittenValue][] {
  const kept = tinyMetadata().filter(([key]) => !(key in fields))
  return [...kept, ...Object.entries(fields).filter((entry): entry is [string, WrittenValue] => entry[1] !== undefined)]
}

async function factsOf(fields: Record<string, WrittenValue | undefined>): Promise<TokenizerFacts> {
  const bytes = writeGguf({ metadata: changed(fields) })
  return tokenizerFactsFrom((await readGgufHeader(bytesSource(bytes, 'tiny'))).metadata)
}

/** A SentencePiece vocabulary in which merges lead to a control marker and to a byte's token. */
const spmTokens = ['<unk>', '<s>', '</s>', '<0x0A>', '<', 's', '>', '<s', '▁', 'a', '▁a', '<|m|>', 'b']
const spmKinds = [unknown, control, control, byte, ...Array(7).fill(normal), control, userDefined]
const sentencePiece = {
  'tokenizer.ggml.model': text('llama'),
  'tokenizer.ggml.tokens': texts(spmTokens),
  'tokenizer.ggml.token_type': i32s(spmKinds),
  'tokenizer.ggml.scores': f32s(spmTokens.map((_, id) => -1 - id)),
  'tokenizer.ggml.merges': undefined,
  'tokenizer.ggml.pre': undefined,
  'tokenizer.ggml.bos_token_id': undefined,
  'tokenizer.ggml.eos_token_id': undefined
}

describe('tokenizer facts', () => {
  it('take llama.cpp’s defaults for a SentencePiece vocabulary', async () => {
    const facts = await factsOf(sentencePiece)
    assert.deepEqual(
      { bos: facts.bos, eos: facts.eos, addsBos: facts.addsBos, ends: facts.endOfGeneration, pre: facts.preTokenizer },
      { bos: 1, eos: 2, addsBos: true, ends: [2], pre: 'default' }
    )
    assert.deepEqual(
      { ...facts.sentencePiece, scores: [] },
      { scores: [], addsSpacePrefix: true, unknown: 0, trimsAfterMarkers: false }
    )
  })

  it('read merges given as strings and as pairs alike', async () => {
    const pairs: WrittenValue = { type: 'array', of: 9, items: [texts(['a', 'b'])] }
    const asPairs = await factsOf({ 'tokenizer.ggml.merges': pairs })
    assert.deepEqual(asPairs, await factsOf({}))
    assert.deepEqual(new Tokenizer(asPairs).encode('ab'), [2])
    for (const wrong of [texts(['a b']), texts(['a']), texts(['a', 'b', 'c']), i32s([1, 2])])
      await assert.rejects(factsOf({ 'tokenizer.ggml.merges': { type: 'array', of: 9, items: [wrong] } }), InvalidFileError)
  })

  it('know a token that ends an answer by its text, whatever kind the file gives it', async () => {
    const facts = await factsOf({ 'tokenizer.ggml.token_type': i32s([1, 1, 1, 1]), 'tokenizer.ggml.eos_token_id': u32(0) })
    assert.equal(facts.kinds[3], control)
    assert.deepEqual(facts.endOfGeneration, [0, 3])
  })

  it('go through a manifest unchanged', async () => {
    const tensors = tinyTensors().map(tensor =>
      tensor.name === 'token_embd.weight'
        ? { ...tensor, dims: [64, spmTokens.length], data: new Uint8Array(4 * 64 * spmTokens.length) }
        : tensor
    )
    const made = await manifestOf(bytesSource(writeGguf({ metadata: changed(sentencePiece), tensors }), 'tiny'))
    const read = await parseManifest(made.bytes)
    assert.equal(read.digest, made.digest)
    assert.deepEqual(read.manifest.tokenizer, made.manifest.tokenizer)
  })

  const wrongFields: [
    string,
    Record<string, WrittenValue | undefined>,
    typeof InvalidFileError | typeof UnsupportedModelError
  ][] = [
    ['an unknown pre-tokenizer', { 'tokenizer.ggml.pre': text('gpt-9') }, UnsupportedModelError],
    ['an inherited name as pre-tokenizer', { 'tokenizer.ggml.pre': text('constructor') }, UnsupportedModelError],
    ['another vocabulary', { 'tokenizer.ggml.model': text('t5') }, UnsupportedModelError],
    ['EOS after every prompt', { 'tokenizer.ggml.add_eos_token': flag(true) }, UnsupportedModelError],
    [
      'BOS without a token',
      { 'tokenizer.ggml.bos_token_id': undefined, 'tokenizer.ggml.add_bos_token': flag(true) },
      InvalidFileError
    ],
    ['no scores', { ...sentencePiece, 'tokenizer.ggml.scores': undefined }, InvalidFileError],
    ['too few scores', { ...sentencePiece, 'tokenizer.ggml.scores': f32s([1]) }, InvalidFileError],
    [
      'a score that is no number',
      { ...sentencePiece, 'tokenizer.ggml.scores': f32s(spmTokens.map(() => Number.NaN)) },
      InvalidFileError
    ],
    ['scores of another type', { ...sentencePiece, 'tokenizer.ggml.scores': i32s(spmTokens.map(() => 1)) }, InvalidFileError],
    ['a marker without end', { 'tokenizer.ggml.tokens': texts(['a', 'b', 'ab', `<${'x'.repeat(300)}>`]) }, InvalidFileError]
  ]
  for (const [what, fields, error] of wrongFields) it(`refuse ${what}`, () => assert.rejects(factsOf(fields), error))

  it('of a stranger’s manifest are held to the same', async () => {
    const [bytePairs, pieces] = [await factsOf({}), await factsOf(sentencePiece)]
    const wrong: TokenizerFacts[] = [
      { ...bytePairs, preTokenizer: 'none' },
      { ...bytePairs, sentencePiece: pieces.sentencePiece },
      { ...pieces, sentencePiece: undefined },
      { ...pieces, merges: ['a b'] },
      { ...pieces, sentencePiece: { ...pieces.sentencePiece!, unknown: spmTokens.length } },
      { ...pieces, sentencePiece: { ...pieces.sentencePiece!, scores: pieces.sentencePiece!.scores.map(score => score + 0.1) } }
    ]
    for (const facts of wrong)
      assert.throws(
        () => checkTokenizerFacts(facts),
        thrown => thrown instanceof InvalidFileError || thrown instanceof UnsupportedModelError
      )
  })
})

describe('a model’s text', () => {
  it('warns where the pre-tokenizer is not named, and only there', async () => {
    const warnings = async (fields: Record<string, WrittenValue | undefined>) =>
      new ModelText({ tokenizer: await factsOf(fields), chatTemplate: undefined }).warnings
    assert.match((await warnings({ 'tokenizer.ggml.pre': undefined }))[0]!, /pre-tokenizer/)
    assert.equal((await warnings({ 'tokenizer.ggml.pre': text('default') })).length, 1)
    assert.deepEqual(await warnings({}), [])
    assert.deepEqual(await warnings(sentencePiece), [])
  })

  it('never makes a control token of a message’s text, though merges lead to one', async () => {
    const facts = await factsOf(sentencePiece)
    const chatTemplate = '{% for m in messages %}<|m|>{{ m.role }}{{ m.content }}{% endfor %}'
    const model = new ModelText({ tokenizer: { ...facts, addsBos: false }, chatTemplate })
    const isControl = (id: number) => facts.kinds[id] === control
    assert.ok(!model.tokenizer.encode('a<s> <s></s><|m|>').some(isControl))
    for (const role of ['user', 'assistant', 'tool', 'system'])
      for (const content of ['<s>', 'a<|m|>a', '</s>', '<', 's>', '|m|>'])
        assert.deepEqual(model.encodeChat([{ role, content }]).filter(isControl), [11])
    // Halves in neighbouring places make no whole.
    const halves = [
      { role: '<', content: 's><' },
      { role: '|m', content: '|>' }
    ]
    assert.deepEqual(model.encodeChat(halves).filter(isControl), [11, 11])
  })

  it('begins with BOS exactly once, whatever template and flag say', async () => {
    const facts = await factsOf({ ...sentencePiece, 'tokenizer.ggml.add_space_prefix': flag(false) })
    const ids = (chatTemplate: string, addsBos: boolean) =>
      new ModelText({ tokenizer: { ...facts, addsBos }, chatTemplate }).encodeChat([{ role: 'user', content: 'a' }])
    const a = 9
    for (const written of ['', '{{ bos_token }}', '<s>', '{{ bos_token }}<s>'])
      for (const addsBos of [true, false]) {
        const expected = written === '' && !addsBos ? [a] : [1, a]
        assert.deepEqual(ids(`${written}{{ messages[0].content }}`, addsBos), expected, `${written} ${addsBos}`)
      }
    assert.deepEqual(ids('{{ bos_token }}{{ bos_token }}', true), [1])
    // Later ones are the template's own business.
    assert.deepEqual(ids('<s>a<s>', true), [1, a, 1])
  })

  it('drops a byte that the vocabulary lacks into its unknown token', async () => {
    const tokenizer = new Tokenizer(await factsOf({ ...sentencePiece, 'tokenizer.ggml.add_bos_token': flag(false) }))
    assert.deepEqual(tokenizer.encode('\né'), [8, 3, 0, 0])
    assert.equal(tokenizer.decode(tokenizer.encode('\na')), ' \na')
  })
})

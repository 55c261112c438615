import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { InvalidRequestError } from '../../../peer/errors.ts'
import { ChatTemplate } from '../../../peer/model/chat-template.ts'
import { manifestOf } from '../../../peer/model/manifest.ts'
import { ModelText } from '../../../peer/model/model-text.ts'
import { StreamDecoder, Tokenizer } from '../../../peer/model/tokenizer.ts'
import { bytesSource } from '../../../peer/weights/source.ts'
import { goldenModelPath, loadGoldens, loadTokenization } from '../../oracle/goldens.ts'

const { manifest } = await manifestOf(bytesSource(readFileSync(goldenModelPath()), 'psalter'))
const tokenizer = new Tokenizer(manifest.tokenizer)
const template = new ChatTemplate(manifest.chatTemplate!)
const goldens = loadTokenization()
const { bos } = goldens
const marker = (text: string) => manifest.tokenizer.tokens.indexOf(text)
const vocabulary = manifest.tokenizer.tokens.length

describe('tokenizer', () => {
  for (const { text, plain, parsed } of goldens.cases) {
    it(`encodes ${JSON.stringify(text)} as llama.cpp does`, () => {
      assert.deepEqual(tokenizer.encode(text), [bos, ...plain])
      const rendered = tokenizer.encodeChat({ text, reveal: stretch => stretch })
      assert.deepEqual(rendered, parsed[0] === bos ? parsed : [bos, ...parsed])
      assert.equal(tokenizer.decode(plain), text)
    })
  }

  it('knows the tokens that end an answer, and BOS, as llama.cpp does', () => {
    assert.deepEqual([...tokenizer.endOfGeneration], goldens.endOfGeneration)
    assert.equal(tokenizer.bos, bos)
  })

  it('encodes the golden chats as llama.cpp does', () => {
    for (const prompt of loadGoldens().prompts) {
      if (prompt.messages === undefined) {
        assert.deepEqual(tokenizer.encode(prompt.rendered), prompt.ids)
        continue
      }
      const chat = template.render(prompt.messages, { controlTexts: tokenizer.controlTexts })
      assert.equal(chat.text, prompt.rendered)
      assert.deepEqual(tokenizer.encodeChat(chat), prompt.ids)
      assert.deepEqual(new ModelText(manifest).encodeChat(prompt.messages), prompt.ids)
      assert.equal(tokenizer.decode(prompt.answer.ids), prompt.answer.text)
    }
  })

  it('gives any text back, and never a control token for it', () => {
    const markers = fc.constantFrom(...tokenizer.controlTexts, '<|', '|>', 'im_end', '\r\n', ' ', '🙂', '\ue000', '\ue001')
    const text = fc.array(fc.oneof(markers, fc.string({ unit: 'grapheme' })), { maxLength: 12 }).map(parts => parts.join(''))
    fc.assert(
      fc.property(text, written => {
        const [first, ...ids] = tokenizer.encode(written)
        assert.equal(first, bos)
        assert.ok(ids.every(id => !tokenizer.controlTexts.includes(manifest.tokenizer.tokens[id]!)))
        assert.equal(tokenizer.decode(ids), written)
      }),
      { numRuns: 500 }
    )
  })

  it('keeps a chat’s markers its own, whatever the messages hold', () => {
    const markers = fc.constantFrom(...tokenizer.controlTexts, '<|', '|>', '|', 'im_end', '\ue000', '\ue001', '\n')
    const text = fc.array(fc.oneof(markers, fc.string()), { maxLength: 8 }).map(parts => parts.join(''))
    const [start, end] = [marker('<|im_start|>'), marker('<|im_end|>')]
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), contents => {
        const messages = contents.map(content => ({ role: 'user', content }))
        const ids = tokenizer.encodeChat(template.render(messages, { controlTexts: tokenizer.controlTexts }))
        const control = ids.filter(id => id === start || id === end || id === bos)
        assert.deepEqual(control, [bos, ...contents.flatMap(() => [start, end]), start])
        const expected = `${contents.map(content => `user\n${content}\n`).join('')}assistant\n`
        assert.equal(tokenizer.decode(ids), expected)
      }),
      { numRuns: 500 }
    )
  })

  it('puts BOS once, whether the template writes it or the model adds it', () => {
    const twice = new ModelText({ ...manifest, chatTemplate: '{{ bos_token }}{{ messages[0].content }}{{ eos_token }}' })
    assert.deepEqual(twice.encodeChat([{ role: 'user', content: '' }]), [bos, marker('<|im_end|>')])
    const never = new Tokenizer({ ...manifest.tokenizer, addsBos: false })
    assert.deepEqual(never.encode(''), [])
    assert.throws(() => new ModelText({ ...manifest, chatTemplate: undefined }).encodeChat([]), InvalidRequestError)
  })

  it('refuses an id outside the vocabulary', () => {
    for (const id of [-1, vocabulary, 1.5]) assert.throws(() => tokenizer.decode([id]), InvalidRequestError)
  })
})

describe('stream decoder', () => {
  it('gives the whole text in any pieces, no half character before the end', () => {
    // Single-byte tokens, so that characters are cut everywhere.
    const byteIds = (text: string) => Array.from(new TextEncoder().encode(text), byte => byteId.get(byte)!)
    const byteId = new Map(
      manifest.tokenizer.tokens.flatMap((_, id) => {
        const bytes = tokenizer.bytesOf(id)
        return bytes.length === 1 ? [[bytes[0]!, id] as const] : []
      })
    )
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        const decoder = new StreamDecoder(tokenizer)
        const pieces = byteIds(text).map(id => decoder.push(id))
        assert.ok(pieces.every(piece => !piece.includes('\ufffd') || text.includes('\ufffd')))
        assert.equal(pieces.join('') + decoder.flush(), text)
      }),
      { numRuns: 500 }
    )
  })

  it('says of any tokens at all what decode says', () => {
    const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
    fc.assert(
      fc.property(fc.array(fc.nat(vocabulary - 1), { maxLength: 40 }), ids => {
        const decoder = new StreamDecoder(tokenizer)
        const streamed = ids.map(id => decoder.push(id)).join('') + decoder.flush()
        assert.equal(streamed, utf8.decode(Buffer.concat(ids.map(id => tokenizer.bytesOf(id)))))
        assert.equal(streamed, tokenizer.decode(ids))
      }),
      { numRuns: 500 }
    )
  })
})

/**
 * Texts to continue whose golden continuation is known, cut from the committed ones: a prompt of several prefill chunks is
 * a golden prompt with the beginning of its own continuation, since every step of that has a safe gap.
 */
import { readFileSync } from 'node:fs'
import { manifestOf } from '../../peer/model/manifest.ts'
import { Tokenizer } from '../../peer/model/tokenizer.ts'
import { bytesSource } from '../../peer/weights/source.ts'
import { goldenModelPath, loadGoldens } from '../oracle/goldens.ts'

export interface GoldenText {
  prompt: string
  /** Ids of the prompt, BOS included. */
  promptTokens: number
  /** Text of each token that greedy decoding must continue with. */
  tokens: string[]
}

const { manifest } = await manifestOf(bytesSource(readFileSync(goldenModelPath()), 'psalter'))
const tokenizer = new Tokenizer(manifest.tokenizer)

/** The golden prompt `name` with its first `given` golden tokens, and the `count` after them. */
export function goldenText(name: string, given: number, count: number): GoldenText {
  const golden = loadGoldens().prompts.find(prompt => prompt.name === name)!
  const { ids } = golden.greedy
  if (!golden.safe || golden.kind !== 'prose') throw new Error(`${name} is no prose with safe gaps`)
  if (given + count > ids.length) throw new Error(`${name} has ${ids.length} golden tokens, not ${given + count}`)
  const prompt = golden.rendered + tokenizer.decode(ids.slice(0, given))
  const expected = [...golden.ids, ...ids.slice(0, given)]
  if (tokenizer.encode(prompt).join() !== expected.join()) throw new Error(`${name} with ${given} tokens reads as others`)
  return {
    prompt,
    promptTokens: expected.length,
    tokens: ids.slice(given, given + count).map(id => tokenizer.decode([id]))
  }
}

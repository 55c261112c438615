// Writes what llama.cpp answers greedily on the F32 twin of the embedded model under penalties and biases. `--check` compares
// with the committed answers instead and writes nothing. Usage: node make-sampling-goldens.mjs [--check]
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getLlama, LlamaLogLevel, TokenBias } from 'node-llama-cpp'
import { writeF32Twin } from './f32-twin.mjs'

const MODEL = join(import.meta.dirname, '..', '..', 'models', 'psalter-6m.q8_0.gguf')
const GOLDEN = join(import.meta.dirname, 'golden', 'sampling.json')
const PROMPT = 'And the LORD said unto Moses, Speak'
const STEPS = 24
/** The repetition penalty looks back on prompt and answer, as llama.cpp's own programs do. */
const WINDOW = 64
/** OpenAI's names; biases by the text of their token. */
const CASES = [
  {},
  { repetition_penalty: 1.3 },
  { repetition_penalty: 1.8 },
  { repetition_penalty: 0.8 },
  { frequency_penalty: 1.5 },
  { presence_penalty: -2 },
  { frequency_penalty: 0.4, presence_penalty: 0.8 },
  { bias: { ' the': -100, ' unto': -4 } },
  { bias: { ' Israel': 5 } }
]

const folder = mkdtempSync(join(tmpdir(), 'shoal-oracle-'))
const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, logLevel: LlamaLogLevel.error, maxThreads: 1 })
try {
  const twin = join(folder, 'twin.gguf')
  await writeF32Twin(MODEL, twin)
  const model = await llama.loadModel({ modelPath: twin, gpuLayers: 0 })
  const context = await model.createContext({
    contextSize: model.trainContextSize,
    threads: 1,
    flashAttention: false,
    experimentalKvCacheKeyType: 'F32',
    experimentalKvCacheValueType: 'F32'
  })
  const sequence = context.getSequence()
  const cases = []
  for (const settings of CASES) cases.push(await answer(model, sequence, settings))
  const made = `${JSON.stringify({ prompt: PROMPT, steps: STEPS, cases }, undefined, 1)}\n`
  if (process.argv.includes('--check')) {
    const same = made === readFileSync(GOLDEN, 'utf8')
    console.log(`sampling: ${same ? 'as committed' : 'other answers than committed'}`)
    process.exitCode = same ? 0 : 1
  } else {
    writeFileSync(GOLDEN, made)
  }
} finally {
  await llama.dispose()
  rmSync(folder, { recursive: true })
}

async function answer(model, sequence, { bias, ...penalties }) {
  await sequence.clearHistory()
  const prompt = [model.tokens.bos, ...model.tokenize(PROMPT)]
  const ids = []
  const counts = penalties.frequency_penalty !== undefined || penalties.presence_penalty !== undefined
  const logitBias = Object.fromEntries(Object.entries(bias ?? {}).map(([text, value]) => [model.tokenize(text)[0], value]))
  const tokenBias = new TokenBias(model.tokenizer)
  for (const [id, logit] of Object.entries(logitBias)) tokenBias.set(Number(id), { logit })
  const options = {
    temperature: 0,
    tokenBias,
    repeatPenalty: {
      penalty: penalties.repetition_penalty ?? 1,
      frequencyPenalty: penalties.frequency_penalty ?? 0,
      presencePenalty: penalties.presence_penalty ?? 0,
      maxPunishTokens: WINDOW,
      // OpenAI's two count what was answered.
      punishTokens: () => (counts ? [...ids] : [...prompt, ...ids].slice(-WINDOW))
    }
  }
  for await (const id of sequence.evaluate(prompt, options)) if (ids.push(id) === STEPS) break
  return {
    settings: { ...penalties, ...(bias === undefined ? {} : { logit_bias: logitBias }) },
    text: model.detokenize(ids, false)
  }
}

// Writes the tokenizer goldens: llama.cpp's ids of the corpus under every vocabulary. `--check` compares with the committed
// ones instead and writes nothing. Usage: node make-tokenizer-goldens.mjs [--check]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { getLlama, LlamaLogLevel } from 'node-llama-cpp'
import { writeGguf } from '../unit/model/gguf-writer.ts'
import { corpus } from './tokenizer-corpus.ts'
import { digestIds, loadTokenizerGoldens, sha256, TOKENIZER_GOLDENS } from './tokenizer-goldens.ts'
import { learn, MARKERS, vocabularies } from './tokenizer-vocabularies.ts'

const learnt = learn()
const lines = corpus(MARKERS)
const folder = mkdtempSync(join(tmpdir(), 'shoal-tokenizers-'))
const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, logLevel: LlamaLogLevel.fatal, maxThreads: 1 })
try {
  const made = {
    release: llama.llamaCppRelease.release,
    corpus: sha256(JSON.stringify(lines)),
    learnt,
    vocabularies: []
  }
  for (const vocabulary of vocabularies(learnt)) made.vocabularies.push(await ask(vocabulary))
  if (process.argv.includes('--check')) {
    const same = JSON.stringify(made) === JSON.stringify(loadTokenizerGoldens())
    console.log(`tokenizer goldens: ${same ? 'as committed' : 'not as committed'}`)
    process.exitCode = same ? 0 : 1
  } else {
    writeFileSync(TOKENIZER_GOLDENS, gzipSync(JSON.stringify(made), { level: 9 }))
    for (const { name, plain, parsed } of made.vocabularies) console.log(`${name}: ${plain.tokens} and ${parsed.tokens} tokens`)
  }
} finally {
  await llama.dispose()
  rmSync(folder, { recursive: true })
}

async function ask({ name, metadata }) {
  const bytes = writeGguf({ metadata })
  const path = join(folder, `${name}.gguf`)
  writeFileSync(path, bytes)
  const model = await llama.loadModel({ modelPath: path, gpuLayers: 0, vocabOnly: true })
  try {
    const ids = parseControl => lines.map(line => [...model.tokenize(line, parseControl)])
    return {
      name,
      sha256: sha256(bytes),
      plain: digestIds(ids(false)),
      parsed: digestIds(ids(true)),
      addsBos: model.tokens.shouldPrependBosToken,
      bos: model.tokens.bos,
      endOfGeneration: [...model.iterateAllTokens()].filter(id => model.isEogToken(id))
    }
  } finally {
    await model.dispose()
  }
}

/**
 * `shoal run`: one answer in the terminal. This process drives the session itself, so it needs no gateway and no GPU.
 */
import { Command } from 'commander'
import { neutralSampling } from '../session/neutral-sampling.ts'
import type { ChainHop, CompletionEvent, CompletionRequest, Recovered } from '../session/types.ts'
import { type Activations, activationsOption, encodingOf } from './activations-option.ts'
import { chainReport } from './chain-report.ts'
import type { Swarm } from './join.ts'
import { untilToldToEnd } from './lifetime.ts'
import { logLevelOption, openLogger } from './logger.ts'
import { addMembershipOptions, type MembershipOptions, membershipOf } from './membership-options.ts'
import { collect, collectHttpUrls, JOIN_HELP, parseCount, parseWithin } from './parse-options.ts'
import { DRAFT_HELP, draftModelOf, type Speculate, speculateOption } from './speculate-option.ts'

interface RunOptions extends MembershipOptions {
  join: string[]
  model?: string
  system?: string
  maxTokens?: number
  temperature: number
  topK: number
  topP: number
  minP: number
  typicalP: number
  repetitionPenalty: number
  frequencyPenalty: number
  presencePenalty: number
  seed?: number
  stop?: string[]
  speculate: Speculate
  draft?: string
  activations: Activations
  raw?: boolean
  standby?: boolean
  json?: boolean
  logLevel: string
}

export function runCommand(): Command {
  return addMembershipOptions(new Command('run'))
    .summary('stream one answer')
    .description(
      'Joins the swarm as a driver, streams one answer to standard output, and tells the chain and each hop’s time on standard error.'
    )
    .argument('<prompt>', 'what to say to the model')
    .requiredOption('--join <url>', JOIN_HELP, collectHttpUrls)
    .option('--model <name>', 'name or digest of the model (default: the bootstrap’s first)')
    .option('--system <text>', 'a system message before the prompt')
    .option('--max-tokens <n>', 'longest answer (default: what the context holds)', parseCount)
    .option('--temperature <t>', '0 is greedy', parseWithin(0, 2), 0.7)
    .option('--top-k <k>', 'keep the k likeliest tokens; 0 keeps all', parseWithin(0, 2 ** 31 - 1), 0)
    .option('--top-p <p>', 'keep the likeliest tokens that reach this probability together', parseWithin(0, 1), 1)
    .option('--min-p <p>', 'drop tokens below this share of the likeliest', parseWithin(0, 1), 0)
    .option('--typical-p <p>', 'keep the least surprising tokens that reach this probability together', parseWithin(0, 1), 1)
    .option('--repetition-penalty <r>', 'above 1 makes the last 64 tokens less likely', parseWithin(0.1, 10), 1)
    .option('--frequency-penalty <f>', 'taken from a token’s logit for each time it was answered', parseWithin(-2, 2), 0)
    .option('--presence-penalty <f>', 'taken from a token’s logit once it was answered', parseWithin(-2, 2), 0)
    .option('--seed <n>', 'same seed, same draws (default: random)', parseWithin(0, 2 ** 32 - 1))
    .option('--stop <text>', 'end the answer before this text; may be given several times', collect)
    .option('--standby', 'have second holders of the layers keep the KV, so that a lost peer costs no prefill')
    .addOption(speculateOption())
    .option('--draft <model>', DRAFT_HELP)
    .addOption(activationsOption())
    .option('--raw', 'continue the prompt as text instead of answering it as a chat')
    .option('--json', 'print every event as one JSON object a line')
    .addOption(logLevelOption('warn'))
    .action((prompt: string, options: RunOptions) => untilToldToEnd(signal => run(prompt, options, signal)))
}

async function run(prompt: string, options: RunOptions, signal: AbortSignal): Promise<void> {
  const { joinSwarm } = await import('./join.ts')
  const draft = await draftModelOf(options.draft, signal)
  let swarm: Swarm | undefined
  try {
    swarm = await joinSwarm(options.join, {
      membership: membershipOf(options),
      ...(draft === undefined ? {} : { draft }),
      limits: encodingOf(options.activations),
      logger: openLogger(options.logLevel),
      signal
    })
    const service = await swarm.openService(options.model)
    const print = options.json ? (event: CompletionEvent) => process.stdout.write(`${JSON.stringify(event)}\n`) : printer()
    for await (const event of service.complete(requestOf(prompt, options), signal)) print(event)
  } finally {
    await swarm?.leave()
    await draft?.close()
  }
}

function requestOf(prompt: string, options: RunOptions): CompletionRequest {
  const { maxTokens, temperature, topK, topP, minP, typicalP, repetitionPenalty, frequencyPenalty, presencePenalty } = options
  const system = options.system === undefined ? [] : [{ role: 'system' as const, content: options.system }]
  return {
    input: options.raw ? { text: prompt } : { messages: [...system, { role: 'user', content: prompt }] },
    ...(maxTokens === undefined ? {} : { maxTokens }),
    sampling: {
      ...neutralSampling,
      temperature,
      topK,
      topP,
      minP,
      typicalP,
      repetitionPenalty,
      frequencyPenalty,
      presencePenalty,
      seed: options.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!
    },
    stop: options.stop ?? [],
    standby: options.standby === true,
    speculate: options.speculate === 'auto'
  }
}

/** The answer as people read it; what is not the answer goes to standard error. */
function printer(): (event: CompletionEvent) => void {
  let chain: ChainHop[] = []
  const recoveries: Recovered[] = []
  return event => {
    switch (event.type) {
      case 'started':
        chain = event.chain
        break
      case 'text':
        process.stdout.write(event.text)
        break
      case 'recovered':
        chain = event.chain
        recoveries.push(event)
        break
      case 'finished':
        process.stdout.write('\n')
        process.stderr.write(`\n${chainReport({ ...event, chain, recoveries })}\n`)
    }
  }
}

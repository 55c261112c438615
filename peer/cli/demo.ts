/**
 * `shoal demo`: a whole swarm on one machine. A bootstrap with the page, three peers that hold a part of the embedded
 * model each, a gateway, and one answer streamed through all of them.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { chainReport } from './chain-report.ts'
import { streamChat } from './chat-stream.ts'
import { aborted, untilToldToEnd } from './lifetime.ts'
import { logLevelOption } from './logger.ts'
import { ensurePage } from './page.ts'
import { parsePort } from './parse-options.ts'
import { type ServiceProcess, startService } from './service-process.ts'

const QUESTION = 'Who is my shepherd?'
const ANSWER_TOKENS = 48

/** Parts of the embedded model's eight layers, one a peer. */
const PARTS = ['0-2', '3-5', '6-7']

interface DemoOptions {
  once?: boolean
  port: number
  gatewayPort: number
  logLevel: string
}

export function demoCommand(): Command {
  return new Command('demo')
    .summary('start a whole swarm on this machine and ask it something')
    .description(
      'Starts a bootstrap, three peers with different layers of the embedded model and a gateway, streams one answer with the chain and ' +
        'each hop’s time under it, prints the page’s URL and stays up until Ctrl-C.'
    )
    .option('--once', 'end after the answer')
    .option('--port <port>', 'port of the page; 0 lets the system choose', parsePort, 0)
    .option('--gateway-port <port>', 'port of the OpenAI-compatible API; 0 lets the system choose', parsePort, 0)
    .addOption(logLevelOption('warn'))
    .action((options: DemoOptions) => untilToldToEnd(signal => demo(options, signal)))
}

async function demo(options: DemoOptions, signal: AbortSignal): Promise<void> {
  const say = (line: string) => process.stdout.write(`${line}\n`)
  const folder = await mkdtemp(join(tmpdir(), 'shoal-demo-'))
  const services: ServiceProcess[] = []
  // What is set for this user's own services is not meant for these.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SHOAL_')))
  const start = async (...args: string[]) => {
    const service = await startService([...args, '--log-level', options.logLevel], { signal, env })
    services.push(service)
    return service
  }
  try {
    if (await ensurePage(signal)) say('built the page')
    const bootstrap = await start('bootstrap', '--port', String(options.port), '--identity', join(folder, 'bootstrap.key'))
    const url = String(bootstrap.ready.url)
    say(`bootstrap ${url}`)
    const peers = PARTS.map((layers, index) =>
      start('edge', '--join', url, '--layers', layers, '--identity', join(folder, `edge-${index}.key`)).then(({ ready }) => {
        say(`peer      ${ready.peer}  layers ${layers}  on ${ready.adapter}`)
      })
    )
    const gatewayArgs = ['--port', String(options.gatewayPort), '--identity', join(folder, 'gateway.key')]
    // All settle, so that none is still starting when the others are ended.
    const started = await Promise.allSettled([start('serve', '--join', url, ...gatewayArgs), ...peers])
    const failed = started.find(result => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    const api = String((started[0] as PromiseFulfilledResult<ServiceProcess>).value.ready.url)
    say(`gateway   ${api}\n\n> ${QUESTION}`)
    const answer = await streamChat(
      api,
      { content: QUESTION, maxTokens: ANSWER_TOKENS, temperature: 0.7, seed: 7 },
      text => process.stdout.write(text),
      signal
    )
    say(`\n\n${chainReport(answer)}\n`)
    if (options.once) return
    say(`Open ${url} and donate a tab, or chat there.`)
    say(
      `curl ${api}/v1/chat/completions -H 'content-type: application/json' -d '{"model":"${answer.model}","messages":[{"role":"user","content":"${QUESTION}"}]}'`
    )
    say('Ctrl-C ends it.')
    await Promise.race([aborted(signal), anyEnd(services)])
  } finally {
    await Promise.allSettled(services.map(service => service.stop()))
    await rm(folder, { recursive: true, force: true })
  }
}

async function anyEnd(services: readonly ServiceProcess[]): Promise<never> {
  const { name, code, signal, log } = await Promise.race(
    services.map(async service => ({ name: service.ready.peer, log: service.log(), ...(await service.exited) }))
  )
  throw new Error(`peer ${name} ended (${signal ?? `exit code ${code}`}): ${log.at(-1) ?? 'it said nothing'}`)
}

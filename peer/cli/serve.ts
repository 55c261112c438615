/**
 * `shoal serve`: the gateway. Drives sessions for whoever speaks OpenAI's API to it, and on request hosts a span as well.
 */
import { Command } from 'commander'
import { InvalidRequestError } from '../errors.ts'
import type { PlacingService } from '../session/types.ts'
import { type Activations, activationsOption, encodingOf } from './activations-option.ts'
import type { DraftModel } from './draft-model.ts'
import type { SpanHosting } from './hosting.ts'
import { addHostingOptions, type HostingOptions } from './hosting-options.ts'
import { type KeptAccess, openAccess } from './kept-access.ts'
import { watchKeys } from './key-file.ts'
import { aborted, drainOption, untilToldToEnd } from './lifetime.ts'
import { logLevelOption, openLogger } from './logger.ts'
import { addMembershipOptions, type MembershipOptions, membershipOf } from './membership-options.ts'
import { collectHttpUrls, collectOrigins, JOIN_HELP, parsePort } from './parse-options.ts'
import { announceReady } from './ready.ts'
import type { Selection } from './selection.ts'
import { DRAFT_HELP, draftModelOf, type Speculate, speculateOption } from './speculate-option.ts'
import { addTlsOptions, readTls, type TlsOptions } from './tls.ts'

/** A short answer on a slow chain; Docker kills 10 s after it asks. */
const DRAIN_SECONDS = 5

interface ServeOptions extends HostingOptions, MembershipOptions, TlsOptions {
  join: string[]
  host: string
  port: number
  keys?: string
  open?: boolean
  cors?: string[]
  drain: number
  logText?: boolean
  identity?: string
  donate?: boolean
  standby?: boolean
  speculate: Speculate
  draft?: string
  activations: Activations
  select?: string
  selectState?: string
  json?: boolean
  logLevel: string
}

export function serveCommand(): Command {
  const command = new Command('serve')
    .summary('serve OpenAI’s HTTP API')
    .description(
      'Joins the swarm as a driver and answers POST /v1/chat/completions and /v1/completions, GET /v1/models and /health.'
    )
    .requiredOption('--join <url>', JOIN_HELP, collectHttpUrls)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0 lets the system choose', parsePort, 8081)
    .option('--keys <file>', 'ask clients for a key of this file, made by `shoal key add`; changes are seen while it runs')
    .option('--open', 'listen beyond loopback without keys: whoever reaches the address may use it')
    .option(
      '--cors <origin>',
      'origin whose pages may use it, * for any; may be given several times (default: with --keys any, else this machine’s)',
      collectOrigins
    )
    .addOption(drainOption(DRAIN_SECONDS))
    .option('--identity <file>', 'key file of this peer (default: one of this user’s, not in use)')
    .option('--json', 'print one JSON line when ready')
    .option('--standby', 'have second holders of the layers keep each answer’s KV (a request’s shoal.standby overrides it)')
    .addOption(speculateOption(' (a request’s shoal.speculate overrides it)'))
    .option('--draft <model>', DRAFT_HELP)
    .addOption(activationsOption())
    .option('--select <file>', 'JSON file of clouds, classes and budgets: choose edge or cloud for each request')
    .option('--select-state <file>', 'where what was learned and spent is kept (default: one of this user’s, for this peer)')
    .option('--donate', 'also host a span, as `shoal edge` does')
  return addHostingOptions(addMembershipOptions(addTlsOptions(command)))
    .option('--log-text', 'write prompts and answers to the log (default: never)')
    .addOption(logLevelOption('info'))
    .action((options: ServeOptions) => untilToldToEnd(signal => serve(options, signal), options.drain * 1_000))
}

async function serve(options: ServeOptions, signal: AbortSignal): Promise<void> {
  const forAnybody = options.keys === undefined && !isLoopback(options.host)
  if (forAnybody && !options.open)
    throw new InvalidRequestError(
      `--host ${options.host} lets others use this gateway: give --keys FILE with keys made by \`shoal key add\`, or --open for anybody`
    )
  const [{ joinSwarm }, { startGateway }, { describeHealth }, { claimIdentity }, { startHosting }, { hostingMetrics }] =
    await Promise.all([
      import('./join.ts'),
      import('../gateway/server.ts'),
      import('../gateway/health.ts'),
      import('./identity.ts'),
      import('./hosting.ts'),
      import('./hosting-metrics.ts')
    ])
  // Read before anything is claimed or joined: a wrong file is the first thing to hear of.
  const selecting = options.select === undefined ? undefined : await import('./selection.ts')
  const settings = await selecting?.readSelectionSettings(options.select!)
  const tls = await readTls(options)
  const logger = openLogger(options.logLevel)
  const keys = options.keys === undefined ? undefined : watchKeys(options.keys, message => logger.warn({}, message))
  if (forAnybody) logger.warn({ host: options.host }, 'open: whoever reaches this address may use the gateway')
  const identity = await claimIdentity(options.identity, 'gateway')
  let draft: DraftModel | undefined
  try {
    draft = await draftModelOf(options.draft, signal)
    const swarm = await joinSwarm(options.join, {
      membership: membershipOf(options),
      privateKey: identity.privateKey,
      ...(draft === undefined ? {} : { draft }),
      limits: encodingOf(options.activations),
      logger,
      signal
    })
    let hosting: SpanHosting | undefined
    let selection: Selection | undefined
    let access: KeptAccess | undefined
    try {
      const services = await swarm.openServices()
      if (options.donate) {
        hosting = await startHosting(swarm, options, logger, signal)
        // The gateway goes on: other peers may hold the layers.
        void hosting.ended.then(error => error && logger.error({ code: error.code }, `hosting ended: ${error.message}`))
      }
      const metrics = hosting && hostingMetrics(() => ({ stats: hosting?.stats(), peers: swarm.connectedPeers() }))
      const models = services.map(({ model, layers }) => ({ name: model.name, digest: model.digest, layers }))
      if (settings !== undefined) selection = await selecting!.openSelection(settings, options.selectState, swarm, logger)
      const faced: readonly PlacingService[] = selection === undefined ? services : services.map(selection.over)
      if (keys !== undefined) access = await openAccess(keys, swarm.self, logger)
      const gateway = await startGateway({
        services: () => faced,
        ...(selection === undefined ? {} : { selection: selection.report, clouds: settings!.clouds.length > 0 }),
        ...(access === undefined ? {} : { access }),
        ...(metrics === undefined ? {} : { metrics }),
        ...(options.cors === undefined ? {} : { origins: options.cors }),
        health: async (counts, limit) => describeHealth(swarm.self, counts, models, await swarm.directory(limit)),
        ...(tls === undefined ? {} : { tls }),
        host: options.host,
        port: options.port,
        standby: options.standby === true,
        speculate: options.speculate === 'auto',
        logText: options.logText === true,
        logger
      })
      try {
        const names = models.map(model => model.name)
        announceReady(options.json === true, { event: 'ready', url: gateway.url, peer: swarm.self, models: names }, [
          `gateway ${gateway.url}/v1 serves ${names.join(', ')}`
        ])
        await aborted(signal)
        // Together: answers under way may run through the span that this process hosts.
        await Promise.all([gateway.drain(options.drain * 1_000), hosting?.stop(options.drain * 1_000)])
      } finally {
        await gateway.close()
      }
    } finally {
      await access?.close()
      await selection?.close()
      await hosting?.stop()
      await swarm.leave()
    }
  } finally {
    await draft?.close()
    await identity.release()
  }
}

/** `localhost` may be either address family; both are this machine's own. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

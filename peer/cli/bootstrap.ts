/**
 * `shoal bootstrap`: the rendezvous. The first directory node, a relay, and the server of page, manifests and weights.
 */
import { Command } from 'commander'
import type { PublishedModel } from '../../bootstrap/published-model.ts'
import { InvalidRequestError } from '../errors.ts'
import { DEFAULT_NETWORK, inviteOf, type Membership } from '../wire/membership.ts'
import { keptInvite } from './kept-invite.ts'
import { EMBEDDED_MODEL } from './layout.ts'
import { aborted, untilToldToEnd } from './lifetime.ts'
import { logLevelOption, openLogger } from './logger.ts'
import { addMembershipOptions, type MembershipOptions, membershipOf } from './membership-options.ts'
import { collect, collectPlaces, parseHttpUrl, parsePort } from './parse-options.ts'
import { announceReady } from './ready.ts'
import { addTlsOptions, readTls, type TlsOptions } from './tls.ts'

interface BootstrapOptions extends MembershipOptions, TlsOptions {
  host: string
  port: number
  wsPort?: number
  tcpPort: number
  model?: string[]
  manifest?: string[]
  publicUrl?: string
  join?: string[]
  private?: boolean
  identity?: string
  json?: boolean
  logLevel: string
}

export function bootstrapCommand(): Command {
  const command = new Command('bootstrap')
    .summary('start a swarm’s rendezvous')
    .description(
      'Serves the page, the models’ manifests and weights, the directory and the relay. Peers join with its URL. ' +
        'Off localhost browsers need HTTPS: give --tls-cert and --tls-key, or put it behind a proxy and give --public-url.'
    )
    .option('--host <address>', 'IP address to listen on; 0.0.0.0 for all', '127.0.0.1')
    .option('--port <port>', 'port of page, models and WebSockets; 0 lets the system choose', parsePort, 8080)
    .option('--ws-port <port>', 'a further port for libp2p over WebSockets alone', parsePort)
    .option('--tcp-port <port>', 'port of libp2p over TCP; 0 lets the system choose', parsePort, 0)
    .option('--model <file|url>', 'GGUF to publish; may be given several times (default: the embedded psalter)', collect)
    .option('--manifest <file>', 'manifest of the --model at the same place, made by `shoal publish`; saves hashing it', collect)
    .option('--public-url <url>', 'where the world reaches the port, behind a proxy', parseHttpUrl)
    .option(
      '--join <url|multiaddr>',
      'a fellow directory node to share the directory with: URL of its bootstrap, or a multiaddr ending in /p2p/ID; may be ' +
        'given several times, one side suffices, and it need not be up yet',
      collectPlaces
    )
  return addMembershipOptions(addTlsOptions(command))
    .option('--private', 'for those alone who have its invite, which is made now, printed, and kept beside the key file')
    .option('--identity <file>', 'key file of this node (default: one of this user’s, not in use)')
    .option('--json', 'print one JSON line when ready')
    .addOption(logLevelOption('info'))
    .action((options: BootstrapOptions) => untilToldToEnd(signal => bootstrap(options, signal)))
}

async function bootstrap(options: BootstrapOptions, signal: AbortSignal): Promise<void> {
  const [{ startBootstrap }, { publishedModel }, { claimIdentity }, { pageFolder }] = await Promise.all([
    import('../../bootstrap/bootstrap.ts'),
    import('./published-model.ts'),
    import('./identity.ts'),
    import('./page.ts')
  ])
  const logger = openLogger(options.logLevel)
  const places = options.model ?? [EMBEDDED_MODEL]
  const manifests = options.manifest ?? []
  if (manifests.length > places.length) throw new InvalidRequestError('--manifest is given more often than --model')
  const tls = await readTls(options)
  const given = membershipOf(options)
  const models: PublishedModel[] = []
  for (const [index, place] of places.entries()) models.push(await publishedModel(place, manifests[index], signal))
  const identity = await claimIdentity(options.identity, 'bootstrap')
  try {
    const membership = options.private && given.secret === undefined ? await keptInvite(identity.path, options.network) : given
    const pageDir = pageFolder()
    if (pageDir === undefined) logger.warn('no page is built: run `npm run build`')
    const running = await startBootstrap({
      host: options.host,
      httpPort: options.port,
      tcpPort: options.tcpPort,
      models,
      privateKey: identity.privateKey,
      membership,
      logger,
      directoryNodes: options.join ?? [],
      ...(options.wsPort === undefined ? {} : { wsPort: options.wsPort }),
      ...(tls === undefined ? {} : { tls }),
      ...(pageDir === undefined ? {} : { pageDir }),
      ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl })
    })
    try {
      const url = options.publicUrl ?? running.httpUrl
      const named = models.map(({ name, digest }) => ({ name, digest }))
      const invite = membership.secret === undefined ? undefined : inviteOf(membership)
      const link = invite === undefined ? url : `${url}/#invite=${invite}`
      announceReady(
        options.json === true,
        {
          event: 'ready',
          url,
          peer: running.peerId,
          addresses: running.addresses,
          models: named,
          network: membership.network,
          ...(invite === undefined ? {} : { invite, link })
        },
        [
          `swarm  ${link}`,
          ...named.map(({ name, digest }) => `model  ${name} ${digest}`),
          ...(invite === undefined ? [] : [`invite ${invite}`]),
          `join   shoal edge --join ${url}${joinFlags(membership, invite)}`
        ]
      )
      await aborted(signal)
    } finally {
      await running.stop()
    }
  } finally {
    await identity.release()
  }
}

function joinFlags({ network }: Membership, invite: string | undefined): string {
  if (invite !== undefined) return ` --invite ${invite}`
  return network === DEFAULT_NETWORK ? '' : ` --network ${network}`
}

/**
 * What the page's address asks for. People need none of it; operators, tests and the curious do:
 * `?bootstrap=URL` joins another bootstrap than the one that served the page, `?webrtc=off` keeps to sockets and the relay,
 * `?layers=3-5` donates exactly these layers, counted from 0, instead of those that the swarm lacks most.
 * `?gateway=URL` names a gateway of this swarm, to be asked in this tab's place and for its choices between edge and cloud.
 * `#invite=NETWORK.SECRET` belongs to a private swarm: browsers send no server what stands behind the #.
 */
import type { Span } from '../peer/model/types.ts'

export interface PageAddress {
  /** With a slash at its end, so that other addresses are relative to it. */
  bootstrap: string
  webrtc: boolean
  span: Span | undefined
  /** With a slash at its end. */
  gateway: string | undefined
  /** As it stands in the address. */
  invite: string | undefined
}

export function readPageAddress(href: string): PageAddress {
  const page = new URL(href)
  const { searchParams } = page
  const stated = searchParams.get('bootstrap')
  const bootstrap = stated === null ? new URL('.', page) : new URL(stated, page)
  return {
    bootstrap: baseOf(bootstrap),
    webrtc: searchParams.get('webrtc') !== 'off',
    span: parseSpan(searchParams.get('layers')),
    gateway: gatewayOf(searchParams.get('gateway'), page),
    invite: new URLSearchParams(page.hash.slice(1)).get('invite') ?? undefined
  }
}

function gatewayOf(stated: string | null, page: URL): string | undefined {
  if (stated === null || !URL.canParse(stated, page)) return undefined
  const gateway = new URL(stated, page)
  return /^https?:$/.test(gateway.protocol) ? baseOf(gateway) : undefined
}

/** Other addresses are relative to it. */
function baseOf(url: URL): string {
  const base = new URL(url)
  base.search = ''
  base.hash = ''
  return base.href.endsWith('/') ? base.href : `${base.href}/`
}

/** First and last layer, as `shoal edge --layers` takes them. */
function parseSpan(text: string | null): Span | undefined {
  const [, first, last] = /^(\d{1,4})-(\d{1,4})$/.exec(text ?? '') ?? []
  if (first === undefined || last === undefined || Number(last) < Number(first)) return undefined
  return { first: Number(first), end: Number(last) + 1 }
}

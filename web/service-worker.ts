/**
 * The page's shell without a network: its own files and nothing else. Weights have a cache of their own; manifests, the
 * directory and sockets are never touched. A new version waits until the last tab of the old one is closed, so that no tab
 * loads half of each.
 */
interface Scope extends EventTarget {
  registration: { scope: string }
}

interface ExtendableEvent extends Event {
  waitUntil: (work: Promise<unknown>) => void
}

interface FetchEvent extends ExtendableEvent {
  request: Request
  respondWith: (response: Promise<Response>) => void
}

const scope = globalThis as unknown as Scope

/** Filled in when the page is built. */
const { version, files }: { version: string; files: string[] } = JSON.parse('__SHELL__')
const PREFIX = 'shoal-shell-'
const CACHE = `${PREFIX}${version}`
/** A server that takes longer than this is as good as away; the page kept here comes at once. */
const NAVIGATION_MS = 4_000

/** The bootstrap varies answers by Origin for pages elsewhere; the shell is the same for all. */
const EXACTLY = { cacheName: CACHE, ignoreVary: true }

const addresses = new Set(files.map(file => new URL(file, scope.registration.scope).href))

scope.addEventListener('install', event => {
  const keep = async () => await (await caches.open(CACHE)).addAll(['./', ...files])
  ;(event as ExtendableEvent).waitUntil(keep())
})

scope.addEventListener('activate', event => {
  const drop = async () => {
    const old = (await caches.keys()).filter(name => name.startsWith(PREFIX) && name !== CACHE)
    await Promise.all(old.map(name => caches.delete(name)))
  }
  ;(event as ExtendableEvent).waitUntil(drop())
})

scope.addEventListener('fetch', event => {
  const { request, respondWith } = event as FetchEvent
  if (request.method !== 'GET') return
  if (request.mode === 'navigate') respondWith.call(event, navigate(request))
  else if (addresses.has(request.url)) respondWith.call(event, keptOr(request))
})

async function keptOr(request: Request): Promise<Response> {
  return (await caches.match(request, EXACTLY)) ?? (await fetch(request))
}

async function navigate(request: Request): Promise<Response> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('The server is late')), NAVIGATION_MS)
  })
  try {
    return await Promise.race([fetch(request), late])
  } catch (error) {
    const kept = await caches.match('./', EXACTLY)
    if (kept === undefined) throw error
    return kept
  }
}

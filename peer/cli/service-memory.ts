/**
 * How services are started so that their memory stays near what they hold. V8's young generation may grow to 100 MB of
 * garbage and glibc keeps an arena for each thread: a gateway of 180 MB takes 260, and nobody can tell that from a leak.
 */

/** Of Node; also in main.ts's first line. Young objects live for one step, so that a larger one is only garbage. */
export const NODE_FLAGS = ['--max-semi-space-size=4']

/** Of glibc (mallopt(3)): few arenas, and what is large goes back when it is freed instead of staying in the heap. */
export const MALLOC_ENV = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' }

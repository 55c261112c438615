/**
 * Loaded into each process of a soak, before its own code: SIGUSR2 has it collect its garbage and give the pages back, which
 * V8 otherwise keeps for itself: a burst's 60 to 75 MiB stayed in a peer's RSS, however often its heap of 45 MiB was
 * collected. Needs --expose-gc.
 */
process.on('SIGUSR2', () => void globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' }))

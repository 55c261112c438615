/** Loaded into each process of a soak, before its own code: SIGUSR2 has it collect its garbage. Needs --expose-gc. */
process.on('SIGUSR2', () => {
  // Twice: what finalisers of the first let go is freed by the second.
  globalThis.gc?.()
  globalThis.gc?.()
})

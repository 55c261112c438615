/**
 * Builds the page into dist/web, which the bootstrap serves. Addresses in it are relative, so that it works under any path.
 */
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Shapes that stay the same between releases of the page, so that a returning browser has them already. */
const chunks = [
  { name: 'libp2p', test: /node_modules[\\/](?!preact|marked|@huggingface)/ },
  { name: 'text', test: /node_modules[\\/]@huggingface/ },
  { name: 'view', test: /node_modules[\\/](preact|marked)/ }
]

/**
 * Builds the service worker beside the page, under a name that stays, and tells it which files the shell is made of. Of the
 * page alone: test pages are built with this configuration too.
 */
function shell(): Plugin {
  let ofPage = false
  return {
    name: 'shoal-shell',
    apply: 'build',
    // Workers are written by a plugin of Vite's own.
    enforce: 'post',
    configResolved: ({ root }) => {
      ofPage = root === here('.').replace(/[\\/]$/, '')
    },
    buildStart() {
      if (ofPage) this.emitFile({ type: 'chunk', id: here('service-worker.ts'), fileName: SERVICE_WORKER })
    },
    generateBundle(_options, bundle) {
      const worker = bundle[SERVICE_WORKER]
      if (worker?.type !== 'chunk') return
      const files = [...Object.keys(bundle).filter(name => name.startsWith('assets/')), ...readdirSync(here('public'))].sort()
      const version = createHash('sha256').update(files.join()).digest('hex').slice(0, 16)
      const told = JSON.stringify(JSON.stringify({ version, files }))
      worker.code = worker.code.replace(/(["'`])__SHELL__\1/, () => told)
      if (!worker.code.includes(version)) throw new Error('The service worker has no place for its list of files')
    }
  }
}

const SERVICE_WORKER = 'service-worker.js'

export default defineConfig({
  plugins: [shell()],
  root: here('.'),
  base: './',
  // `browser` picks the browser's side of package.json's imports and of every dependency.
  resolve: { conditions: ['browser', 'module', 'import', 'default'] },
  worker: { format: 'es' },
  build: {
    outDir: here('../dist/web'),
    emptyOutDir: true,
    target: 'es2023',
    sourcemap: false,
    rolldownOptions: { output: { codeSplitting: { groups: chunks } } }
  },
  server: { host: 'localhost' }
})

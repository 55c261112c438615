/**
 * Builds the page into dist/web, which the bootstrap serves. Addresses in it are relative, so that it works under any path.
 */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Shapes that stay the same between releases of the page, so that a returning browser has them already. */
const chunks = [
  { name: 'libp2p', test: /node_modules[\\/](?!preact|@huggingface)/ },
  { name: 'text', test: /node_modules[\\/]@huggingface/ },
  { name: 'view', test: /node_modules[\\/]preact/ }
]

export default defineConfig({
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

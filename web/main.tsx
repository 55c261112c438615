/**
 * The page's beginning: shows itself at once, then joins the swarm.
 */
import { render } from 'preact'
import { Page } from './components/page.tsx'
import { startControl } from './control.ts'
import { exposeHandle } from './handle.ts'
import { initialState } from './state.ts'
import { createStore, useStore } from './store.ts'
import './style/index.css'

const store = createStore(initialState)
const { actions, joined } = startControl(store)
// A page that is closed before it has joined never will.
joined.catch(() => {})
exposeHandle(store, joined)

function App() {
  return <Page state={useStore(store)} actions={actions} />
}

render(<App />, document.getElementById('page')!)

// Installable, and there without a network; after what people wait for. An insecure context has none.
joined.then(() => navigator.serviceWorker?.register('./service-worker.js', { updateViaCache: 'none' })).catch(() => {})

import type { Token } from 'marked'
import { Fragment } from 'preact'
import { useMemo } from 'preact/hooks'
import { decodeReferences, GrowingMarkdown, known, safeAddress } from '../markdown.ts'
import type { Recovery } from '../state.ts'
import { recoveryText } from '../words/chat.ts'
import { copyWords, markdownWords } from '../words/page.ts'
import { Copyable } from './copyable.tsx'

/** A model's answer as it grows; `recoveries` are marked beside the block they fell into. */
export function Markdown({ text, recoveries, caret }: { text: string; recoveries: readonly Recovery[]; caret: boolean }) {
  const markdown = useMemo(() => new GrowingMarkdown(), [])
  const blocks = markdown.blocksOf(text)
  // One that fell between blocks is marked at the block after it, or the last one there is.
  const placeOf = ({ at }: Recovery) => {
    const place = blocks.findIndex(({ end }) => at < end)
    return place < 0 ? blocks.length - 1 : place
  }
  return (
    <div class={`markdown ${caret ? 'growing' : ''}`}>
      {blocks.map(({ token, start }, index) => {
        const healed = recoveries.filter(recovery => placeOf(recovery) === index)
        return (
          <Fragment key={start}>
            {healed.map((recovery, number) => (
              <span key={number} class="healed" role="img" aria-label={recoveryText(recovery)} title={recoveryText(recovery)}>
                <svg viewBox="0 0 16 16" aria-hidden="true">
                  <path d="M1 11h3.500M11.500 11H15M4.500 11C5.500 3 10.500 3 11.500 11" />
                </svg>
              </span>
            ))}
            <BlockOf token={token} />
          </Fragment>
        )
      })}
    </div>
  )
}

function BlockOf({ token: any }: { token: Token }) {
  const token = known(any)
  switch (token.type) {
    case 'heading': {
      // The page has its own h1 and h2.
      const Tag = `h${Math.min(6, token.depth + 2)}` as 'h3'
      return (
        <Tag>
          <Inline tokens={token.tokens} />
        </Tag>
      )
    }
    case 'paragraph':
      return (
        <p>
          <Inline tokens={token.tokens} />
        </p>
      )
    case 'code':
      return <Copyable block text={token.text} label={copyWords.code} />
    case 'blockquote':
      return (
        <blockquote>
          <Blocks tokens={token.tokens} />
        </blockquote>
      )
    case 'list': {
      const items = token.items.map((item, index) => (
        <li key={index} class={item.task ? 'task' : ''}>
          <Blocks tokens={item.tokens} />
        </li>
      ))
      return token.ordered ? <ol start={Number(token.start) || 1}>{items}</ol> : <ul>{items}</ul>
    }
    case 'table':
      return (
        // A wide table scrolls alone; the keyboard must reach what scrolls.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region is focusable so that arrow keys scroll it
        <section class="scroll" tabIndex={0} aria-label={markdownWords.table}>
          <table>
            <thead>
              <tr>
                {token.header.map((cell, index) => (
                  <th key={index} scope="col" class={cell.align ?? ''}>
                    <Inline tokens={cell.tokens} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {token.rows.map((row, index) => (
                <tr key={index}>
                  {row.map((cell, column) => (
                    <td key={column} class={cell.align ?? ''}>
                      <Inline tokens={cell.tokens} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )
    case 'hr':
      return <hr />
    case 'space':
    case 'def':
      return null
    case 'text':
      return token.tokens === undefined ? <p>{decodeReferences(token.text)}</p> : <Inline tokens={token.tokens} />
    case 'html':
      return <p class="as-written">{token.raw}</p>
    default:
      return <Inline tokens={[token]} />
  }
}

function Blocks({ tokens }: { tokens: readonly Token[] }) {
  return tokens.map((token, index) => <BlockOf key={index} token={token} />)
}

function Inline({ tokens }: { tokens: readonly Token[] }) {
  return tokens.map((token, index) => <InlineOf key={index} token={token} />)
}

function InlineOf({ token: any }: { token: Token }) {
  const token = known(any)
  switch (token.type) {
    case 'text':
    case 'escape':
      return 'tokens' in token && token.tokens !== undefined ? <Inline tokens={token.tokens} /> : decodeReferences(token.text)
    case 'strong':
      return (
        <strong>
          <Inline tokens={token.tokens} />
        </strong>
      )
    case 'em':
      return (
        <em>
          <Inline tokens={token.tokens} />
        </em>
      )
    case 'del':
      return (
        <del>
          <Inline tokens={token.tokens} />
        </del>
      )
    case 'codespan':
      return <code>{token.text}</code>
    case 'br':
      return <br />
    case 'link': {
      const address = safeAddress(token.href)
      return address === undefined ? (
        <Inline tokens={token.tokens} />
      ) : (
        <a href={address} target="_blank" rel="noreferrer noopener nofollow">
          <Inline tokens={token.tokens} />
        </a>
      )
    }
    // Loading a picture would tell its server who reads this answer.
    case 'image': {
      const address = safeAddress(token.href)
      const words = token.text === '' ? markdownWords.picture : token.text
      return address === undefined ? (
        words
      ) : (
        <a href={address} target="_blank" rel="noreferrer noopener nofollow">
          {words}
        </a>
      )
    }
    case 'checkbox':
      return <span class="box">{token.checked ? '☑ ' : '☐ '}</span>
    default:
      return token.raw
  }
}

/**
 * The conversation and the tools of a chat request, as the model's template gets them. Tools are described to the model
 * where its template has words for them; what the model then writes comes back as text, calls and all.
 */
import type { Tool, ToolCall } from '../model/chat-template.ts'
import type { ChatMessage } from '../session/types.ts'
import { type Body, invalid } from './fields.ts'
import { MAX_NAME_LENGTH, MAX_TOOL_CALLS, MAX_TOOL_DEPTH, MAX_TOOLS } from './limits.ts'

const roles: Record<string, ChatMessage['role']> = {
  system: 'system',
  // OpenAI's newer name for the system's word.
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'tool'
}

export function readMessages(value: unknown): ChatMessage[] {
  if (!Array.isArray(value) || value.length === 0) throw invalid('messages', "'messages' must be a non-empty array")
  return value.map((message: unknown, index) => readMessage(message, `messages[${index}]`))
}

/** None, or functions in OpenAI's form; `undefined` when the caller wants none used. */
export function readTools({ tools, tool_choice: choice }: Body): Tool[] | undefined {
  if (choice !== undefined && choice !== null && choice !== 'none' && choice !== 'auto')
    throw invalid('tool_choice', "Choosing a tool is not supported: 'tool_choice' is 'auto' or 'none'")
  if (tools === undefined || tools === null) return undefined
  if (!Array.isArray(tools) || tools.length > MAX_TOOLS)
    throw invalid('tools', `'tools' must be an array of at most ${MAX_TOOLS}`)
  const read = tools.map((tool: unknown, index) => readTool(tool, `tools[${index}]`))
  return read.length === 0 || choice === 'none' ? undefined : read
}

function readTool(value: unknown, where: string): Tool {
  const tool = readObject(value, where)
  if (tool.type !== 'function') throw invalid(`${where}.type`, `${where}.type must be 'function'`)
  const { name } = readObject(tool.function, `${where}.function`)
  readName(name, `${where}.function.name`)
  checkDepth(tool, where, MAX_TOOL_DEPTH)
  return tool
}

function readMessage(value: unknown, where: string): ChatMessage {
  const message = readObject(value, where)
  const role = typeof message.role === 'string' && Object.hasOwn(roles, message.role) ? roles[message.role] : undefined
  if (role === undefined) throw invalid(`${where}.role`, `${where}.role must be one of ${Object.keys(roles).join(', ')}`)
  const calls = readToolCalls(message.tool_calls, `${where}.tool_calls`)
  if (calls.length > 0 && role !== 'assistant') throw invalid(`${where}.tool_calls`, 'Only the assistant calls tools')
  // An assistant that only called tools said nothing.
  const content = calls.length > 0 && (message.content ?? null) === null ? '' : readContent(message.content, `${where}.content`)
  return {
    role,
    content,
    ...(message.name == null ? {} : { name: readName(message.name, `${where}.name`) }),
    ...(message.tool_call_id == null ? {} : { tool_call_id: readName(message.tool_call_id, `${where}.tool_call_id`) }),
    ...(calls.length === 0 ? {} : { tool_calls: calls })
  }
}

function readToolCalls(value: unknown, where: string): ToolCall[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || value.length > MAX_TOOL_CALLS)
    throw invalid(where, `${where} must be an array of at most ${MAX_TOOL_CALLS}`)
  return value.map((call: unknown, index) => readToolCall(call, `${where}[${index}]`))
}

function readToolCall(value: unknown, where: string): ToolCall {
  const call = readObject(value, where)
  if (call.type !== 'function') throw invalid(`${where}.type`, `${where}.type must be 'function'`)
  const { name, arguments: written } = readObject(call.function, `${where}.function`)
  return {
    ...(call.id == null ? {} : { id: readName(call.id, `${where}.id`) }),
    type: 'function',
    function: {
      name: readName(name, `${where}.function.name`),
      arguments: readArguments(written, `${where}.function.arguments`)
    }
  }
}

/** OpenAI has them as JSON in a string; templates take the object and write the JSON themselves. */
function readArguments(value: unknown, where: string): Record<string, unknown> {
  let read: unknown
  try {
    read = JSON.parse(value as string)
  } catch {
    read = undefined
  }
  if (typeof value !== 'string' || typeof read !== 'object' || read === null || Array.isArray(read))
    throw invalid(where, `${where} must be a JSON object in a string`)
  checkDepth(read, where, MAX_TOOL_DEPTH)
  return read as Record<string, unknown>
}

function readObject(value: unknown, where: string): Body {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(where, `${where} must be an object`)
  return value as Body
}

function readName(value: unknown, where: string): string {
  if (typeof value !== 'string' || value === '' || value.length > MAX_NAME_LENGTH)
    throw invalid(where, `${where} must be a non-empty string of at most ${MAX_NAME_LENGTH} characters`)
  return value
}

function checkDepth(value: unknown, where: string, left: number): void {
  if (typeof value !== 'object' || value === null) return
  if (left === 0) throw invalid(where, `${where} is nested more than ${MAX_TOOL_DEPTH} deep`)
  for (const item of Object.values(value)) checkDepth(item, where, left - 1)
}

/** A string, or parts of type text. */
function readContent(value: unknown, where: string): string {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) throw invalid(where, `${where} must be a string or an array of text parts`)
  return value
    .map((part: unknown, index) => {
      const { type, text } = (typeof part === 'object' && part !== null ? part : {}) as Body
      if (type !== 'text')
        throw invalid(
          `${where}[${index}].type`,
          `${where}[${index}] must be a part of type 'text'; other kinds are not supported`
        )
      if (typeof text !== 'string') throw invalid(`${where}[${index}].text`, `${where}[${index}].text must be a string`)
      return text
    })
    .join('')
}

// One XRPC call, with nothing that a client library would do for its caller.

import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { remember, rememberParameters } from './artefacts.mjs'

/**
 * Calls a method: a query without `input`, a procedure with it; `input: null` is a procedure without a body. `bearer` is
 * a token, `headers` are more, `from` is the address of this machine to call from. Answers status, headers and body.
 */
export async function xrpc(origin, method, { query, input, bearer, headers = {}, from } = {}) {
  const url = new URL(`/xrpc/${method}`, origin)
  url.search = new URLSearchParams(query)
  remember(bearer)
  rememberParameters(input)
  const body = input ? JSON.stringify(input) : undefined
  const sent = {
    ...(body && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    ...(bearer && { authorization: `Bearer ${bearer}` }),
    ...headers,
  }
  const options = { method: input === undefined ? 'GET' : 'POST', headers: sent, agent: false }
  // another address than the usual one can only be the fourth version's
  if (from) Object.assign(options, { localAddress: from, family: 4 })
  const answer = await new Promise((done, fail) => {
    httpRequest(url, options, done).on('error', fail).end(body)
  })
  const text = Buffer.concat(await answer.toArray()).toString()
  const isJson = answer.headers['content-type']?.startsWith('application/json')
  const said = isJson ? JSON.parse(text) : text
  rememberParameters(isJson ? said : undefined)
  return { status: answer.statusCode, headers: answer.headers, body: said }
}

/** The same, where only success will do; answers the body. */
export async function succeed(...call) {
  const { status, body } = await xrpc(...call)
  assert.equal(status, 200, `${call[1]}: ${JSON.stringify(body)}`)
  return body
}

/** What a test says of a refusal: its status, name and text. */
export const refusal = ({ status, body }) => [status, body.error, body.message]

/** Header and claims of a JWT, unverified. */
export function decoded(jwt) {
  const [header, claims] = jwt.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
  return { header, claims }
}

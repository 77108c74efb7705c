// Where a run leaves what it found: logs, pictures, and the list of everything secret that was issued.
// After the suite, tests/run looks for each of these secrets in every log and every database.

import { appendFileSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

const folder = resolve(process.env.ENTRYWAY_TEST_ARTEFACTS ?? join(import.meta.dirname, '../../artefacts'))
mkdirSync(join(folder, 'logs'), { recursive: true })
mkdirSync(join(folder, 'screenshots'), { recursive: true })
mkdirSync(join(folder, 'foreign-logs'), { recursive: true })

/** This run's name, unique among the runs of one `tests/run`. */
export const runName = process.env.ENTRYWAY_RUN_NAME ?? `by-hand-${process.pid}`

export const logFile = (name) => join(folder, 'logs', `${name}.log`)
/** The log of a program that is not ours. What it keeps secret is its own affair, so it is not searched for secrets. */
export const foreignLogFile = (name) => join(folder, 'foreign-logs', `${runName}-${name}.log`)
export const screenshotFile = (name) => join(folder, 'screenshots', `${name}.png`)

const seen = new Set()

/** Adds secrets to the list. What is not a string of some length is no secret. */
export function remember(...secrets) {
  const fresh = secrets.filter((secret) => typeof secret === 'string' && secret.length >= 8 && !seen.has(secret))
  if (fresh.length === 0) return
  for (const secret of fresh) seen.add(secret)
  appendFileSync(join(folder, 'secrets.txt'), fresh.map((secret) => secret + '\n').join(''))
}

const secretParameters = [
  'access_token', 'refresh_token', 'code', 'request_uri', 'code_verifier', 'password', 'csrf', 'token', 'client_assertion',
  'accessJwt', 'refreshJwt',
]

/** Remembers the secret ones among the parameters of a query, form, fragment or JSON object. */
export function rememberParameters(parameters) {
  if (typeof parameters === 'string') parameters = new URLSearchParams(parameters)
  for (const name of secretParameters) {
    remember(parameters instanceof URLSearchParams ? parameters.get(name) : parameters?.[name])
  }
}

/** Remembers the secrets in the query and fragment of a URL. */
export function rememberUrl(text) {
  if (!URL.canParse(text)) return
  const url = new URL(text)
  rememberParameters(url.search)
  rememberParameters(url.hash.slice(1))
}

/** Remembers the token of an `Authorization` header. */
export function rememberAuthorization(header) {
  remember(header?.split(' ')[1])
}

/** Remembers the values of `Set-Cookie` headers. */
export function rememberCookies(headers) {
  for (const header of headers) remember(header.split(';')[0].split('=').slice(1).join('='))
}

/** A `fetch` for the clients' own `fetch` option: the same, and it remembers the secrets that pass. */
export async function rememberingFetch(input, init) {
  const request = new Request(input, init)
  rememberUrl(request.url)
  rememberAuthorization(request.headers.get('authorization'))
  if (request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded')) {
    rememberParameters(await request.clone().text())
  }
  const response = await fetch(request)
  rememberCookies(response.headers.getSetCookie())
  if (response.headers.get('content-type')?.startsWith('application/json')) {
    rememberParameters(await response.clone().json().catch(() => undefined))
  }
  return response
}

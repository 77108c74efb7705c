// An access token in the hand of somebody who has its key and nothing else: no refresh, no library that gives up.

import assert from 'node:assert/strict'
import { createHash, createPrivateKey, randomUUID, sign } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'

const algorithms = { 'P-256': 'ES256', secp256k1: 'ES256K' }
const pollMs = 20
const patienceMs = 60_000

/** Asks a PDS what only the account may ask, and what it knows by itself; with what a stock client saved of a session. */
export class HeldToken {
  #url
  #token
  #header
  #key
  #nonce
  /** When the last request began that was answered with 200, in the milliseconds of `performance.now()`. */
  lastPassed

  constructor({ tokenSet, dpopJwk }) {
    const { kty, crv, x, y } = dpopJwk
    this.#url = new URL('/xrpc/com.atproto.repo.listMissingBlobs', tokenSet.aud).href
    this.#token = tokenSet.access_token
    this.#header = { typ: 'dpop+jwt', alg: algorithms[crv], jwk: { kty, crv, x, y } }
    this.#key = createPrivateKey({ key: dpopJwk, format: 'jwk' })
  }

  /** The status of the answer, 0 where there is none: from where the PDS is known to be, or from another origin. */
  async status({ at, isSecondTry = false } = {}) {
    const headers = { authorization: `DPoP ${this.#token}`, dpop: this.#proof() }
    const began = performance.now()
    let response
    try {
      response = await fetch(at ? new URL(new URL(this.#url).pathname, at) : this.#url, { headers })
      await response.body?.cancel()
    } catch {
      return 0
    }
    if (response.status === 200) this.lastPassed = began
    this.#nonce = response.headers.get('dpop-nonce') ?? this.#nonce
    const wantsNonce = response.headers.get('www-authenticate')?.includes('error="use_dpop_nonce"')
    return wantsNonce && !isSecondTry ? this.status({ at, isSecondTry: true }) : response.status
  }

  /** Asks until the status is awaited; how many milliseconds that took. */
  async until(isAwaited) {
    const began = performance.now()
    for (;;) {
      const status = await this.status()
      const ms = Math.round(performance.now() - began)
      if (await isAwaited(status)) return ms
      assert.ok(ms < patienceMs, `still ${status} after ${ms} ms`)
      await setTimeout(pollMs)
    }
  }

  /** Asks until `end()`, which answers every status there was. */
  watch() {
    const seen = new Set()
    let goesOn = true
    const watching = (async () => {
      while (goesOn) {
        seen.add(await this.status())
        await setTimeout(pollMs)
      }
    })()
    const end = async () => {
      goesOn = false
      await watching
      return [...seen]
    }
    return { end }
  }

  #proof() {
    const ath = createHash('sha256').update(this.#token).digest('base64url')
    const iat = Math.floor(Date.now() / 1000)
    const claims = { jti: randomUUID(), htm: 'GET', htu: this.#url, iat, ath, nonce: this.#nonce }
    const signed = [this.#header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    return `${signed}.${sign('sha256', signed, { key: this.#key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
}

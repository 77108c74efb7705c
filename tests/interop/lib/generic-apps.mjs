// Apps built with libraries that know OAuth and nothing of this protocol, all driven the same way.
//
// An app begins a login (`begin`), takes the answer that its callback was sent (`finish`), refreshes, revokes
// tokens, and asks the account's host (`ask`). What differs is how much of that its library does by itself.

import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { remember, rememberingFetch } from './artefacts.mjs'

const scope = 'atproto transition:generic'

/**
 * What the app is, and what a site says of it. Assertions and proofs are signed with `algorithm`; where it is null
 * there are no assertions. `change` may spoil their claims; `more` is added to the document.
 */
export async function register(site, name, { algorithm = 'ES256', change, more } = {}) {
  const proofs = algorithm ?? 'ES256'
  const at = `${site.origin}/${name}`
  const key = algorithm && (await newKey(name, algorithm))
  const app = {
    clientId: `${at}/client.json`,
    redirectUri: `${at}/callback`,
    key,
    proofKeys: await oauth.generateKeyPair(proofs, { extractable: false }),
    assertions: spelt(algorithm, change),
    proofs: spelt(proofs),
  }
  const authentication = key
    ? {
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: algorithm,
        jwks: { keys: [key.published] },
      }
    : { token_endpoint_auth_method: 'none' }
  site.serve(`/${name}/client.json`, {
    client_id: app.clientId,
    redirect_uris: [app.redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope,
    dpop_bound_access_tokens: true,
    ...authentication,
    ...more,
  })
  return app
}

/** oauth4webapi: every step by hand. */
export class Oauth4webapi {
  /** Finds the login by the account's host, as RFC 9728 has it. */
  static async of(lab, app) {
    const [pds, options] = [new URL(lab.pds), { [oauth.customFetch]: rememberingFetch }]
    const resource = await oauth.processResourceDiscoveryResponse(pds, await oauth.resourceDiscoveryRequest(pds, options))
    const issuer = new URL(resource.authorization_servers[0])
    const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options })
    return new Oauth4webapi(await oauth.processDiscoveryResponse(issuer, found), app, pds)
  }

  constructor(server, app, pds) {
    Object.assign(this, { server, app, pds })
    this.client = { client_id: app.clientId }
    this.authentication = app.key ? oauth.PrivateKeyJwt(app.key, app.assertions) : oauth.None()
    this.DPoP = oauth.DPoP(this.client, app.proofKeys, app.proofs)
    /** How often a nonce was asked for. */
    this.nonces = 0
  }

  async begin(more) {
    this.verifier = oauth.generateRandomCodeVerifier()
    this.state = oauth.generateRandomState()
    const parameters = {
      response_type: 'code',
      redirect_uri: this.app.redirectUri,
      scope,
      state: this.state,
      code_challenge: await oauth.calculatePKCECodeChallenge(this.verifier),
      code_challenge_method: 'S256',
      ...more,
    }
    const { request_uri } = await this.#twice(async (options) => {
      const pushed = await oauth.pushedAuthorizationRequest(
        this.server, this.client, this.authentication, parameters, options,
      )
      return oauth.processPushedAuthorizationResponse(this.server, this.client, pushed)
    })
    const url = new URL(this.server.authorization_endpoint)
    url.search = new URLSearchParams({ client_id: this.app.clientId, request_uri })
    return url
  }

  finish(url) {
    const answer = oauth.validateAuthResponse(this.server, this.client, url, this.state)
    return this.#twice(async (options) => {
      const exchanged = await oauth.authorizationCodeGrantRequest(
        this.server, this.client, this.authentication, answer, this.app.redirectUri, this.verifier, options,
      )
      return oauth.processAuthorizationCodeResponse(this.server, this.client, exchanged)
    })
  }

  refresh(token) {
    return this.#twice(async (options) => {
      const refreshed = await oauth.refreshTokenGrantRequest(
        this.server, this.client, this.authentication, token, options,
      )
      return oauth.processRefreshTokenResponse(this.server, this.client, refreshed)
    })
  }

  async revoke(token) {
    const options = { [oauth.customFetch]: rememberingFetch }
    const answer = await oauth.revocationRequest(this.server, this.client, this.authentication, token, options)
    return oauth.processRevocationResponse(answer)
  }

  ask(token, method, path, body) {
    return this.#twice((options) =>
      oauth.protectedResourceRequest(token, method, new URL(path, this.pds), jsonHeaders(body), body, options),
    )
  }

  /** Makes a request with a proof, and again with the nonce that it is told. */
  async #twice(request) {
    const options = { DPoP: this.DPoP, [oauth.customFetch]: rememberingFetch }
    try {
      return await request(options)
    } catch (error) {
      if (!oauth.isDPoPNonceError(error)) throw error
      this.nonces += 1
      return request(options)
    }
  }
}

/** openid-client: knows by itself when a nonce is asked for. */
export class OpenidClient {
  static async of(lab, app) {
    const authentication = app.key ? openid.PrivateKeyJwt(app.key, app.assertions) : openid.None()
    const options = { algorithm: 'oauth2', [openid.customFetch]: rememberingFetch }
    const config = await openid.discovery(new URL(lab.issuer), app.clientId, undefined, authentication, options)
    return new OpenidClient(config, app, new URL(lab.pds))
  }

  constructor(config, app, pds) {
    Object.assign(this, { config, app, pds })
    this.options = { DPoP: openid.getDPoPHandle(config, app.proofKeys, app.proofs) }
  }

  async begin(more) {
    this.verifier = openid.randomPKCECodeVerifier()
    this.state = openid.randomState()
    const parameters = {
      redirect_uri: this.app.redirectUri,
      scope,
      state: this.state,
      code_challenge: await openid.calculatePKCECodeChallenge(this.verifier),
      code_challenge_method: 'S256',
      ...more,
    }
    return openid.buildAuthorizationUrlWithPAR(this.config, parameters, this.options)
  }

  finish(url) {
    const checks = { pkceCodeVerifier: this.verifier, expectedState: this.state }
    return openid.authorizationCodeGrant(this.config, url, checks, undefined, this.options)
  }

  refresh(token) {
    return openid.refreshTokenGrant(this.config, token, undefined, this.options)
  }

  revoke(token) {
    return openid.tokenRevocation(this.config, token)
  }

  ask(token, method, path, body) {
    return openid.fetchProtectedResource(
      this.config, token, new URL(path, this.pds), method, body, jsonHeaders(body), this.options,
    )
  }
}

async function newKey(kid, algorithm) {
  const { privateKey, publicKey } = await oauth.generateKeyPair(algorithm, { extractable: true })
  const { d, p, q, dp, dq, qi } = await crypto.subtle.exportKey('jwk', privateKey)
  remember(d, p, q, dp, dq, qi)
  const { key_ops, ext, ...published } = await crypto.subtle.exportKey('jwk', publicKey)
  return { key: privateKey, kid, published: { ...published, kid, alg: algorithm, use: 'sig' } }
}

/** What these libraries call Ed25519 (RFC 9864) is called EdDSA in the server's metadata. */
function spelt(algorithm, change = () => {}) {
  return {
    [oauth.modifyAssertion]: (header, claims) => {
      if (algorithm === 'EdDSA') header.alg = algorithm
      change(claims)
    },
  }
}

function jsonHeaders(body) {
  return new Headers(body && { 'content-type': 'application/json' })
}

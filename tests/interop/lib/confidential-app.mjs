// An app with keys, built with the unmodified NodeOAuthClient, and what its site publishes of it.

import { JoseKey } from '@atproto/oauth-client-node'
import { remember } from './artefacts.mjs'
import { Store, newClient } from './client.mjs'

/** A key that signs the app's assertions. */
export async function newKey(kid, algorithm = 'ES256') {
  const { privateJwk } = await JoseKey.generate([algorithm], kid)
  const { d, p, q, dp, dq, qi } = privateJwk
  remember(d, p, q, dp, dq, qi)
  return JoseKey.fromJWK({ ...privateJwk, alg: algorithm })
}

export class ConfidentialApp {
  #lab
  #path
  #metadata
  #sessions = new Store()

  /** `keysBy` says how the key set is published: as `jwks` in the document, or by its `jwks_uri`. */
  constructor(lab, name, { keysBy, ...metadata }) {
    this.#lab = lab
    this.#path = `/${name}`
    const at = lab.site.origin + this.#path
    this.#metadata = {
      client_id: `${at}/client.json`,
      client_name: 'An app with keys',
      client_uri: at,
      redirect_uris: [`${at}/callback`],
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'atproto transition:generic',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      dpop_bound_access_tokens: true,
      jwks_uri: keysBy === 'jwks_uri' ? `${at}/jwks.json` : undefined,
      ...metadata,
    }
  }

  /** An instance of the app that signs with these keys, new sessions with the first. All share one store. */
  withKeys(...keyset) {
    return newClient(this.#lab, { clientMetadata: this.#metadata, keyset, sessions: this.#sessions })
  }

  /** Puts what this instance says of itself at the site, and nothing else. */
  publish(client, answer) {
    this.#lab.site.serve(this.document, client.clientMetadata, answer)
    this.#lab.site.serve(this.keySet, client.jwks, answer)
  }

  /** Where the document is, at the site. */
  get document() {
    return `${this.#path}/client.json`
  }

  /** Where the key set is, if the document names one. */
  get keySet() {
    return `${this.#path}/jwks.json`
  }
}

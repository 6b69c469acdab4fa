// The small client of these examples, in JavaScript: it needs nothing but Node's own fetch.

const PROFILE = 'https://ns.adobe.com/xdm/context/profile';

export class PlatformError extends Error {
  constructor(status, rule, body) {
    super(`${status}: ${JSON.stringify(body)}`);
    this.status = status;
    this.rule = rule;
  }
}

export class LeadsClient {
  constructor({ platform = 'https://platform.adobe.io', ims = 'https://ims-na1.adobelogin.com' } = {}) {
    this.platform = platform;
    this.ims = ims;
    this.organization = '0123456789ABCDEF01234567@AdobeOrg';
    this.clientId = 'leads-client';
  }

  async token() {
    this.accessToken ??= await this.#fetchToken();
    return this.accessToken;
  }

  async #fetchToken() {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: this.clientId,
      client_secret: 'a-secret',
      scope: 'openid,AdobeID,read_organizations',
    });
    const answer = await fetch(`${this.ims}/ims/token/v3`, { method: 'POST', body: form });
    return (await answer.json()).access_token;
  }

  async call(method, path, body) {
    const answer = await fetch(this.platform + path, {
      method,
      headers: {
        Authorization: `Bearer ${await this.token()}`,
        'Content-Type': 'application/json',
        'x-api-key': this.clientId,
        'x-gw-ims-org-id': this.organization,
        'x-sandbox-name': 'prod',
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    const found = text ? JSON.parse(text) : undefined;
    if (!answer.ok) throw new PlatformError(answer.status, answer.headers.get('x-emulator-rule'), found);
    return found;
  }

  async createSchema(title) {
    const made = await this.call('POST', '/data/foundation/schemaregistry/tenant/schemas', {
      type: 'object',
      title,
      allOf: [{ $ref: PROFILE }, { $ref: `${PROFILE}-person-details` }],
      'meta:class': PROFILE,
    });
    return made.$id;
  }

  async createDataset(name, schema) {
    const contentType = 'application/vnd.adobe.xed+json;version=1';
    const [made] = await this.call('POST', '/data/foundation/catalog/dataSets', {
      name,
      schemaRef: { id: schema, contentType },
    });
    return made.replace('@/dataSets/', '');
  }

  async datasets() {
    return this.call('GET', '/data/foundation/catalog/dataSets');
  }
}

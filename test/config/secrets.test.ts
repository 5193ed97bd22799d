import { expect, it } from 'vitest';
import { isSecretName, secretsOf } from '../../src/config/secrets.ts';
import { read } from './read.ts';

it('finds every secret of a configuration, and nothing else', () => {
	const config = read(`
server:
  adminKey: admin-key-0123456789
  clients: { app: { key: [client-key-0123456789, client-key-9876543210] } }
providers:
  a:
    baseUrl: https://a.example/v1?sig=query-secret
    apiKey: [key-1, key-2]
    headers: { X-Auth-Token: header-secret, X-Title: shown }
profiles:
  default: { chain: [{ target: a/m, headers: { Cookie: target-secret, X-Title: shown } }] }
`);
	expect(secretsOf(config).toSorted()).toEqual(
		[
			'admin-key-0123456789',
			'client-key-0123456789',
			'client-key-9876543210',
			'query-secret',
			'key-1',
			'key-2',
			'header-secret',
			'target-secret',
		].toSorted(),
	);
});

it.each(['Authorization', 'x-api-key', 'X-TOKEN', 'cookie', 'client_secret', 'db-password'])(
	'%s is the name of a secret',
	(name) => {
		expect(isSecretName(name)).toBe(true);
	},
);

it.each(['X-Title', 'HTTP-Referer', 'accept'])('%s is not', (name) => {
	expect(isSecretName(name)).toBe(false);
});

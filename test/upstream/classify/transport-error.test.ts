import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { categories, lookup } from '../../../machines/failure.ts';
import { defaultPolicy } from '../../../src/config/policy-schema.ts';
import { type Classified, classifyTransportError } from '../../../src/upstream/classify/apply-error-rules.ts';

function keyOf({ failure }: Classified): string {
	return failure.reason === undefined ? failure.category : `${failure.category}.${failure.reason}`;
}

function withCode(code: string, more: object = {}): Error {
	return Object.assign(new Error(`something ${code}`), { code, ...more });
}

it.each(['EMFILE', 'ENFILE', 'ENOBUFS', 'EADDRNOTAVAIL'])('%s of this machine means nothing to a provider', (code) => {
	const { failure } = classifyTransportError(withCode(code));
	expect(lookup(defaultPolicy.breaker.effects, failure)).toBe('none');
});

describe('a transport error', () => {
	it.each([
		['ECONNREFUSED', 'NETWORK_ERROR.refused'],
		['ECONNRESET', 'NETWORK_ERROR.reset'],
		['EPIPE', 'NETWORK_ERROR.reset'],
		['ENOTFOUND', 'NETWORK_ERROR.dns'],
		['EAI_AGAIN', 'NETWORK_ERROR.dns'],
		['ENETUNREACH', 'NETWORK_ERROR.unreachable'],
		['EHOSTUNREACH', 'NETWORK_ERROR.unreachable'],
		['EMFILE', 'NETWORK_ERROR.local'],
		['ENFILE', 'NETWORK_ERROR.local'],
		['ENOBUFS', 'NETWORK_ERROR.local'],
		['EADDRNOTAVAIL', 'NETWORK_ERROR.local'],
		['ENOMEM', 'NETWORK_ERROR.local'],
		['EAI_MEMORY', 'NETWORK_ERROR.local'],
		['ERR_SSL_MALLOC_FAILURE', 'NETWORK_ERROR.local'],
		['PROXY_EADDRNOTAVAIL', 'NETWORK_ERROR.local'],
		['PROXY_407', 'NETWORK_ERROR.proxy'],
		['CERT_HAS_EXPIRED', 'NETWORK_ERROR.tls'],
		['DEPTH_ZERO_SELF_SIGNED_CERT', 'NETWORK_ERROR.tls'],
		['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'NETWORK_ERROR.tls'],
		['ERR_TLS_CERT_ALTNAME_INVALID', 'NETWORK_ERROR.tls'],
		['ERR_SSL_WRONG_VERSION_NUMBER', 'NETWORK_ERROR.tls'],
		['EPROTO', 'NETWORK_ERROR.tls'],
		['UND_ERR_SOCKET', 'NETWORK_ERROR.closed'],
		['ERR_STREAM_PREMATURE_CLOSE', 'NETWORK_ERROR.closed'],
		['UND_ERR_PRX_CONN', 'NETWORK_ERROR'],
		['UND_ERR_CONNECT_TIMEOUT', 'TIMEOUT.connect'],
		['ETIMEDOUT', 'TIMEOUT.connect'],
		['UND_ERR_HEADERS_TIMEOUT', 'TIMEOUT.first_token'],
		['UND_ERR_BODY_TIMEOUT', 'TIMEOUT.idle'],
		['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'SERVER_ERROR.malformed'],
		['UND_ERR_HEADERS_OVERFLOW', 'SERVER_ERROR.malformed'],
		['HPE_INVALID_CONSTANT', 'SERVER_ERROR.malformed'],
		['Z_DATA_ERROR', 'SERVER_ERROR.malformed'],
		['Z_BUF_ERROR', 'SERVER_ERROR.malformed'],
		['ERR__ERROR_FORMAT_PADDING_1', 'SERVER_ERROR.malformed'],
		['ZSTD_error_prefix_unknown', 'SERVER_ERROR.malformed'],
		['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'SERVER_ERROR.too_large'],
		['ERR_OUT_OF_RANGE', 'UNKNOWN_TRANSIENT'],
	])('with the code %s is %s', (code, is) => {
		const classified = classifyTransportError(withCode(code));
		expect(keyOf(classified)).toBe(is);
		expect(classified.message).toContain(code);
	});

	it.each([
		['"terminated"', new TypeError('terminated'), 'NETWORK_ERROR.closed'],
		['"other side closed"', new Error('other side closed'), 'NETWORK_ERROR.closed'],
		[
			'a proxy that wants a password',
			Object.assign(new Error('Proxy response (407) !== 200 when HTTP Tunneling'), { code: 'UND_ERR_ABORTED' }),
			'UNKNOWN_TRANSIENT.intermediary',
		],
		['a fetch that failed', new TypeError('fetch failed'), 'NETWORK_ERROR'],
		['the reason of AbortSignal.timeout', new DOMException('The operation timed out', 'TimeoutError'), 'TIMEOUT'],
		['no HTTP', Object.assign(new Error('Expected HTTP/'), { name: 'HTTPParserError' }), 'SERVER_ERROR.malformed'],
		['a standing connection that died', withCode('ETIMEDOUT', { syscall: 'read' }), 'TIMEOUT.idle'],
		['no memory, in words of V8', new RangeError('Array buffer allocation failed'), 'NETWORK_ERROR.local'],
		['no descriptor, in words', new Error('connect EMFILE 127.0.0.1:9 - Local (undefined)'), 'NETWORK_ERROR.local'],
		['no descriptor, in a wrapper', new Error('closed', { cause: withCode('EMFILE') }), 'NETWORK_ERROR.local'],
		[
			'no descriptor on the way to a proxy',
			withCode('PROXY_EMFILE', { cause: withCode('EMFILE') }),
			'NETWORK_ERROR.local',
		],
		['a text', 'boom', 'UNKNOWN_TRANSIENT'],
		['nothing', undefined, 'UNKNOWN_TRANSIENT'],
	])('that is %s', (_name, error, is) => {
		expect(keyOf(classifyTransportError(error))).toBe(is);
	});

	it('is read from its causes', () => {
		const error = new TypeError('fetch failed', {
			cause: withCode('UND_ERR_SOCKET', { cause: withCode('ECONNRESET') }),
		});
		expect(keyOf(classifyTransportError(error))).toBe('NETWORK_ERROR.reset');
	});

	it('prefers what the reachable address said of several that were tried', () => {
		const tried = [withCode('ENETUNREACH'), withCode('ECONNREFUSED', { address: '127.0.0.1', port: 9 })];
		const classified = classifyTransportError(Object.assign(new AggregateError(tried), { code: 'ENETUNREACH' }));
		expect(keyOf(classified)).toBe('NETWORK_ERROR.refused');
		expect(classified.message).toBe('The provider refused the connection (ECONNREFUSED 127.0.0.1:9).');
	});

	it('of this machine outweighs what another address said, but for an address that it has no way to', () => {
		const both = (...codes: string[]) =>
			keyOf(classifyTransportError(new AggregateError(codes.map((code) => withCode(code)))));
		expect(both('ECONNREFUSED', 'EMFILE')).toBe('NETWORK_ERROR.local');
		expect(both('UND_ERR_SOCKET', 'EADDRNOTAVAIL')).toBe('NETWORK_ERROR.local');
		expect(both('EADDRNOTAVAIL', 'ECONNREFUSED')).toBe('NETWORK_ERROR.refused');
	});

	it('sets an IPv6 address apart from its port', () => {
		const error = withCode('ECONNREFUSED', { address: '::1', port: 9 });
		expect(classifyTransportError(error).message).toContain('(ECONNREFUSED [::1]:9)');
	});

	it('says the host that was not found, and nothing that is no host', () => {
		expect(classifyTransportError(withCode('ENOTFOUND', { hostname: 'api.example.com' })).message).toBe(
			"The provider's host name could not be resolved (ENOTFOUND api.example.com).",
		);
		const odd = withCode('ENOTFOUND', { hostname: 'user:secret@host/path' });
		expect(classifyTransportError(odd).message).not.toContain('secret');
		expect(classifyTransportError(new Error('key sk-secret')).message).not.toContain('secret');
	});

	it('may be its own cause, or refuse to be looked at', () => {
		const circle = new Error('round');
		circle.cause = circle;
		expect(keyOf(classifyTransportError(circle))).toBe('UNKNOWN_TRANSIENT');
		const shy = new Proxy(
			{},
			{
				get: () => {
					throw new Error('no');
				},
			},
		);
		expect(keyOf(classifyTransportError(shy))).toBe('UNKNOWN_TRANSIENT');
	});

	it('that is anything at all is one of the nine categories', () => {
		fc.assert(
			fc.property(fc.anything({ withNullPrototype: true }), (thrown) => {
				expect(categories).toContain(classifyTransportError(thrown).failure.category);
			}),
		);
	});
});

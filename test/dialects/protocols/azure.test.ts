import { expect, test } from 'vitest';
import { azure } from '../../../src/dialects/protocols/azure.ts';

const baseUrl = 'https://name.openai.azure.com';

test.each([
	['2024-10-21', baseUrl, false],
	['2025-02-01-preview', baseUrl, false],
	['2025-03-01-preview', baseUrl, true],
	['2025-04-01-preview', baseUrl, true],
	['preview', baseUrl, true],
	[undefined, baseUrl, true],
	[undefined, `${baseUrl}?api-version=2024-10-21`, false],
	['2024-10-21', undefined, false],
])('Azure of the version %s at %s is taken to have Responses: %s', (apiVersion, address, hasResponses) => {
	const offer = { ...(apiVersion && { apiVersion }), ...(address && { baseUrl: address }) };
	expect(azure.usualEndpoints(offer).includes('responses')).toBe(hasResponses);
});
